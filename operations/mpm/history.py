"""What was paid on each plan before the move: from outstanding debts and from transactions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

from core.plan import ByDay
from core.serial_number import parse_serial
from core.usecases.sales.opening_balances import PaidBefore
from core.usecases.sales.register_sales import SaleEntry
from operations.mpm.entries import Conversion, PlacedEntries
from operations.mpm.parsing import KINDS, amount_of, code_named, serial_of

# A plan by its device, or by its owner and appliance where it has none.
PlanKey = tuple[str | None, str, str]


@dataclass(slots=True)
class Received:
    """Minor units received for each device, by serial number.

    `with_down_payment` holds the devices whose down payment is part of that amount.
    """

    minor: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    with_down_payment: set[str] = field(default_factory=set)


def payments_before(conversion: Conversion, plans: PlacedEntries) -> PlacedEntries:
    """What is known of each plan that has instalments. Problems go to `conversion.problems`."""
    open_minor, received = _outstanding(conversion), _received(conversion)
    paid = PlacedEntries()
    for place, plan in zip(plans.places, plans.entries, strict=True):
        assert isinstance(plan, SaleEntry)
        if isinstance(plan.terms.schedule, ByDay) or plan.reference is None:
            continue
        history = PaidBefore(plan.reference, conversion.options.as_of)
        if conversion.exports["debts"]:
            history = replace(history, outstanding_minor=open_minor.get(_key_of(plan), 0))
        if conversion.exports["transactions"] and plan.serial:
            is_included = plan.serial in received.with_down_payment
            down = 0 if is_included else plan.terms.down_payment.minor
            history = replace(history, received_minor=received.minor.get(plan.serial, 0) + down)
        paid.places.append(place)
        paid.entries.append(history)
    return paid


def _key_of(plan: SaleEntry) -> PlanKey:
    return (plan.serial, "", "") if plan.serial else (None, plan.owner_msisdn, plan.terms.appliance)


def _outstanding(conversion: Conversion) -> dict[PlanKey, int]:
    """Minor units still owed on each plan."""
    open_minor: dict[PlanKey, int] = defaultdict(int)
    for row in conversion.exports["debts"]:
        try:
            appliance = code_named(conversion.codes.appliances, "appliance", row.get("appliance"))
            serial = serial_of(row, "device_serial")
            owner = conversion.owner(serial, row.get("customer")) or ""
            has_device = serial and conversion.codes.kinds[appliance] != "other"
            key: PlanKey = (serial, "", "") if has_device else (None, owner, appliance)
            open_minor[key] += amount_of(row, "remaining", conversion.market.currency)
        except ValueError as error:
            conversion.problems.append((row.place, str(error)))
    return open_minor


def _received(conversion: Conversion) -> Received:
    """Minor units of the successful transactions, by device."""
    received = Received()
    for row in conversion.exports["transactions"]:
        if row.get("status") != "Success" or row.get("device_type") not in KINDS:
            continue
        try:
            serial = parse_serial(row.get("device_id"))
            received.minor[serial] += amount_of(row, "amount", conversion.market.currency)
        except ValueError as error:
            conversion.problems.append((row.place, str(error)))
            continue
        # Without a type nothing says whether the down payment is part of it: then it is.
        if row.get("type") in ("down_payment", ""):
            received.with_down_payment.add(serial)
    return received
