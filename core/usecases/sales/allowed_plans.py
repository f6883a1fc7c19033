"""Plans that the operator allows. Where an appliance has some, agents sell it by no other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.catalogue import PlanOffer
from core.db.plan_offers import appliance_with_plans, find_plan, set_plan
from core.db.registration import devices_by_serial
from core.db.registration_requests import code_like
from core.db.tables.catalogue import appliances, plan_offers
from core.device import KnownDevice
from core.errors import Refused
from core.money import Money, parse_minor
from core.plan import ByAmount, ByCount, Cadence, PlanTerms
from core.unit import Unit
from core.usecases.devices.stock import check_in_service, check_product
from core.usecases.operators.audit import write_audit
from core.usecases.sales.quote import get_offer


def list_plans(unit: Unit, appliance: str) -> Sequence[PlanOffer]:
    """Return the plans allowed for an appliance (a code), by name.

    Without any, an agent and a customer agree on a plan of their own.
    """
    found = appliance_with_plans(unit.connection, appliance, unit.market.currency)
    return found[1] if found else []


def find_plan_set_on(unit: Unit, serial: str) -> PlanTerms | None:
    """Return the plan that is set on a device in stock, if there is one."""
    device = devices_by_serial(unit.connection, [serial]).get(serial)
    if device is None or device.plan is None:
        return None
    return get_offer(unit, device.plan)[1].terms


def set_plan_on(unit: Unit, serial: str, code: str, operator: str, reason: str) -> None:
    """Set the plan on which any customer may register a device in stock without an agent.

    Raises Refused: not_in_stock, device_taken, device_retired, plan_not_allowed, kind_differs,
    product_differs, reason_missing.
    """
    device = _in_stock(unit, serial)
    item, _ = get_offer(unit, code)
    check_product(unit, device, item)
    set_plan(unit.connection, device.id, code)
    write_audit(unit, operator, "set_plan", "device", device.id, reason, plan=code)


def remove_plan_from(unit: Unit, serial: str, operator: str, reason: str) -> None:
    """Remove the plan from a device in stock: it is registered by an agent or an operator again.

    Raises Refused: not_in_stock, device_taken, device_retired, plan_not_set, reason_missing.
    """
    device = _in_stock(unit, serial)
    if device.plan is None:
        raise Refused("plan_not_set", serial=serial)
    set_plan(unit.connection, device.id, None)
    write_audit(unit, operator, "remove_plan", "device", device.id, reason, plan=device.plan)


def _in_stock(unit: Unit, serial: str) -> KnownDevice:
    """Return the device in stock with that serial, locked."""
    device = devices_by_serial(unit.connection, [serial], lock=True).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial)
    check_in_service(device)
    if device.owner_id is not None:
        raise Refused("device_taken", serial=serial)
    return device


_CADENCES: dict[str, Cadence] = {"D": "daily", "W": "weekly", "M": "monthly"}
_PLAN = re.compile(r"([^/]+)/(@?)([0-9]{1,9})([DWM])(?:/([0-9]{1,9}))?", re.IGNORECASE | re.ASCII)
_BY_DAY = re.compile(r"([^/]+)/(?:DAY|SIKU|JOUR)", re.IGNORECASE)


def parse_terms(unit: Unit, typed: str) -> PlanTerms:
    """Return plan terms as an agent types them in a text message.

    That is the code of an allowed plan, or the code of an appliance with a schedule: `TV/12W/50`
    (12 weekly instalments after 50 down), `TV/@150W` (150 every week), `TV/DAY` (by the day).
    Raises Refused: plan_unreadable, appliance_unknown.
    """
    currency = unit.market.currency
    code = code_like(unit.connection, plan_offers, typed)
    allowed = code and find_plan(unit.connection, code, currency)
    if allowed:
        return allowed[1].terms
    if by_day := _BY_DAY.fullmatch(typed):
        return PlanTerms.by_day(_appliance(unit, by_day[1]), currency)
    read = _PLAN.fullmatch(typed)
    if read is None:
        raise Refused("plan_unreadable")
    appliance, is_amount, number, cadence, down = read.groups()
    schedule = (
        ByAmount(Money(parse_minor(number, currency), currency))
        if is_amount
        else ByCount(int(number))
    )
    down_payment = Money(parse_minor(down or "0", currency), currency)
    return PlanTerms(
        _appliance(unit, appliance), schedule, _CADENCES[cadence.upper()], down_payment
    )


def _appliance(unit: Unit, typed: str) -> str:
    """Return the code of the appliance that was typed, in any case."""
    code = code_like(unit.connection, appliances, typed)
    if code is None:
        raise Refused("appliance_unknown")
    return code
