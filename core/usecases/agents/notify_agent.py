"""What an agent is told by text of an act of their own: a call may break off before its answer."""

from __future__ import annotations

from core.agent import Agent
from core.customer import Customer
from core.money import Money
from core.names import mask_name
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.wording.message import BoundMessage
from core.wording.messages import agent_sms


def notify_registered(unit: Unit, agent: Agent, customer: Customer, serial: str) -> None:
    """The device is registered to the customer."""
    message = agent_sms.registered(
        serial=serial, owner=mask_name(customer.name, customer.surname), phone=customer.msisdn or ""
    )
    tell(unit, agent, message, f"agent_registered:{serial}:{unit.now.isoformat()}")


def notify_sold(
    unit: Unit, agent: Agent, customer: Customer, appliance: str, commission: Money, once: str
) -> None:
    """The appliance (by name) is sold, and what the agent earned by it."""
    message = agent_sms.sold(
        appliance=appliance,
        owner=mask_name(customer.name, customer.surname),
        commission=commission,
    )
    tell(unit, agent, message, f"agent_sold:{agent.id}:{once}")


def tell(unit: Unit, agent: Agent, message: BoundMessage, dedupe_key: str) -> None:
    """A text to an agent, in the agent's language."""
    send_sms_to(unit, agent, message, dedupe_key)
