"""`dialwatt import-mpm PATH...`: move in from MicroPowerManager."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import click

from core.environment import read_setting
from core.plan import CADENCES, as_cadence
from core.tokens.keys import KeyRing
from core.usecases.operators.access import note_file
from operations.database import open_database
from operations.environment import command_environment
from operations.mpm.exports import read_exports
from operations.mpm.move_in import move_in
from operations.mpm.options import MoveOptions, read_complement
from operations.operator import operator_name


class _DryRunDone(Exception):
    """Raised to roll back what a dry run has written."""


@click.command("import-mpm")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Do everything, report it, and roll it back.")
@click.option(
    "--as-of",
    metavar="DAY",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day on which the debts were exported, like 2026-01-31 (default: today).",
)
@click.option(
    "--cadence",
    type=click.Choice(CADENCES),
    default="monthly",
    show_default=True,
    help="How often instalments fall due, where the complement does not say.",
)
@click.option(
    "--tariff", metavar="CODE", help="The tariff of meters without one in the complement."
)
@click.option(
    "--complement",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A CSV file with what the exports do not hold: tariffs, cadences, device keys.",
)
def import_mpm(
    paths: tuple[Path, ...],
    dry_run: bool,
    as_of: datetime | None,
    cadence: str,
    tariff: str | None,
    complement: Path | None,
) -> None:
    """Move in from MicroPowerManager.

    PATH is an export (CSV or JSON), or a folder of exports. Customers, devices and payment plans
    are taken over with what was paid on them, all of them or none. Running it again with the same
    exports changes nothing. docs/moving-in.md explains each step.
    """
    environment = command_environment(os.environ)
    exports = read_exports(paths)
    keys = KeyRing.from_settings(read_setting(environment, "DEVICE_KEY_SECRET"))
    devices = read_complement(complement) if complement else {}
    try:
        with open_database(environment)() as unit:
            day = as_of.date() if as_of else unit.today
            options = MoveOptions(day, as_cadence(cadence), tariff, devices)
            report = list(move_in(unit, exports, options, keys))
            names = ", ".join(path.name for path in paths)
            note_file(unit, operator_name(), "import_mpm", names, report=report[:5])
            print("\n".join(report))
            if dry_run:
                raise _DryRunDone
    except _DryRunDone:
        print("This was a dry run: nothing was written. Run it again without --dry-run.")
