"""An agent sells an appliance on a plan, to a customer who is known."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.agents import Agent
from core.errors import Refused
from core.money import Money
from core.unit import Unit
from core.usecases.allowed_plans import check_allowed
from core.usecases.check_pin import check_pin
from core.usecases.collect_cash import earn_commission
from core.usecases.entries import RefusedEntries
from core.usecases.offer import minor_of, offer_plan
from core.usecases.register_sales import SaleEntry, register_sales


@dataclass(frozen=True, slots=True)
class Plan:
    """What was agreed: `figure` is how many instalments (count) or how much each (amount)."""

    appliance: str
    scheme: str
    figure: int | Money
    cadence: str
    down: int | Money
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class Sold:
    """How many instalments, and how much each."""

    parts: int
    each: Money


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
    """Sell it to the customer with that number. Refuses like `write_sale`; answers Refused for a
    wrong PIN. `once` names the USSD turn: the same one again is the same sale."""
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    plan = Plan(appliance, scheme, figure, cadence, down, serial)
    return write_sale(unit, agent, customer, plan, once)


def write_sale(unit: Unit, agent: Agent, customer: str, plan: Plan, once: str) -> Sold:
    """The sale with its plan, its entry and the agent's commission on the whole price.

    Raises Refused plan_not_allowed, plan_* and like `register_sales`.
    """
    check_allowed(unit, plan.appliance, plan.scheme, plan.figure, plan.cadence, plan.down)
    offered = offer_plan(unit, plan.appliance, plan.scheme, plan.figure, plan.cadence, plan.down)
    entry = SaleEntry(
        owner_msisdn=customer,
        appliance=plan.appliance,
        scheme=plan.scheme,
        sold_on=unit.today,
        serial=plan.serial,
        down_payment_minor=minor_of(plan.down),
        count=plan.figure if isinstance(plan.figure, int) else None,
        instalment_minor=plan.figure.minor if isinstance(plan.figure, Money) else None,
        cadence=plan.cadence,
        reference=f"agent:{agent.id}:{once}",
        agent_id=agent.id,
    )
    try:
        register_sales(unit, [entry])
    except RefusedEntries as refused:
        raise refused.refusals[0][1] from None
    financed = offered.each.minor * (offered.parts - 1) + offered.last.minor
    total_minor = financed + offered.down_payment.minor
    earn_commission(unit, agent, f"sale:{once}", total_minor, agent.commission_sales_bp)
    return Sold(offered.parts, offered.each)
