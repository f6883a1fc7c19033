"""The `dialwatt` command: one verb each for what an operator does. Exit code 0 only on success.

Each verb's module is imported when the verb is used, so that a small question gets a quick answer.
What goes wrong on purpose is told in lines that say what to do, never as a traceback.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import BadInput, DialwattError, Refused
from operations.environment import command_environment

Argument = tuple[tuple[str, ...], dict[str, Any]]

_JSON: Argument = (("--json",), {"action": "store_true", "help": "print JSON"})
_FILE: Argument = (("file",), {"metavar": "FILE"})


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: `runs` is `module:function`, called with the arguments and the environment.

    `completes`: whether the environment is completed from a running embedded set-up.
    """

    name: str
    help: str
    runs: str
    arguments: tuple[Argument, ...] = ()
    completes: bool = True


_KINDS: Argument = (("kind",), {"choices": ("customers", "devices", "sales")})
_WHAT: Argument = (("what",), {"choices": ("payment", "customer")})
_KEY: Argument = (("key",), {"metavar": "RECEIPT|MSISDN", "help": "a receipt or a phone number"})
_ACCOUNT: Argument = (
    ("--account",),
    {"metavar": "ACCOUNT", "help": "the receiving account, where several have that receipt"},
)
_PROVIDER: Argument = (("provider",), {"choices": ("daraja", "mtn", "airtel", "pawapay")})
_INGEST: Argument = (
    ("--ingest",),
    {"action": "store_true", "help": "book what is missing here; open cases for the rest"},
)
_USER_ACTION: Argument = (("action",), {"choices": ("add", "list", "disable")})
_USER: Argument = (("name",), {"metavar": "NAME", "nargs": "?"})
_ROLE: Argument = (
    ("--role",),
    {
        "choices": ("owner", "finance", "support", "read_only"),
        "default": "read_only",
        "help": "what they may do (add; read_only unless said)",
    },
)
_OPENING: Argument = (
    ("--opening",),
    {"action": "store_true", "help": "book what the account held before the first row (once)"},
)
_STA: Argument = (("--sta-tables",), {"metavar": "FILE", "help": "STA tables, for EA07 rows"})
_PHONE: tuple[Argument, ...] = (
    (("number",), {"nargs": "?", "help": "whose phone: a number, or a name of the demo"}),
    (("--url",), {"help": "the gateway to play against, instead of the one of `make run`"}),
    (("--key",), {"help": "its CALLBACK_KEY, where it has no simulated phones"}),
    (("--code",), {"help": "its service code, where it has no simulated phones"}),
    (("--network",), {"default": "63902", "help": "the network code to dial from there"}),
    (("--transcript",), {"metavar": "FILE", "help": "write what was played there, as a journey"}),
    (
        ("--verbatim",),
        {"action": "store_true", "help": "write codes, receipts and days as they came"},
    ),
    (("--patience",), {"type": float, "default": 30.0, "help": "seconds to wait for texts (30)"}),
)
_MONTH: Argument = (("month",), {"metavar": "MONTH", "help": "like 2026-03"})
_ACTION: Argument = (("action",), {"choices": ("list", "rotate", "public")})
_STUCK: tuple[Argument, ...] = (
    (("what",), {"choices": ("payment", "prompt", "text")}),
    (("key",), {"metavar": "RECEIPT|ID", "help": "a receipt, or a number as doctor shows it"}),
    _ACCOUNT,
    (("--look",), {"action": "store_true", "help": "only say why it is stuck"}),
    (("--reason",), {"metavar": "TEXT", "help": "why, for the audit log"}),
)
_MENU: tuple[Argument, ...] = (
    (("role",), {"nargs": "?", "default": "", "help": "customer, agent, new_agent or stranger"}),
    (("--mermaid",), {"action": "store_true", "help": "a Mermaid flowchart"}),
    (("--markdown",), {"action": "store_true", "help": "the page docs/menu.md"}),
    (("--drop-off",), {"action": "store_true", "help": "where callers leave, from the counts"}),
    (("--days",), {"type": int, "default": 7, "help": "days of --drop-off, today included (7)"}),
    (("--language",), {"default": "en", "help": "of the wording (en)"}),
    _JSON,
)
_MPM: tuple[Argument, ...] = (
    (("paths",), {"metavar": "PATH", "nargs": "+", "help": "exports (CSV, JSON), or their folder"}),
    (("--dry-run",), {"action": "store_true", "help": "do it all, report, and take it back"}),
    (("--as-of",), {"metavar": "DAY", "help": "the day up to which debts were exported (today)"}),
    (
        ("--cadence",),
        {
            "choices": ("daily", "weekly", "monthly"),
            "default": "monthly",
            "help": "how often instalments fall due, where the complement does not say",
        },
    ),
    (("--tariff",), {"metavar": "CODE", "help": "of meters whose tariff the complement lacks"}),
    (("--complement",), {"metavar": "FILE", "help": "CSV with what the exports do not tell"}),
)

VERBS = (
    Verb(
        "up",
        "start everything on this machine, with simulated phones and providers"
        " (PORT, DIALWATT_DATA, DIALWATT_DEMO=0)",
        "operations.cli:up",
        completes=False,
    ),
    Verb(
        "load",
        "load a catalogue (TOML): market, tariffs, ...",
        "operations.commands.load:run",
        (_FILE,),
    ),
    Verb(
        "import",
        "import customers, devices or sales (CSV)",
        "operations.commands.import_csv:run",
        (_KINDS, _FILE),
    ),
    Verb(
        "phone",
        "a handset in the terminal; reads a script where standard input is no terminal",
        "operations.commands.phone:run",
        _PHONE,
        completes=False,
    ),
    Verb(
        "menu",
        "the map of the menu, how long each way takes, and where callers leave",
        "operations.commands.menu:run",
        _MENU,
        completes=False,
    ),
    Verb(
        "import-mpm",
        "move in from MicroPowerManager's exports, whole or not at all",
        "operations.commands.import_mpm:run",
        _MPM,
    ),
    Verb(
        "show",
        "show what a payment did, or what a customer owes",
        "operations.commands.show:run",
        (_WHAT, _KEY, _ACCOUNT, _JSON),
    ),
    Verb(
        "statement",
        "compare a provider's statement with the books",
        "operations.commands.statement:run",
        (_PROVIDER, _FILE, _ACCOUNT, _INGEST, _OPENING, _JSON),
    ),
    Verb(
        "accrue",
        "write the access-rate fees that have fallen due",
        "operations.commands.accrue:run",
    ),
    Verb("remind", "queue today's reminders of instalments", "operations.commands.remind:run"),
    Verb(
        "doctor", "check settings, services and books", "operations.commands.doctor:run", (_JSON,)
    ),
    Verb(
        "user",
        "people of the console: add one (password typed, or on standard input), list, disable",
        "operations.commands.user:run",
        (_USER_ACTION, _USER, _ROLE),
    ),
    Verb(
        "vectors",
        "recompute the tokens of a vector file",
        "operations.cli:vectors",
        (_FILE, _STA),
        completes=False,
    ),
    Verb(
        "month",
        "export the books of a month as a ZIP of CSV files",
        "operations.commands.month:run",
        (_MONTH, _FILE),
    ),
    Verb("backup", "copy the database into a new file", "operations.commands.backup:run", (_FILE,)),
    Verb(
        "restore-check",
        "prove that a backup brings the books back; needs no running database",
        "operations.commands.restore_check:run",
        (_FILE, _JSON),
        completes=False,
    ),
    Verb(
        "keys",
        "list which master keys seal the device keys, seal them with the first one, or print"
        " DEVICE_KEY_PUBLIC, with which the console seals them",
        "operations.commands.keys:run",
        (_ACTION,),
    ),
    Verb(
        "wake",
        "count pending work and live workers, and wake the workers",
        "operations.commands.wake:run",
    ),
    Verb(
        "replay",
        "say why a payment, prompt or text is stuck, and have it tried again",
        "operations.commands.replay:run",
        _STUCK,
    ),
    Verb("web", "serve the gateway (PORT, WEB_WORKERS)", "operations.commands.serve:web"),
    Verb("worker", "apply payments, send prompts and texts", "operations.commands.serve:worker"),
    Verb(
        "schedule",
        "wake the workers for pending work; accrue once a day",
        "operations.commands.serve:schedule",
    ),
    Verb("migrate", "bring the database's schema up to date", "operations.commands.serve:migrate"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = parser().parse_args(argv)
    verb: Verb = arguments.verb
    try:
        environment = command_environment(os.environ) if verb.completes else dict(os.environ)
        module, _, function = verb.runs.partition(":")
        code: int = getattr(importlib.import_module(module), function)(arguments, environment)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read along has seen enough: `dialwatt menu | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        print(f"dialwatt {verb.name}: {told}", file=sys.stderr)
        return 1


def up(arguments: argparse.Namespace, environment: dict[str, str]) -> int:
    from operations.embedded import up as embedded

    return embedded.run(environment)


def vectors(arguments: argparse.Namespace, environment: dict[str, str]) -> int:
    from pathlib import Path

    from operations.commands.vectors import check

    tables = Path(arguments.sta_tables) if arguments.sta_tables else None
    try:
        return check(Path(arguments.file), tables, sys.stdout)
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot read it: {error}") from error


def parser() -> argparse.ArgumentParser:
    """Every command with its arguments."""
    parser = argparse.ArgumentParser(
        prog="dialwatt", description="The gateway through which people buy energy by phone."
    )
    verbs = parser.add_subparsers(metavar="COMMAND", required=True)
    for verb in VERBS:
        one = verbs.add_parser(verb.name, help=verb.help, description=verb.help)
        for names, options in verb.arguments:
            one.add_argument(*names, **options)
        one.set_defaults(verb=verb)
    return parser


def _told(error: Exception) -> str | None:
    """What to tell the operator; None for an error that nobody foresaw."""
    if isinstance(error, BadInput):
        return "\n".join(error.problems) if len(error.problems) == 1 else _listed(error.problems)
    if isinstance(error, Refused):
        from core.wording.operator_messages import describe_refusal

        return describe_refusal(error)
    if isinstance(error, DialwattError):
        return str(error)
    return _told_by_services(error)


def _listed(problems: Sequence[str]) -> str:
    return "\n  " + "\n  ".join(problems)


def _told_by_services(error: Exception) -> str | None:
    """For what the databases and the embedded servers raise."""
    if type(error).__module__.startswith("sqlalchemy."):
        from operations.database_errors import told

        return told(error)
    if "operations.embedded.locations" in sys.modules:
        from operations.embedded.locations import EmbeddedServicesError

        if isinstance(error, EmbeddedServicesError):
            return str(error)
    if type(error).__module__.startswith("core.tokens"):
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
