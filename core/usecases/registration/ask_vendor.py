"""An agent registers a device that is not in stock: its vendor is asked whether it has it.

The question is a row that a worker asks while the agent goes on. Where the answer has not come when
the agent types the PIN, the registration is accepted and waits for it; the agent hears by SMS how
it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from core.agent import Agent
from core.db.agents import find_agent
from core.db.registration import devices_by_serial
from core.db.registration_requests import StoredRequest, store_request
from core.db.serial_checks import ask_serial, count_asked, state_of
from core.errors import Refused
from core.plan import PlanTerms
from core.unit import Unit
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice, find_asked_manufacturer

# An agent registers a few devices a day; who asks for more, or guesses, is stopped.
_ASKED_MAX = 40
_MISSED_MAX = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class AskedSerial:
    """The serial number that the agent typed."""

    serial: str


def is_vendor_to_ask(unit: Unit, device: NamedDevice) -> bool:
    """Whether a device is not registered and its vendor has not been asked about it yet."""
    if devices_by_serial(unit.connection, [device.serial]):
        return False
    asked = find_asked_manufacturer(unit, device)
    if asked is None:
        return False
    return state_of(unit.connection, device.serial, asked.manufacturer) in (None, "no_answer")


def ask_vendor(unit: Unit, msisdn: str, device: NamedDevice) -> AskedSerial:
    """Have the vendor of a device asked whether it has it, where it is not registered and the
    vendor can be asked.

    `msisdn` is the agent's number. Raises Refused: not_an_agent, too_many_guesses.
    """
    if devices_by_serial(unit.connection, [device.serial]):
        return AskedSerial(device.serial)
    asked = find_asked_manufacturer(unit, device)
    if asked is None:
        return AskedSerial(device.serial)
    agent = find_agent(unit.connection, msisdn)
    if agent is None:
        raise Refused("not_an_agent")
    if ask_serial(unit.connection, device.serial, asked, agent.id, None, unit.now):
        questions, missed = count_asked(unit.connection, agent.id, unit.now - _DAY)
        if questions > _ASKED_MAX or missed >= _MISSED_MAX:
            raise Refused("too_many_guesses")
        unit.wakes.add("vends")
    return AskedSerial(device.serial)


def keep_waiting(
    unit: Unit,
    agent: Agent,
    customer: NewCustomer,
    device: NamedDevice,
    tariff: str | None,
    terms: PlanTerms | None,
) -> None:
    """Store a registration that the agent confirmed until the vendor says whether it has the
    device. Raises Refused: too_many_guesses."""
    ask_vendor(unit, agent.msisdn or "", device)
    stored = StoredRequest(
        0,
        device.serial,
        customer.msisdn,
        customer.village or "",
        customer.name,
        customer.surname,
        tariff,
        terms,
    )
    store_request(unit.connection, agent.id, stored, unit.now, is_confirmed=True)
    unit.wakes.add("vends")
