"""`dialwatt replay payment RECEIPT | prompt ID | text ID`: why it is stuck, and another try."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from core.db.work_queue import Waiting
from core.errors import BadInput
from core.settings import Environment, read
from core.unit import Unit
from core.usecases.operators.retry import find_stuck, retry_stuck
from core.usecases.payments.show import show_payment
from gateway.work_queues import WorkQueues
from operations.database import open_database
from operations.operator import operator_name


def run(arguments: Namespace, environment: Environment) -> int:
    """Show, put back (unless only looked at), wake the workers. Raises Refused when nothing is
    stuck."""
    with open_database(environment)() as unit:
        row = find_stuck(unit, arguments.what, _row_id(unit, arguments))
        print("\n".join(_story(row)))
        if not arguments.look:
            reason = arguments.reason or f"stuck: {row.why or row.state}"
            retry_stuck(unit, operator_name(), row, reason)
    if not arguments.look:
        WorkQueues(read(environment, "REDIS_URL")).wake_all()
        print(f"put back: a worker looks at it now. See `dialwatt {_SEE[arguments.what]}`")
    return 0


_SEE = {"payment": "show payment RECEIPT", "prompt": "doctor", "text": "doctor"}


def _row_id(unit: Unit, arguments: Namespace) -> int:
    if arguments.what == "payment":
        return show_payment(unit, arguments.key.strip(), arguments.account).payment.id
    if not arguments.key.isdecimal():
        raise BadInput(f"a {arguments.what} is named by its number, as `dialwatt doctor` shows it")
    return int(arguments.key)


def _story(row: Waiting) -> Iterator[str]:
    yield f"{row.kind} {row.id} is {row.state}, since {row.since:%Y-%m-%d %H:%M:%S} UTC"
    yield f"  why: {row.why or 'nothing was said; do workers run? (`dialwatt wake` counts them)'}"
    following = (
        f"the next is due at {row.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC"
        if row.next_attempt_at
        else "no further one is planned"
    )
    yield f"  tried {row.attempts} times; {following}"
