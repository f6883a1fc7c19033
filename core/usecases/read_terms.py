"""A plan as an agent writes it in one word of a text.

`lamp3/12W`: 12 weekly instalments; `lamp3/@650W/500`: 650 a week after 500 down; `lamp3/DAY`: use
by the day; or the code of a plan the operator allows.
"""

from __future__ import annotations

import re

from core.db.plan_offers import find_plan
from core.db.registration_requests import code_like
from core.db.rows.goods import appliances, plan_offers
from core.errors import Refused
from core.money import Money, parse_minor
from core.unit import Unit
from core.usecases.allowed_plans import terms_of
from core.usecases.offer import Terms

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
