"""Remind customers of instalments: 3 days before, on the day, 1 and 7 days after it.

One SMS per customer and day, between 09:00 and 18:00 in the market's zone, never twice for the same
step; STOP ends them. After a downtime only the newest step is sent, at most a week late. The most
urgent thing comes first; whatever else is due that day comes the next day. It asks for what is
missing after the customer's credit, which is used with the next payment, never by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, time
from itertools import chain, groupby
from zoneinfo import ZoneInfo

from core.db.audit import open_case
from core.db.reminders import (
    customers_at_a_step,
    due_at_a_step,
    insert_reminders,
    start_reminders,
    stop_reminders,
)
from core.db.waterfalls import all_waterfalls
from core.logs import log_fields
from core.message import AtAStep
from core.money import Money
from core.unit import Unit, do_all_or_each
from core.usecases.messages.queue import send_sms_until
from core.waterfall import waterfall_on
from core.wording.message import BoundMessage
from core.wording.messages import reminder as messages

log = logging.getLogger(__name__)

FROM, UNTIL = time(9), time(18)
# Each step in days after the due day, and the last day on which it may still be sent.
STEPS = ((-3, -1), (0, 0), (1, 6), (7, 13))


def find_due_reminders(unit: Unit) -> list[int]:
    """Return the ids of the customers to remind now; none at night."""
    if not is_daytime(unit):
        return []
    return customers_at_a_step(unit.connection, STEPS, unit.today)


def send_reminders(unit: Unit, customers: Sequence[int]) -> int:
    """Queue a reminder for each of these customers who is due one; returns how many.

    A customer for whom that fails becomes a case and is tried again with the next reminders.
    """
    if not is_daytime(unit):
        return 0
    sent = 0

    def send(some: Sequence[int]) -> None:
        nonlocal sent
        sent += _send(unit, some)

    for customer_id, error in do_all_or_each(unit, customers, send):
        log.error("a reminder failed: %r", error, extra=log_fields(customer=customer_id))
        detail = f"customer {customer_id} cannot be reminded (the log has the error)"
        open_case(unit.connection, unit.now, "reminder_failed", str(customer_id), detail)
    return sent


def _send(unit: Unit, customers: Collection[int]) -> int:
    due = due_at_a_step(unit.connection, STEPS, unit.today, customers)
    waterfall = waterfall_on(all_waterfalls(unit.connection), unit.today)
    texts = list(_most_urgent(due))
    insert_reminders(unit.connection, list(chain.from_iterable(texts)), unit.today)
    for reminders in texts:
        dedupe_key = f"reminder:{reminders[0].customer_id}:{unit.today}"
        message = _message(unit, reminders, credit_counts=waterfall.credit_is_for_arrears)
        send_sms_until(unit, reminders[0], message, dedupe_key, _this_evening(unit))
    return len(texts)


def is_daytime(unit: Unit) -> bool:
    """Return whether reminders may be sent at this hour."""
    return FROM <= _local(unit).time() < UNTIL


def _this_evening(unit: Unit) -> datetime:
    """Return until when a reminder may be sent: its "today" is wrong tomorrow."""
    return datetime.combine(unit.today, UNTIL, ZoneInfo(unit.market.timezone))


def _local(unit: Unit) -> datetime:
    return unit.now.astimezone(ZoneInfo(unit.market.timezone))


def _most_urgent(due: list[AtAStep]) -> Iterator[list[AtAStep]]:
    """Yield per customer what one SMS is about: all that is late, or due today, or due one day."""
    for _, found in groupby(due, key=lambda obligation: obligation.customer_id):
        first, *rest = found
        yield [first, *(other for other in rest if _in_one_text(first, other))]


def _in_one_text(first: AtAStep, other: AtAStep) -> bool:
    return min(first.step, other.step) > 0 or first.due_on == other.due_on


def _message(unit: Unit, reminders: list[AtAStep], *, credit_counts: bool) -> BoundMessage:
    """Ask for what is missing after the credit, or say how credit that covers it all is used."""
    service_code, first = unit.market.service_code, reminders[0]
    is_late = first.step > 0 and first.late_minor is not None
    open_minor = first.late_minor if is_late else sum(part.open_minor for part in reminders)
    since = (first.late_since if is_late else None) or first.due_on
    older_minor = 0 if is_late else first.older_minor
    credit_minor = first.credit_minor if credit_counts else 0
    missing = missing_after_credit(open_minor or 0, older_minor, first.clawback_minor, credit_minor)
    amount = Money(missing or open_minor or 0, unit.market.currency)
    if not missing:
        credit = Money(credit_minor, unit.market.currency)
        return messages.covered(amount=amount, on=since, credit=credit, service_code=service_code)
    if is_late:
        return messages.overdue(amount=amount, since=since, service_code=service_code)
    if first.step == 0:
        return messages.due_today(amount=amount, service_code=service_code)
    return messages.due_soon(amount=amount, on=since, service_code=service_code)


def missing_after_credit(
    open_minor: int, older_minor: int, clawback_minor: int, credit_minor: int
) -> int:
    """Return what a customer has to pay so that `open_minor` and the clawbacks are paid.

    Credit goes to clawbacks first, then to what fell due before, which has reminders of its own.
    """
    for_this = max(0, credit_minor - clawback_minor - older_minor)
    return max(0, clawback_minor - credit_minor) + max(0, open_minor - for_this)


def want_reminders(unit: Unit, msisdn: str, *, wanted: bool) -> None:
    """Store whether a number wants reminders; any number of a customer decides for all of them.

    Receipts and tokens are sent in any case.
    """
    if wanted:
        start_reminders(unit.connection, msisdn)
    else:
        stop_reminders(unit.connection, msisdn, unit.now)
