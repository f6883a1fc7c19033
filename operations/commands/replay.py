"""`dialwatt replay payment RECEIPT | prompt ID | text ID`: why it is stuck, and another try.

`dialwatt replay texts` tries all SMS again that no provider has taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import click

from core.clock import system_clock
from core.db.work_queue import Kind, Waiting
from core.errors import BadInput
from core.unit import Unit
from core.usecases.operators.retry import (
    find_not_taken,
    find_stuck,
    retry_stuck,
    retry_texts,
)
from core.usecases.payments.show import show_payment
from gateway.payments.channel_table import channel_table
from operations.commands.arguments import account_option, day_option
from operations.database import open_for_command
from operations.operator import operator_name
from operations.progress import progress_bar

# The command that shows afterwards what became of it.
_SEE = {"payment": "show payment RECEIPT", "prompt": "doctor", "text": "doctor"}


_PAGE = 500
_FAILED_WITHIN = timedelta(days=7)


@click.command()
@click.argument("kind", type=click.Choice((*_SEE, "texts")))
@click.argument("key", metavar="RECEIPT|ID", required=False)
@account_option
@click.option("--look", is_flag=True, help="Only say why it is stuck; change nothing.")
@click.option("--failed", is_flag=True, help="With texts: also those that were given up.")
@day_option("--since", "With --failed: those written since that day; without it, of 7 days.")
@click.option("--reason", metavar="TEXT", help="Why it is retried, for the audit log.")
def replay(
    kind: Kind | Literal["texts"], key: str | None, look: bool, reason: str | None, **given: Any
) -> None:
    """Say why a payment, prompt or SMS is stuck; retry it.

    A payment is named by its receipt, a prompt and an SMS (text) by the number that
    `dialwatt doctor` shows. `replay texts` retries all SMS that wait for a later attempt, as after
    the SMS account was empty; with --failed also those that were given up.
    """
    if kind == "texts":
        _replay_texts(_failed_since(given["failed"], given["since"]), look, reason)
        return
    if key is None:
        raise click.UsageError("name the receipt or the number")
    with open_for_command(channel_table())() as unit:
        row = find_stuck(unit, kind, _row_id(unit, kind, key, given["account"]))
        print("\n".join(_describe(row)))
        if look:
            return
        retry_stuck(unit, operator_name(), row, reason or f"stuck: {row.why or row.state}")
    print(f"put back: a worker takes it up now. See `dialwatt {_SEE[kind]}`")


def _failed_since(is_wanted: bool, day: datetime | None) -> datetime | None:
    if day is not None and not is_wanted:
        raise click.UsageError("--since goes with --failed")
    if not is_wanted:
        return None
    return day.replace(tzinfo=UTC) if day else system_clock() - _FAILED_WITHIN


def _replay_texts(failed_since: datetime | None, look: bool, reason: str | None) -> None:
    open_unit = open_for_command(channel_table())
    with open_unit() as unit:
        found = find_not_taken(unit, failed_since)
    print(f"{found.waiting} texts wait for a later attempt")
    if failed_since:
        print(f"{found.failed} texts were given up since {failed_since:%Y-%m-%d}")
    if look:
        return
    done, after = 0, 0
    with progress_bar("texts", found.waiting + found.failed) as show:
        while True:
            with open_unit() as unit:
                why = reason or "all texts again"
                ids = retry_texts(unit, operator_name(), why, failed_since, after, _PAGE)
            if not ids:
                break
            done, after = done + len(ids), ids[-1]
            show(done)
    print(f"{done} texts put back: workers send them now")


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
