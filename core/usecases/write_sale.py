"""Write a sale as it was agreed on a phone, and tell the customer what that is.

Whoever sells: an agent, or a customer who takes a kit whose plan the operator has set.
"""

from __future__ import annotations

from dataclasses import replace

from core.db.customers import find_customer
from core.unit import Unit
from core.usecases.entries import RefusedEntries
from core.usecases.offer import (
    PlanOffer,
    ServiceOffer,
    Terms,
    figures_of,
    find_appliance,
    minor_of,
    offer_terms,
)
from core.usecases.register_sales import SaleEntry, register_sales
from core.usecases.texts import text_to
from core.wording.message import BoundMessage
from core.wording.messages import agent_sms


def write_sale(
    unit: Unit,
    customer: str,
    terms: Terms,
    serial: str | None,
    reference: str,
    agent_id: int | None = None,
) -> PlanOffer | ServiceOffer:
    """The sale to that number with its instalments and its entry; what it comes to.

    Raises Refused plan_*, service_price, and like `register_sales`. The same `reference` again is
    the same sale.
    """
    offered = offer_terms(unit, terms)
    entry = replace(sale_on(unit, terms, customer, serial), reference=reference, agent_id=agent_id)
    try:
        register_sales(unit, [entry])
    except RefusedEntries as refused:
        raise refused.refusals[0][1] from None
    _tell(unit, customer, terms, offered, reference)
    return offered


def sale_on(unit: Unit, terms: Terms, customer: str, serial: str | None) -> SaleEntry:
    """The sale to that number, today, on those terms."""
    return SaleEntry(
        owner_msisdn=customer,
        appliance=terms.appliance,
        scheme=terms.scheme,
        sold_on=unit.today,
        serial=serial,
        down_payment_minor=minor_of(terms.down),
        count=minor_of(terms.figure) if terms.scheme == "count" else None,
        instalment_minor=minor_of(terms.figure) if terms.scheme == "amount" else None,
        cadence=terms.cadence,
    )


def _tell(
    unit: Unit, msisdn: str, terms: Terms, offered: PlanOffer | ServiceOffer, reference: str
) -> None:
    """Nobody gets into debt without a word about it."""
    customer = find_customer(unit.connection, msisdn)
    name = find_appliance(unit, terms.appliance)["name"]
    text_to(unit, customer, _agreed(unit, name, terms, offered), f"agreed:{reference}")


def _agreed(unit: Unit, name: str, terms: Terms, offered: PlanOffer | ServiceOffer) -> BoundMessage:
    operator = unit.market.operator
    if isinstance(offered, ServiceOffer):
        return agent_sms.agreed_service(appliance=name, operator=operator, **figures_of(offered))
    return agent_sms.agreed_plan(
        appliance=name, cadence=terms.cadence, operator=operator, **figures_of(offered)
    )
