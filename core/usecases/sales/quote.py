"""What plan terms come to when an appliance is sold today."""

from __future__ import annotations

from core.appliance import StoredAppliance
from core.catalogue import PlanOffer
from core.db.plan_offers import appliance_with_plans, find_plan
from core.errors import Refused
from core.plan import PlanTerms
from core.plan_quote import Quote, quote_plan
from core.unit import Unit
from core.usecases.catalogue.choices import get_appliance


def quote_terms(unit: Unit, terms: PlanTerms) -> Quote:
    """Return what the terms come to today.

    Raises Refused: appliance_unknown, service_price, plan_*.
    """
    return _quote(unit, terms, get_appliance(unit, terms.appliance))


def quote_allowed(unit: Unit, terms: PlanTerms) -> Quote:
    """Return what the terms come to today, where an agent may sell by them.

    Where the operator has allowed plans for the appliance, they must be one of those. Raises
    Refused: plan_not_allowed, and as `quote_terms`.
    """
    found = appliance_with_plans(unit.connection, terms.appliance, unit.market.currency)
    if found is None:
        raise Refused("appliance_unknown", appliance=terms.appliance)
    item, offers = found
    if offers and terms not in [offer.terms for offer in offers]:
        raise Refused("plan_not_allowed")
    return _quote(unit, terms, item)


def quote_offer(unit: Unit, code: str) -> Quote:
    """Return what the plan with that code comes to today.

    Raises Refused: plan_not_allowed where it is no longer offered, and as `quote_terms`.
    """
    item, offer = get_offer(unit, code)
    return _quote(unit, offer.terms, item)


def get_offer(unit: Unit, code: str) -> tuple[StoredAppliance, PlanOffer]:
    """Return the plan with that code, after its appliance. Raises Refused("plan_not_allowed")."""
    found = find_plan(unit.connection, code, unit.market.currency)
    if found is None:
        raise Refused("plan_not_allowed")
    return found


def _quote(unit: Unit, terms: PlanTerms, item: StoredAppliance) -> Quote:
    return quote_plan(terms, item, unit.today, unit.market.cash_unit_minor)
