"""An agent sells an appliance on a plan or by the day, to a customer who is known."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.agents import Agent
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.allowed_plans import check_allowed
from core.usecases.check_pin import check_pin
from core.usecases.collect_cash import earn_commission
from core.usecases.hand_over import hand_over
from core.usecases.look_up_customer import get_known
from core.usecases.offer import PlanOffer, Terms
from core.usecases.stock import is_in_stock
from core.usecases.tell_agent import tell_sold
from core.usecases.write_sale import write_sale


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
    tell_sold(unit, agent, buyer, appliance, commission, once)
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
