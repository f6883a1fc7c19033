"""An agent sells an appliance on a plan or by the day, to a customer who is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.agent import Agent
from core.db.customers import find_customer
from core.db.sales import get_sale_id
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.agents.collect_cash import earn_commission
from core.usecases.agents.notify_agent import notify_sold
from core.usecases.agents.pin import check_pin
from core.usecases.catalogue.choices import find_appliance
from core.usecases.customers.find import get_known
from core.usecases.devices.stock import hand_over, is_in_stock
from core.usecases.messages.queue import send_sms_to
from core.usecases.operators.audit import write_audit
from core.usecases.operators.bulk import RefusedEntries
from core.usecases.sales.allowed_plans import check_allowed
from core.usecases.sales.offer import (
    PlanOffer,
    ServiceOffer,
    Terms,
    figures_of,
    minor_of,
    offer_terms,
)
from core.usecases.sales.register_sales import SaleEntry, register_sales
from core.wording.message import BoundMessage
from core.wording.messages import agent_sms


@dataclass(frozen=True, slots=True)
class Sold:
    """It is sold; what was agreed goes to the customer by text."""


def sell_appliance(
    unit: Unit,
    msisdn: str,
    pin: str,
    customer: str,
    appliance: str,
    scheme: str,
    figure: int | Money,
    cadence: str,
    down: int | Money,
    once: str,
    serial: str | None = None,
) -> Sold | Refused:
    """Sell it to the customer with that number. Answers Refused for a wrong PIN; raises Refused
    customer_unknown and like `sell_by_agent`. `once` names the USSD turn: the same one again is the
    same sale."""
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    buyer = get_known(unit, customer)
    if serial is not None and is_in_stock(unit, serial):
        hand_over(unit, buyer, serial)
    terms = Terms(appliance, scheme, figure, cadence, down)
    commission = sell_by_agent(unit, agent, customer, terms, serial, once)
    notify_sold(unit, agent, buyer, appliance, commission, once)
    return Sold()


def sell_by_agent(
    unit: Unit, agent: Agent, customer: str, terms: Terms, serial: str | None, once: str
) -> Money:
    """The sale and the agent's commission on the whole price, which is returned.

    Raises Refused plan_not_allowed and like `write_sale`.
    """
    check_allowed(unit, terms)
    reference = f"agent:{agent.id}:{once}"
    offered = write_sale(unit, customer, terms, serial, reference, agent.id)
    price_minor = _price_minor(offered) if isinstance(offered, PlanOffer) else 0
    earned_minor = earn_commission(
        unit, agent, f"sale:{once}", price_minor, agent.commission_sales_bp
    )
    return Money(earned_minor, unit.market.currency)


def _price_minor(plan: PlanOffer) -> int:
    """Nothing is earned on use by the day: what is paid for it is a collection."""
    financed = plan.each.minor * (plan.parts - 1) + plan.last.minor
    return financed + plan.down_payment.minor


def sell_by_operator(
    unit: Unit, msisdn: str, terms: Terms, serial: str | None, operator: str, reason: str
) -> int:
    """The id of the sale, of today. The customer is told by text what was agreed.

    Raises Refused customer_unknown, reason_missing and like `write_sale`.
    """
    buyer = get_known(unit, msisdn)
    is_new_here = serial is not None and is_in_stock(unit, serial)
    reference = f"desk:{serial or buyer.id}:{unit.now.isoformat()}"
    write_sale(unit, msisdn, terms, serial, reference)
    if serial is not None and is_new_here:
        hand_over(unit, buyer, serial)
    sale_id = get_sale_id(unit.connection, reference)
    write_audit(
        unit, operator, "sell", "sale", sale_id, reason, appliance=terms.appliance, serial=serial
    )  # fmt: skip
    return sale_id


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
    send_sms_to(unit, customer, _agreed(unit, name, terms, offered), f"agreed:{reference}")


def _agreed(unit: Unit, name: str, terms: Terms, offered: PlanOffer | ServiceOffer) -> BoundMessage:
    operator = unit.market.operator
    if isinstance(offered, ServiceOffer):
        return agent_sms.agreed_service(appliance=name, operator=operator, **figures_of(offered))
    return agent_sms.agreed_plan(
        appliance=name, cadence=terms.cadence, operator=operator, **figures_of(offered)
    )
