"""The page docs/commands.md, written from the command line itself.

`.venv/bin/python -m operations.commands_page > docs/commands.md`; a test fails when it is old.
"""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from operations.cli import SECTIONS

_INTRODUCTION = """\
# Commands

Written from the command line by `python -m operations.commands_page`; a test fails when it is old.
Every command explains itself with `--help`.

`make run` leaves the command at `.venv/bin/dialwatt`. It talks to the set-up that runs there, found
in the folder `DIALWATT_DATA` (`./var`). With `DATABASE_URL` set it talks to that database and reads
all [settings](../.env.example) from its environment.

Exit codes: 0 success, 1 failure or bad input, 2 wrong command line, 130 stopped by Ctrl-C. Results
go to standard output, errors and progress to standard error. Long work shows a bar on a terminal,
and a line every few seconds elsewhere.

The shell completes commands, options and choices after one of these lines, typed or in the shell's
start-up file:

```sh
eval "$(_DIALWATT_COMPLETE=bash_source dialwatt)"    # bash
eval "$(_DIALWATT_COMPLETE=zsh_source dialwatt)"     # zsh
env _DIALWATT_COMPLETE=fish_source dialwatt | source # fish
```
"""


def page() -> str:
    """Return the page, without a line break at its end."""
    return "\n".join(_page_lines()).rstrip("\n")


def _page_lines() -> Iterator[str]:
    yield _INTRODUCTION
    for title, entries in SECTIONS.items():
        yield from (f"## {title}", "")
        for name, entry in entries.items():
            yield from _command_lines(f"dialwatt {name}", entry.load())


def _command_lines(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield from (f"### {path.removeprefix('dialwatt ')}", "")
    if not isinstance(command, click.Group):
        yield from ("```sh", " ".join([path, *_arguments(command)]), "```", "")
    yield from _paragraphs(command.help or "")
    yield from _option_table(command, context)
    if isinstance(command, click.Group):
        for name, subcommand in command.commands.items():
            yield from _command_lines(f"{path} {name}", subcommand)


def _arguments(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.required:
            continue
        choices = parameter.type.choices if isinstance(parameter.type, click.Choice) else ()
        name = "|".join(choices) or parameter.metavar or (parameter.name or "").upper()
        if isinstance(parameter, click.Option):
            yield from (parameter.opts[-1], name)
        else:
            yield name if parameter.required or choices else f"[{name}]"


def _paragraphs(text: str) -> Iterator[str]:
    """The help as Markdown: what click keeps as it stands (after a line with \\b) is a block."""
    for paragraph in cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b"):
            yield from ("```", paragraph.removeprefix("\b").strip("\n"), "```", "")
        else:
            yield from (paragraph, "")


def _option_table(command: click.Command, context: click.Context) -> Iterator[str]:
    records = [
        record
        for parameter in command.params
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    if not records:
        return
    yield from ("| option | meaning |", "| --- | --- |")
    for option, text in records:
        yield "| `{}` | {} |".format(option.replace("|", "\\|"), text.replace("  [", " ["))
    yield ""


if __name__ == "__main__":
    print(page())
