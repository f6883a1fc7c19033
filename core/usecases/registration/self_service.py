"""Somebody registers a device in stock themselves, or asks for one that is not ready for that.

Ready means that the operator has set a meter's tariff or a kit's plan (domain 2); nothing is chosen
here. Everything else waits for an agent, and is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from core.customer import Customer
from core.db.agents import agents_for
from core.db.customers import find_customer
from core.db.registration import devices_by_serial, give_devices
from core.db.registration_requests import count_requests_of, store_device_request
from core.device import KnownDevice
from core.errors import Refused
from core.unit import Unit
from core.usecases.catalogue.choices import TariffOffer, list_tariffs
from core.usecases.customers.caller import read_caller
from core.usecases.devices.stock import check_in_service, hand_over
from core.usecases.messages.queue import queue_sms
from core.usecases.registration.by_agent import RegisteredDevice, find_or_register
from core.usecases.sales.allowed_plans import Allowed, AllowedService, find_plan_set_on
from core.usecases.sales.sell import write_sale
from core.wording.messages import agent_sms

# Requests of one number in the time they are kept for; more is nobody's household.
_REQUESTS_MAX = 5
_AGENTS_TOLD = 3
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RegistrableDevice:
    """A device in stock and on which terms it can be had: `tariff`, `plan` or `service` (by the
    day), or `waits`."""

    device: KnownDevice
    tariff: TariffOffer | None
    plan: Allowed | None

    @property
    def terms(self) -> Literal["tariff", "plan", "service", "waits"]:
        if self.tariff is not None:
            return "tariff"
        if self.plan is None:
            return "waits"
        return "service" if isinstance(self.plan, AllowedService) else "plan"


@dataclass(frozen=True, slots=True)
class DeviceRequested:
    """The serial that waits for an agent."""

    serial: str


def find_registrable(
    unit: Unit, msisdn: str, serial: str, *, lock: bool = False
) -> RegistrableDevice:
    """The device and its terms. Raises Refused unknown_serial, device_yours, device_taken,
    device_retired."""
    device = devices_by_serial(unit.connection, [serial], lock=lock).get(serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    check_in_service(device)
    if device.owner_id is not None:
        customer = find_customer(unit.connection, msisdn)
        is_theirs = customer is not None and customer.id == device.owner_id
        raise Refused("device_yours" if is_theirs else "device_taken", serial=serial)
    if device.kind == "meter":
        begun = {tariff.tariff: tariff for tariff in list_tariffs(unit)}
        return RegistrableDevice(device, begun.get(device.tariff or ""), None)
    return RegistrableDevice(device, None, find_plan_set_on(unit, serial))


def register_own_device(
    unit: Unit, msisdn: str, name: str, surname: str, village: str, serial: str, once: str
) -> RegisteredDevice:
    """Make a device that is ready the caller's, who is registered now where a name is given.

    Raises Refused like `find_registrable`, and device_waits, customer_unknown, differs.
    """
    customer = _caller(unit, msisdn, name, surname, village)
    registrable = find_registrable(unit, msisdn, serial, lock=True)
    if registrable.terms == "waits":
        raise Refused("device_waits", serial=serial)
    hand_over(unit, customer, serial)
    if registrable.plan is not None:
        write_sale(unit, msisdn, registrable.plan, serial, f"self:{once}")
    else:
        give_devices(unit.connection, [(registrable.device.id, customer.id, unit.today)])
    return RegisteredDevice(serial)


def request_device(
    unit: Unit, msisdn: str, name: str, surname: str, village: str, serial: str
) -> DeviceRequested:
    """Ask for a device that is not ready; an agent finds the request in the menu.

    Raises Refused like `find_registrable`, and requests_many.
    """
    registrable = find_registrable(unit, msisdn, serial)
    is_new = store_device_request(
        unit.connection,
        {
            "device_id": registrable.device.id,
            "msisdn": msisdn,
            "name": name,
            "surname": surname,
            "village": village,
            "asked_at": unit.now,
        },
    )
    if count_requests_of(unit.connection, msisdn, unit.now - KEPT) > _REQUESTS_MAX:
        raise Refused("requests_many")
    if is_new:
        _tell_waiting(unit, msisdn, serial)
        _tell_agents(unit, village, serial)
    return DeviceRequested(serial)


def _caller(unit: Unit, msisdn: str, name: str, surname: str, village: str) -> Customer:
    known = find_customer(unit.connection, msisdn)
    if known is not None:
        return known
    language = read_caller(unit, msisdn).language
    return find_or_register(unit, msisdn, name, surname, village, language)


def _tell_agents(unit: Unit, village: str, serial: str) -> None:
    """Some agents of the village hear that somebody waits, each at most once a day."""
    message = agent_sms.request_waiting(serial=serial, service_code=unit.market.service_code)
    for agent_id, msisdn, language in agents_for(unit.connection, village, _AGENTS_TOLD):
        dedupe_key = f"somebody_waits:{agent_id}:{unit.today}"
        queue_sms(unit, message, msisdn=msisdn, language=language, dedupe_key=dedupe_key)


def _tell_waiting(unit: Unit, msisdn: str, serial: str) -> None:
    queue_sms(
        unit,
        agent_sms.request_received(serial=serial, operator=unit.market.operator),
        msisdn=msisdn,
        language=read_caller(unit, msisdn).language,
        dedupe_key=f"device_request:{msisdn}:{serial}:{unit.now.isoformat()}",
    )
