"""Plans an operator allows for an appliance. Where there are some, an agent sells by no other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from core.catalogue import PlanEntry
from core.db.plan_offers import find_plan, plan_set_on, plans_of, set_plan
from core.db.registration import devices_by_serial
from core.db.registration_requests import code_like
from core.db.tables.catalogue import appliances, plan_offers
from core.device import KnownDevice
from core.errors import Refused
from core.money import Money, parse_minor
from core.unit import Unit
from core.usecases.catalogue.choices import kind_of
from core.usecases.devices.stock import check_in_service
from core.usecases.operators.audit import write_audit
from core.usecases.sales.offer import ServiceOffer, Terms, figures_of, minor_of, offer_terms


@dataclass(frozen=True, slots=True)
class PlanChoice:
    """A plan to choose, by code."""

    offer: str
    name: str


@dataclass(frozen=True, slots=True)
class AllowedPlan(Terms):
    """Its terms as a sale takes them, and what they come to when it is sold today."""

    parts: int
    each: Money
    last: Money
    first_on: date
    down_payment: Money


@dataclass(frozen=True, slots=True)
class AllowedService(Terms):
    """The same where it is used by the day."""

    per_day: Money
    least: Money


Allowed = AllowedPlan | AllowedService


def list_plans(unit: Unit, appliance: str) -> Sequence[PlanChoice]:
    """The plans allowed for that appliance; none where an agent may agree on any figures."""
    return [PlanChoice(one.code, one.name) for one in plans_of(unit.connection, appliance)]


def get_allowed_plan(unit: Unit, offer: str) -> Allowed:
    """The plan with that code. Raises Refused("plan_not_allowed") when it is offered no more."""
    stored = find_plan(unit.connection, offer)
    if stored is None:
        raise Refused("plan_not_allowed")
    return _as_sold_today(unit, stored)


def find_plan_set_on(unit: Unit, serial: str) -> Allowed | None:
    """The plan set on a device in stock."""
    stored = plan_set_on(unit.connection, serial)
    return None if stored is None else _as_sold_today(unit, stored)


def set_plan_on(unit: Unit, serial: str, offer: str, operator: str, reason: str) -> None:
    """An operator sets the plan on which whoever gets this kit may register it alone.

    Raises Refused not_in_stock, device_taken, device_retired, plan_not_allowed, kind_differs,
    reason_missing.
    """
    device = _in_stock(unit, serial)
    plan = get_allowed_plan(unit, offer)
    if kind_of(unit, plan.appliance) != device.kind:
        raise Refused("kind_differs", serial=serial)
    set_plan(unit.connection, device.id, offer)
    write_audit(unit, operator, "set_plan", "device", device.id, reason, plan=offer)


def take_plan_off(unit: Unit, serial: str, operator: str, reason: str) -> None:
    """Whoever gets this device may not register it alone any more. Raises Refused not_in_stock,
    device_taken, plan_not_set, reason_missing."""
    device = _in_stock(unit, serial)
    if device.plan is None:
        raise Refused("plan_not_set", serial=serial)
    set_plan(unit.connection, device.id, None)
    write_audit(unit, operator, "take_plan_off", "device", device.id, reason, plan=device.plan)


def _in_stock(unit: Unit, serial: str) -> KnownDevice:
    """The device, locked."""
    device = devices_by_serial(unit.connection, [serial], lock=True).get(serial)
    if device is None:
        raise Refused("not_in_stock", serial=serial)
    check_in_service(device)
    if device.owner_id is not None:
        raise Refused("device_taken", serial=serial)
    return device


def check_allowed(unit: Unit, terms: Terms) -> None:
    """Raises Refused("plan_not_allowed") for terms that are none of the appliance's plans."""
    allowed = plans_of(unit.connection, terms.appliance)
    asked = (terms.scheme, minor_of(terms.figure), terms.cadence, minor_of(terms.down))
    if allowed and asked not in [_figures(one) for one in allowed]:
        raise Refused("plan_not_allowed")


def terms_of(unit: Unit, plan: PlanEntry) -> Terms:
    """A stored plan as a sale takes it."""
    currency = unit.market.currency
    figure: int | Money = plan.count or 0
    if plan.instalment_minor is not None:
        figure = Money(plan.instalment_minor, currency)
    down = Money(plan.down_payment_minor, currency)
    return Terms(plan.appliance, plan.scheme, figure, plan.cadence, down)


def _figures(plan: PlanEntry) -> tuple[str, int, str, int]:
    figure = plan.count or plan.instalment_minor or 0
    return plan.scheme, figure, plan.cadence, plan.down_payment_minor


def _as_sold_today(unit: Unit, stored: PlanEntry) -> Allowed:
    terms = terms_of(unit, stored)
    given = (terms.appliance, terms.scheme, terms.figure, terms.cadence, terms.down)
    offered = offer_terms(unit, terms)
    if isinstance(offered, ServiceOffer):
        return AllowedService(*given, **figures_of(offered))
    return AllowedPlan(*given, **figures_of(offered))


_CADENCES = {"D": "daily", "W": "weekly", "M": "monthly"}
_PLAN = re.compile(r"([^/]+)/(@?)([0-9]{1,9})([DWM])(?:/([0-9]{1,9}))?", re.IGNORECASE | re.ASCII)
_BY_THE_DAY = re.compile(r"([^/]+)/(?:DAY|SIKU|JOUR)", re.IGNORECASE)


def read_terms(unit: Unit, typed: str) -> Terms:
    """The terms meant. Raises Refused plan_unreadable, appliance_unknown."""
    code = code_like(unit.connection, plan_offers, typed)
    stored = code and find_plan(unit.connection, code)
    if stored:
        return terms_of(unit, stored)
    if by_the_day := _BY_THE_DAY.fullmatch(typed):
        return Terms(_appliance(unit, by_the_day[1]), "service", 0, "daily", 0)
    read = _PLAN.fullmatch(typed)
    if read is None:
        raise Refused("plan_unreadable")
    appliance, currency = _appliance(unit, read[1]), unit.market.currency
    down = Money(parse_minor(read[5] or "0", currency), currency)
    cadence = _CADENCES[read[4].upper()]
    if read[2]:
        each = Money(parse_minor(read[3], currency), currency)
        return Terms(appliance, "amount", each, cadence, down)
    return Terms(appliance, "count", int(read[3]), cadence, down)


def _appliance(unit: Unit, typed: str) -> str:
    code = code_like(unit.connection, appliances, typed)
    if code is None:
        raise Refused("appliance_unknown")
    return code
