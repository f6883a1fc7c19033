"""What vendors say of serial numbers, and the registrations that wait for it."""

from __future__ import annotations

from datetime import timedelta

from core.agent import Agent
from core.db.agents import agent_with_id
from core.db.registration_requests import StoredRequest, claim_answered
from core.db.serial_checks import SerialCheck as SerialCheck
from core.db.serial_checks import ask_later, claim_checks, record_answer
from core.errors import BrokenInvariant, Refused
from core.unit import Unit
from core.usecases.agents.notify_agent import notify_agent
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice
from core.usecases.registration.by_agent import NewMeter, give_meter, sell_from_stock
from core.usecases.registration.new_customer import find_or_register
from core.usecases.sales.sell import NewSale
from core.vend import CheckAnswer, DeviceFound, DeviceNotFound
from core.wording.message import BoundMessage
from core.wording.messages import agent_sms

# A vendor that is away is asked again, later each time, for a day.
_LEASE = timedelta(minutes=3)
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(minutes=30)
_PATIENCE = timedelta(days=1)


def claim_serial_checks(unit: Unit, account: tuple[str, str], limit: int) -> list[SerialCheck]:
    """Claim up to `limit` questions for an account with a vendor (vendor, name)."""
    return claim_checks(unit.connection, account, unit.now, unit.now + _LEASE, limit)


def serial_answered(unit: Unit, check: SerialCheck, answer: CheckAnswer) -> None:
    """Store what a vendor said, or have it asked again where it said nothing."""
    match answer:
        case DeviceFound(words):
            record_answer(unit.connection, check.id, "found", words, unit.now)
        case DeviceNotFound(words):
            record_answer(unit.connection, check.id, "not_found", words, unit.now)
        case _ if unit.now - check.asked_at >= _PATIENCE:
            record_answer(unit.connection, check.id, "no_answer", answer.words, unit.now)
        case _:
            pause = min(_FIRST_PAUSE * 2 ** min(check.attempts - 1, 5), _LONGEST_PAUSE)
            ask_later(unit.connection, check.id, unit.now + pause)


def complete_registration(unit: Unit) -> int:
    """Complete, or refuse, one registration whose vendor has answered, and send the agent an SMS.
    Returns how many: 0 where none is left."""
    claimed = claim_answered(unit.connection, unit.market.currency)
    if claimed is None:
        return 0
    request = claimed.request
    agent = agent_with_id(unit.connection, claimed.agent_id, lock=True)
    if agent is None:
        raise BrokenInvariant(f"a registration of no agent: {claimed.agent_id}")
    if claimed.state == "not_found":
        _notify(unit, agent, request, agent_sms.not_at_vendor(serial=request.serial))
    elif claimed.state == "no_answer":
        _notify(unit, agent, request, agent_sms.vendor_silent(serial=request.serial))
    else:
        device = NamedDevice(request.serial, claimed.kind, claimed.manufacturer)
        _register(unit, agent, request, device)
    return 1


def _register(unit: Unit, agent: Agent, request: StoredRequest, device: NamedDevice) -> None:
    customer = NewCustomer(
        request.phone, request.name, request.surname, request.village, agent.language
    )
    try:
        with unit.connection.begin_nested():
            owner = find_or_register(unit, customer, keep_known=True)
            if request.terms is None:
                give_meter(unit, agent, owner, NewMeter(device, request.tariff))
            else:
                once = f"waited:{request.request_id}"
                sell_from_stock(unit, agent, owner, NewSale(request.terms, device), once)
    except Refused:
        _notify(unit, agent, request, agent_sms.not_registered(serial=request.serial))


def _notify(unit: Unit, agent: Agent, request: StoredRequest, message: BoundMessage) -> None:
    notify_agent(unit, agent, message, f"vendor_answered:{request.request_id}")
