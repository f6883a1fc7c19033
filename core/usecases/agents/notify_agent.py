"""SMS to agents about their own actions, because a USSD session may break off before its answer."""

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
    """Tell the agent that the device is registered to the customer."""
    message = agent_sms.registered(
        serial=serial, owner=mask_name(customer.name, customer.surname), phone=customer.msisdn or ""
    )
    notify_agent(unit, agent, message, f"agent_registered:{serial}:{unit.now.isoformat()}")


def notify_sold(
    unit: Unit, agent: Agent, customer: Customer, appliance: str, commission: Money, once: str
) -> None:
    """Tell the agent that the appliance (by name) is sold, and the commission earned."""
    message = agent_sms.sold(
        appliance=appliance,
        owner=mask_name(customer.name, customer.surname),
        commission=commission,
    )
    notify_agent(unit, agent, message, f"agent_sold:{agent.id}:{once}")


def notify_agent(unit: Unit, agent: Agent, message: BoundMessage, dedupe_key: str) -> None:
    """Queue an SMS to an agent, in the agent's language; none to one who was forgotten."""
    if agent.is_forgotten:
        return
    send_sms_to(unit, agent, message, dedupe_key)
