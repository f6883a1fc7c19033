"""`dialwatt remind`: queue the reminders of instalments that are due now, page by page."""

from __future__ import annotations

import click

from operations.database import open_for_command
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
    print(f"{reminders} customers are reminded")
