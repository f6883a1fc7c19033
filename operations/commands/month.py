"""`dialwatt month 2026-03 FILE`: export a month's accounts.

The file is the same as that of *Month export* in the console, and the audit log notes it too.
It names customers and agents, so only its owner may read it.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

from core.db.engine import make_engine, read_only
from core.environment import read_setting
from core.unit import OpenUnit, unit_opener
from core.usecases.operators.export_month import Month, export_month, find_month
from gateway.console.pages.month_files import FILES, zipped_month
from operations.commands.arguments import file_argument
from operations.environment import command_environment
from operations.new_file import ensure_new, new_private_file
from operations.operator import operator_name
from operations.progress import progress_bar


@click.command()
@click.argument("month", metavar="MONTH")
@file_argument
def month(month: str, file: Path) -> None:
    """Export a month's accounts as a ZIP of CSV files.

    MONTH is written like 2026-03. FILE must not exist. The ZIP holds payments, sales, agents,
    journal entries and the trial balance, and the audit log notes who exported it.
    """
    engine = make_engine(read_setting(command_environment(os.environ), "DATABASE_URL"), pool_size=0)
    ensure_new(file)
    open_unit = unit_opener(engine)
    with open_unit() as unit:
        wanted = find_month(unit, month)
    _write(unit_opener(read_only(engine)), wanted, file)
    _note(open_unit, month, file)
    print(f"{file}: {len(FILES)} files of {wanted.name}, {file.stat().st_size:,} bytes")


def _note(open_unit: OpenUnit, month: str, file: Path) -> None:
    """Write the audit row of a file that is complete; without it no file stays."""
    try:
        with open_unit() as unit:
            export_month(unit, month, operator_name())
    except BaseException:
        file.unlink(missing_ok=True)
        raise


def _write(open_unit: OpenUnit, month: Month, file: Path) -> None:
    with (
        new_private_file(file) as output,
        open_unit() as unit,
        progress_bar("files", len(FILES)) as show_done,
    ):
        output.writelines(zipped_month(unit, month, show_done))
