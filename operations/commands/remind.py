"""`dialwatt remind`: queue the reminders of instalments that are due now, page by page."""

from __future__ import annotations

import click

from core.usecases.operators.access import note_run
from operations.database import open_for_command
from operations.operator import operator_name
from operations.progress import count_lines
from workers.schedule import remind_all


@click.command()
def remind() -> None:
    """Queue today's instalment reminders.

    The schedule does this every hour. Customers get no reminders at night. A second run on the same
    day queues nothing.
    """
    open_unit = open_for_command()
    reminders = remind_all(open_unit, count_lines("reminders"))
    with open_unit() as unit:
        note_run(unit, operator_name(), "remind", reminders)
    print(f"{reminders} customers are reminded")
