"""What was paid on each plan before it came here: from outstanding debts and from transactions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from core.serial_number import parse_serial
from core.usecases.sales.opening_balances import PaidBefore
from core.usecases.sales.register_sales import SaleEntry
from operations.mpm.entries import Moving, Placed
from operations.mpm.parsing import KINDS, amount_of, code_named, serial_of

# A plan by its device, or by its owner and appliance where it has none.
PlanKey = tuple[str | None, str, str]


@dataclass(slots=True)
class Received:
    """What came in for each device, and those whose down payment is among it."""

    minor: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    with_down: set[str] = field(default_factory=set)


def paid_before(moving: Moving, plans: Placed) -> Placed:
    """What is known of each plan that has instalments. Problems go to `moving`."""
    open_minor, received = _outstanding(moving), _received(moving)
    paid = Placed()
    for place, plan in zip(plans.places, plans.entries, strict=True):
        assert isinstance(plan, SaleEntry)
        if plan.scheme == "service" or plan.reference is None:
            continue
        told = PaidBefore(plan.reference, moving.told.as_of)
        if moving.exports["debts"]:
            told = replace(told, outstanding_minor=open_minor.get(_key_of(plan), 0))
        if moving.exports["transactions"] and plan.serial:
            down = 0 if plan.serial in received.with_down else plan.down_payment_minor
            told = replace(told, received_minor=received.minor.get(plan.serial, 0) + down)
        paid.places.append(place)
        paid.entries.append(told)
    return paid


def _key_of(plan: SaleEntry) -> PlanKey:
    return (plan.serial, "", "") if plan.serial else (None, plan.owner_msisdn, plan.appliance)


def _outstanding(moving: Moving) -> dict[PlanKey, int]:
    """What is open of each plan."""
    open_minor: dict[PlanKey, int] = defaultdict(int)
    for row in moving.exports["debts"]:
        try:
            appliance = code_named(moving.names.appliances, "appliance", row.get("appliance"))
            serial = serial_of(row, "device_serial")
            owner = moving.owner(serial, row.get("customer")) or ""
            has_device = serial and moving.names.kinds[appliance] != "other"
            key: PlanKey = (serial, "", "") if has_device else (None, owner, appliance)
            open_minor[key] += amount_of(row, "remaining", moving.market.currency)
        except ValueError as error:
            moving.problems.append((row.place, str(error)))
    return open_minor


def _received(moving: Moving) -> Received:
    """What succeeded, by device."""
    received = Received()
    for row in moving.exports["transactions"]:
        if row.get("status") != "Success" or row.get("device_type") not in KINDS:
            continue
        try:
            serial = parse_serial(row.get("device_id"))
            received.minor[serial] += amount_of(row, "amount", moving.market.currency)
        except ValueError as error:
            moving.problems.append((row.place, str(error)))
            continue
        # Without a type nobody can say whether the down payment is among them: then it is.
        if row.get("type") in ("down_payment", ""):
            received.with_down.add(serial)
    return received
