"""`dialwatt accrue`: charge the access fees that have fallen due, page by page."""

from __future__ import annotations

import click

from core.usecases.operators.access import note_run
from operations.database import open_for_command
from operations.operator import operator_name
from operations.progress import count_lines
from workers.schedule import accrue_all


@click.command()
def accrue() -> None:
    """Charge the access fees that have fallen due.

    Every meter is charged until today. The schedule does this once a day; a second run charges
    nothing.
    """
    open_unit = open_for_command()
    fees = accrue_all(open_unit, count_lines("fees"))
    with open_unit() as unit:
        note_run(unit, operator_name(), "accrue", fees)
    print(f"{fees} fees written")
