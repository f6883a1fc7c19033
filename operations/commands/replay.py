"""`dialwatt replay payment RECEIPT | prompt ID | text ID`: why it is stuck, and another try."""

from __future__ import annotations

from collections.abc import Iterator

import click

from core.db.work_queue import Kind, Waiting
from core.errors import BadInput
from core.unit import Unit
from core.usecases.operators.retry import find_stuck, retry_stuck
from core.usecases.payments.show import show_payment
from gateway.payments.channel_table import channel_table
from operations.commands.arguments import account_option
from operations.database import open_for_command
from operations.operator import operator_name

# The command that shows afterwards what became of it.
_SEE = {"payment": "show payment RECEIPT", "prompt": "doctor", "text": "doctor"}


@click.command()
@click.argument("kind", type=click.Choice(tuple(_SEE)))
@click.argument("key", metavar="RECEIPT|ID")
@account_option
@click.option("--look", is_flag=True, help="Only say why it is stuck; change nothing.")
@click.option("--reason", metavar="TEXT", help="Why it is retried, for the audit log.")
def replay(kind: Kind, key: str, account: str | None, look: bool, reason: str | None) -> None:
    """Say why a payment, prompt or SMS is stuck; retry it.

    A payment is named by its receipt, a prompt and an SMS (text) by the number that
    `dialwatt doctor` shows.
    """
    with open_for_command(channel_table())() as unit:
        row = find_stuck(unit, kind, _row_id(unit, kind, key, account))
        print("\n".join(_describe(row)))
        if look:
            return
        retry_stuck(unit, operator_name(), row, reason or f"stuck: {row.why or row.state}")
    print(f"put back: a worker takes it up now. See `dialwatt {_SEE[kind]}`")


def _row_id(unit: Unit, kind: Kind, key: str, account: str | None) -> int:
    if kind == "payment":
        return show_payment(unit, key.strip(), account).payment.id
    if not key.isdecimal():
        raise BadInput(f"a {kind} is named by its number, as `dialwatt doctor` shows it")
    return int(key)


def _describe(row: Waiting) -> Iterator[str]:
    yield f"{row.kind} {row.id} is {row.state}, since {row.since:%Y-%m-%d %H:%M:%S} UTC"
    yield f"  why: {row.why or 'not known. Do workers run? (`dialwatt wake` counts them)'}"
    following = (
        f"the next try is due at {row.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC"
        if row.next_attempt_at
        else "no further try is planned"
    )
    yield f"  tried {row.attempts} times; {following}"
