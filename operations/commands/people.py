"""`dialwatt forget MSISDN`, `dialwatt export person MSISDN FILE` and `dialwatt purge`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from core.market import NO_MARKET
from core.usecases.operators.access import note_run
from core.usecases.people.export import export_person
from core.usecases.people.forget import Forgotten, forget_person
from core.usecases.people.purge import RetentionSettings, count_too_old
from operations.commands.arguments import file_argument, read_msisdn
from operations.database import open_for_command
from operations.environment import command_environment
from operations.new_file import ensure_new, new_private_file
from operations.operator import operator_name
from operations.progress import count_lines


class _OnlyLooked(Exception):
    """Rolls back what a look has done."""


_reason_option = click.option(
    "--reason", default="the person asked for it", metavar="TEXT", show_default=True,
    help="Why, for the audit log: no names, no numbers.",
)  # fmt: skip


@click.command()
@click.argument("msisdn")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask at a terminal.")
@_reason_option
def forget(msisdn: str, dry_run: bool, yes: bool, reason: str) -> None:
    """Forget a person; the ledger stays.

    MSISDN is any phone number of the person. Names, numbers and texts go from every table. It
    cannot be undone, and is refused while something is open: a debt, credit, money on its way, an
    agent's cash. At a terminal it shows what would be done and asks. What a provider's statements
    and your backups hold stays there: docs/privacy.md.
    """
    if dry_run or (sys.stdin.isatty() and not yes):
        _show_forgetting(msisdn, reason)
        if dry_run or not click.confirm("Forget this person for good?"):
            print("nothing was changed")
            return
    with open_for_command()() as unit:
        done = forget_person(unit, read_msisdn(unit, msisdn), operator_name(), reason)
    _show(done)
    print("forgotten")


def _show_forgetting(msisdn: str, reason: str) -> None:
    """Show what forgetting would do: it is done and rolled back."""
    try:
        with open_for_command()() as unit:
            _show(forget_person(unit, read_msisdn(unit, msisdn), operator_name(), reason))
            raise _OnlyLooked
    except _OnlyLooked:
        pass


def _show(done: Forgotten) -> None:
    for table, rows in sorted(done.rows.items()):
        print(f"{rows:>8}  {table}")
    for what, serials in (("goes back to stock", done.to_stock), ("is retired", done.retired)):
        for serial in serials:
            print(f"{serial} {what}")


@click.group()
def export() -> None:
    """Write everything about one person into a JSON file."""


@export.command()
@click.argument("msisdn")
@file_argument
@_reason_option
def person(msisdn: str, file: Path, reason: str) -> None:
    """Write everything about the person with that phone number into a new JSON file.

    FILE must not exist; only its owner may read it. Hashes of PINs and keys of devices are left
    out.
    """
    ensure_new(file)
    with open_for_command()() as unit, new_private_file(file) as output:
        found = export_person(unit, read_msisdn(unit, msisdn), operator_name(), reason)
        output.write(json.dumps(found, ensure_ascii=False, indent=2).encode() + b"\n")
    print(f"{file}: {sum(len(part['rows']) for part in found['kept'].values())} rows")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only count what is too old.")
def purge(dry_run: bool) -> None:
    """Delete what is older than the retention settings say.

    Where only a text is too old, it is blanked. The schedule does it every night; docs/privacy.md
    has the rules. Work goes on meanwhile.
    """
    settings = RetentionSettings.from_environment(command_environment(os.environ))
    open_unit = open_for_command(market_if_none=NO_MARKET)
    if dry_run:
        with open_unit() as unit:
            for name, days in settings.days.items():
                rows = count_too_old(unit, name, days)
                print(f"{rows:>10}  {name} (older than {days} days)")
        return
    # RQ and the rest of the schedule are slow to import.
    from workers.purge import purge_rules

    done = purge_rules(open_unit, settings.days, count_lines("rows"))
    for name, rows in done.items():
        print(f"{rows:>10}  {name}")
    with open_unit() as unit:
        note_run(unit, operator_name(), "purge", sum(done.values()))
