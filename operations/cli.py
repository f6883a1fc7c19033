"""The `dialwatt` command: the list of its commands, and what happens when one of them fails.

A command's module is imported only when that command is used, so that `dialwatt --help` is quick.
Exit codes: 0 success; 1 failure or bad input; 2 wrong command line; 130 stopped by Ctrl-C.
An expected error ends in one line on standard error that says what to do, never in a traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click
from click.shell_completion import CompletionItem

from operations.error_messages import describe_error

CTRL_C = 130


@dataclass(frozen=True, slots=True)
class Entry:
    """One command in the list. `function` is `module:name`, below `operations.commands`."""

    function: str
    summary: str

    def load(self) -> click.Command:
        """Import the command. Raises Failed where it needs the simulator, which a deployment has
        not."""
        module, _, name = self.function.partition(":")
        try:
            command = getattr(importlib.import_module(f"operations.commands.{module}"), name)
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("simulator"):
                raise
            needs = "it needs the simulator, which a deployment does not have. Use it in a clone."
            raise Failed(f"dialwatt {name.replace('_', '-')}: {needs}") from None
        assert isinstance(command, click.Command)
        return command


SECTIONS: dict[str, dict[str, Entry]] = {
    "Try it": {
        "up": Entry("up:up", "Start everything on this machine, with simulated phones."),
        "phone": Entry("phone:phone", "Dial and pay from a phone in the terminal."),
    },
    "Set up": {
        "secrets": Entry("secrets:secrets", "Make the secrets of a deployment."),
        "migrate": Entry("serve:migrate", "Bring the database schema up to date."),
        "load": Entry("load:load", "Load a catalogue: market, tariffs, appliances, agents."),
        "import": Entry("import_csv:import_csv", "Import customers, devices or sales (CSV)."),
        "import-mpm": Entry("import_mpm:import_mpm", "Move in from MicroPowerManager."),
        "user": Entry("user:user", "Add, list or change users of the console."),
        "keys": Entry("keys:keys", "The keys of device keys, and the one that signs backups."),
        "limits": Entry("limits:limits", "Show or set what one person may do alone."),
        "endpoints": Entry(
            "endpoints:endpoints", "Print the callback addresses to register with each provider."
        ),
    },
    "Serve": {
        "web": Entry("serve:web", "Serve the USSD menus, callbacks and console (HTTP)."),
        "worker": Entry("serve:worker", "Apply payments, make tokens, send prompts and SMS."),
        "schedule": Entry("serve:schedule", "Wake the workers and run the daily jobs."),
    },
    "Every day": {
        "statement": Entry("statement:statement", "Compare a provider's statement with ours."),
        "accrue": Entry("accrue:accrue", "Charge the access fees that have fallen due."),
        "remind": Entry("remind:remind", "Queue today's instalment reminders."),
        "money-back": Entry("returns:returns", "Ask for a refund, or record that money went back."),
        "credit": Entry("credit:credit", "Use a customer's credit, give it back, or move it."),
        "sale": Entry("sale:sale", "End a sale, or let it stand still."),
        "cash": Entry("cash:cash", "Book what moves the cash of the office, and the bank."),
        "vend": Entry("vend:vend", "Say what became of what a vendor was asked for."),
        "forgive": Entry("forgive:forgive", "Waive a fee; write off a clawback or a shortfall."),
        "month": Entry("month:month", "Export a month's accounts as a ZIP of CSV files."),
    },
    "People's data": {
        "forget": Entry("people:forget", "Forget a person; the ledger stays."),
        "export": Entry("people:export", "Write everything about one person into a JSON file."),
        "purge": Entry("people:purge", "Delete what is older than the retention settings say."),
    },
    "Look and mend": {
        "doctor": Entry("doctor:doctor", "Check settings, services, ledger and pending work."),
        "show": Entry("show:show", "Show a payment, a customer, or what payments pay first."),
        "movement": Entry("movement:movement", "List movements to explain, or say what one was."),
        "wake": Entry("wake:wake", "Show pending work and live workers, and wake the workers."),
        "replay": Entry("replay:replay", "Say why a payment, prompt or SMS is stuck; retry it."),
        "backup": Entry("backup:backup", "Copy the database into a new file."),
        "restore-check": Entry("restore_check:restore_check", "Prove that a backup restores."),
        "vectors": Entry("vectors:vectors", "Recompute the tokens of a vector file."),
        "menu": Entry("menu:menu", "Show the USSD menu, its timing, and where callers leave."),
    },
}
COMMANDS = {name: entry for entries in SECTIONS.values() for name, entry in entries.items()}


class CommandLine(click.Group):
    """The group of all commands, which imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return COMMANDS[cmd_name].load() if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the summaries, without importing the commands."""
        for title, entries in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(f"{name:<13}", entry.summary) for name, entry in entries.items()]
                )

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=entry.summary)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> int:
        """Run the command and return its exit code. Raises Failed for an expected error."""
        try:
            code: int | None = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # the reader has seen enough, as in `dialwatt menu | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            message = describe_error(error)
            if message is None:
                raise
            raise Failed(f"dialwatt {ctx.invoked_subcommand}: {message}") from error
        return code or 0


class Failed(click.ClickException):
    """A command ended with an expected error; the message says what to do."""

    def show(self, file: object = None) -> None:
        click.echo(self.message, err=True)


@click.group(
    cls=CommandLine,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Shell completion and every option of every command: docs/commands.md",
)
@click.version_option(package_name="dialwatt", prog_name="dialwatt")
def dialwatt() -> None:
    """Sell energy by USSD, SMS and mobile money.

    Without DATABASE_URL a command talks to the set-up that `dialwatt up` runs, found in the folder
    DIALWATT_DATA (./var).
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        code: int = dialwatt.main(arguments, "dialwatt", standalone_mode=False)
    except click.Abort:
        return CTRL_C
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return code


if __name__ == "__main__":
    sys.exit(main())
