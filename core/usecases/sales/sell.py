"""Sell an appliance on a plan or by the day to a known customer, by an agent or an operator."""

from __future__ import annotations

from dataclasses import dataclass

from core.agent import Agent
from core.clock import SAME_AGAIN_WITHIN
from core.customer import Customer
from core.db.registration import devices_by_serial
from core.db.same_again import find_sale_beside, find_same_sale
from core.device import KnownDevice
from core.errors import Refused
from core.money import Money
from core.plan import PlanTerms
from core.plan_quote import Quote
from core.unit import Unit
from core.usecases.agents.commission import earn_on_sale
from core.usecases.agents.notify_agent import notify_sold
from core.usecases.agents.pin import check_pin
from core.usecases.customers.caller import get_known
from core.usecases.devices.stock import NamedDevice, welcome_owner
from core.usecases.operators.audit import write_audit
from core.usecases.sales.quote import quote_allowed, quote_terms
from core.usecases.sales.write_sales import write_sale


@dataclass(frozen=True, slots=True)
class NewSale:
    """What is sold, and on which terms. `device` is None for an appliance without a serial.

    `is_second`: the agent says that it is another one than was sold to the customer before.
    """

    terms: PlanTerms
    device: NamedDevice | None = None
    is_second: bool = False


@dataclass(frozen=True, slots=True)
class Sold:
    """What was sold, and the time of day. What was agreed goes to the customer by SMS.

    `is_repeat`: nothing was sold, because the same appliance was sold to the same customer minutes
    before, at that time. The agent is asked whether to sell another.
    """

    name: str
    at: str
    is_repeat: bool = False


def sell_by_agent(
    unit: Unit, msisdn: str, pin: str, phone: str, sale: NewSale, once: str
) -> Sold | Refused:
    """Sell to the customer with the number `phone`. Returns Refused for a wrong PIN.

    `msisdn` is the agent's number. `once` names the USSD turn: the same again is the same sale.
    Raises Refused: customer_unknown, unknown_serial, and as `sell_allowed`.
    """
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    customer = get_known(unit, phone, lock=True)
    device = find_sold_device(unit, sale)
    if device is None and not sale.is_second:
        earlier = _find_earlier(unit, customer, sale.terms)
        if earlier is not None:
            return earlier
    elif device is not None and device.is_in_stock:
        welcome_owner(unit, customer, device)
    quote, commission = sell_allowed(unit, agent, customer, sale.terms, device, once)
    notify_sold(unit, agent, customer, quote.item.name, commission, once)
    return Sold(quote.item.name, unit.market.local_time(unit.now))


def _find_earlier(unit: Unit, customer: Customer, terms: PlanTerms) -> Sold | None:
    """Return the sale of the same appliance to the locked customer minutes before."""
    since = unit.now - SAME_AGAIN_WITHIN
    earlier = find_same_sale(unit.connection, customer.id, terms.appliance, since)
    if earlier is None:
        return None
    name, sold_at = earlier
    return Sold(name, unit.market.local_time(sold_at), is_repeat=True)


def find_sale_before(unit: Unit, sale_id: int) -> str | None:
    """Return the time of day of another sale of the same appliance to the same customer, minutes
    before that one, if there is one."""
    sold_at = find_sale_beside(unit.connection, sale_id, unit.now - SAME_AGAIN_WITHIN)
    return None if sold_at is None else unit.market.local_time(sold_at)


def sell_allowed(
    unit: Unit,
    agent: Agent,
    customer: Customer,
    terms: PlanTerms,
    device: KnownDevice | None,
    once: str,
) -> tuple[Quote, Money]:
    """Sell on terms that an agent may sell by. Return the quote, and the agent's commission.

    Agent, customer and device are locked. Raises Refused as `quote_allowed` and `write_sale`.
    """
    quote = quote_allowed(unit, terms)
    reference = f"agent:{agent.id}:{once}"
    sale_id = write_sale(unit, customer, quote, device, reference, agent.id)
    # Use by the day earns nothing here: what is paid for it is a collection.
    return quote, earn_on_sale(unit, agent, sale_id, quote.total_minor)


def sell_by_operator(unit: Unit, phone: str, sale: NewSale, operator: str, reason: str) -> int:
    """Sell to the customer with that number. Return the id of the sale, of today.

    The customer gets an SMS that says what was agreed. Raises Refused: customer_unknown,
    unknown_serial, reason_missing, and as `quote_terms` and `write_sale`.
    """
    customer = get_known(unit, phone, lock=True)
    device = find_sold_device(unit, sale)
    serial = device.serial if device else None
    reference = f"operator:{serial or customer.id}:{unit.now.isoformat()}"
    quote = quote_terms(unit, sale.terms)
    sale_id = write_sale(unit, customer, quote, device, reference)
    if device is not None and device.is_in_stock:
        welcome_owner(unit, customer, device)
    write_audit(
        unit, operator, "sell", "sale", sale_id, reason, appliance=quote.appliance, serial=serial
    )
    return sale_id


def find_sold_device(unit: Unit, sale: NewSale) -> KnownDevice | None:
    """Return the device that is sold, locked. Raises Refused("unknown_serial")."""
    if sale.device is None:
        return None
    serial = sale.device.serial
    device = devices_by_serial(unit.connection, [serial], lock=True).get(serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    return device
