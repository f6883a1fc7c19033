"""Who owned a device when: every change of hands with its instant, and whose a payment may be.

A payment belongs to the customer who owned the device when it was paid. Providers tell
whole seconds: a payment of the second in which the device changed hands is the new owner's, who may
pay at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

# The act by which a device changed hands. `return`: back to stock; `retirement`: out of use.
OwnershipReason = Literal[
    "registration", "import", "sale", "transfer", "replacement", "return", "retirement"
]

# How far a provider's clock may be ahead of ours, and how long before its news a payment with an
# impossible instant (later than that) may have been made.
_CLOCKS_DIFFER = timedelta(minutes=1)
_NEWS_TAKES = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Handover:
    """A device gets another owner, or none: `customer_id` None is back to stock or retired."""

    device_id: int
    customer_id: int | None
    at: datetime
    reason: OwnershipReason


@dataclass(frozen=True, slots=True)
class OwnershipChange:
    """A change of hands as it is kept. None for a customer: the device had no owner."""

    from_customer_id: int | None
    to_customer_id: int | None
    changed_at: datetime


def owners_around(
    changes: Sequence[OwnershipChange], paid_between: tuple[datetime, datetime], now: datetime
) -> set[int]:
    """Return the customers who may have owned the device when a payment for it was made.

    `changes`: all of the device's, the oldest first. `paid_between`: the first and the last instant
    at which it may have been made, mostly the same. More than one customer: it changed hands
    then. None: it had no owner. An instant later than `now` says nothing of when.

    Before the first owner we know of it counts as theirs: no other customer had it, and the first
    money is often paid before an operator enters whose the device is.
    """
    begin, end = paid_between
    if begin - _CLOCKS_DIFFER > now:
        begin, end = now - _NEWS_TAKES, now
    owner = None
    if changes:
        owner = changes[0].from_customer_id or changes[0].to_customer_id
    owners = set()
    for change in changes:
        changed_at = change.changed_at.replace(microsecond=0)
        if changed_at > begin:
            owners.add(owner)
        if changed_at > end:
            break
        owner = change.to_customer_id
    else:
        owners.add(owner)
    return {customer_id for customer_id in owners if customer_id is not None}


def customers_near(changes: Sequence[OwnershipChange], paid_at: datetime) -> set[int]:
    """Return the customers between whom the device changed hands within a minute of a payment: a
    provider's clock may differ that much from ours."""
    near = (change for change in changes if abs(change.changed_at - paid_at) <= _CLOCKS_DIFFER)
    hands = (hand for change in near for hand in (change.from_customer_id, change.to_customer_id))
    return {customer_id for customer_id in hands if customer_id is not None}
