"""A caller registers a device in stock without an agent, or requests one that needs an agent.

A device is ready when the operator has set a meter's tariff or another device's plan;
callers choose nothing. Any other device needs an agent, who gets an SMS about the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from core.customer import Customer
from core.db.agents import agents_for
from core.db.claims import SELF
from core.db.customers import find_customer
from core.db.registration import devices_by_serial, give_devices
from core.db.registration_requests import count_requests_of, store_device_request
from core.device import KnownDevice
from core.errors import Refused
from core.ownership import Handover
from core.plan_quote import Quote, ServiceQuote
from core.unit import Unit
from core.usecases.catalogue.choices import TariffOffer, list_tariffs
from core.usecases.customers.caller import read_caller
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import check_in_service, welcome_owner
from core.usecases.devices.vendor import check_served
from core.usecases.messages.queue import Recipient, new_key, send_sms_to
from core.usecases.registration.by_agent import RegisteredDevice
from core.usecases.registration.claims import check_claims
from core.usecases.registration.new_customer import find_or_register
from core.usecases.sales.quote import quote_offer
from core.usecases.sales.write_sales import write_sale
from core.wording.messages import agent_sms

# More requests of one number than a household has use for, in the time they are kept.
_REQUESTS_MAX = 5
_AGENTS_NOTIFIED = 3
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RegistrableDevice:
    """A device in stock, and the tariff or the plan that is set on it."""

    device: KnownDevice
    tariff: TariffOffer | None
    quote: Quote | None

    @property
    def offer(self) -> Literal["tariff", "plan", "service", "waits"]:
        """What it is given on; `service` is by the day, `waits`: an agent has to choose."""
        if self.tariff is not None:
            return "tariff"
        if self.quote is None:
            return "waits"
        return "service" if isinstance(self.quote, ServiceQuote) else "plan"


@dataclass(frozen=True, slots=True)
class DeviceRequested:
    """The serial of a device that waits for an agent."""

    serial: str


def find_registrable(unit: Unit, msisdn: str, serial: str) -> RegistrableDevice:
    """Return the device in stock with that serial, for a caller with that number.

    Raises Refused: unknown_serial, device_yours, device_taken, device_retired, vendor_not_set_up.
    """
    device = _find_device(unit, serial)
    if device.owner_id is not None:
        _check_free(device, find_customer(unit.connection, msisdn))
    return _registrable(unit, device)


def register_own_device(
    unit: Unit, customer: NewCustomer, serial: str, once: str
) -> RegisteredDevice:
    """Register a device that is ready to the caller, who is registered too where new.

    `once` names the USSD turn. Raises Refused: device_waits, and as `find_registrable`,
    `find_or_register`, `check_claims` and `write_sale`.
    """
    owner = find_or_register(unit, customer, keep_known=True)
    check_claims(unit, owner)
    device = _find_device(unit, serial, lock=True)
    _check_free(device, owner)
    registrable = _registrable(unit, device)
    if registrable.offer == "waits":
        raise Refused("device_waits", serial=serial)
    welcome_owner(unit, owner, device)
    if registrable.quote is not None:
        write_sale(unit, owner, registrable.quote, device, f"{SELF}{once}")
    else:
        handover = Handover(device.id, owner.id, unit.now, "registration")
        give_devices(unit.connection, [(handover, unit.today)], unit.today)
    return RegisteredDevice(serial)


def _find_device(unit: Unit, serial: str, *, lock: bool = False) -> KnownDevice:
    device = devices_by_serial(unit.connection, [serial], lock=lock).get(serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    check_in_service(device)
    check_served(device)
    return device


def _check_free(device: KnownDevice, caller: Customer | None) -> None:
    if device.owner_id is None:
        return
    is_theirs = caller is not None and caller.id == device.owner_id
    raise Refused("device_yours" if is_theirs else "device_taken", serial=device.serial)


def _registrable(unit: Unit, device: KnownDevice) -> RegistrableDevice:
    if device.kind == "meter":
        tariffs = {tariff.tariff: tariff for tariff in list_tariffs(unit)}
        return RegistrableDevice(device, tariffs.get(device.tariff or ""), None)
    return RegistrableDevice(device, None, quote_offer(unit, device.plan) if device.plan else None)


def request_device(unit: Unit, customer: NewCustomer, serial: str) -> DeviceRequested:
    """Request a device that is not ready; agents of the village find the request in their menu.

    Raises Refused: requests_many, and as `find_registrable`.
    """
    registrable = find_registrable(unit, customer.msisdn, serial)
    is_new = store_device_request(
        unit.connection,
        {
            "device_id": registrable.device.id,
            "msisdn": customer.msisdn,
            "name": customer.name,
            "surname": customer.surname,
            "village": customer.village or "",
            "asked_at": unit.now,
        },
    )
    if count_requests_of(unit.connection, customer.msisdn, unit.now - KEPT) > _REQUESTS_MAX:
        raise Refused("requests_many")
    if is_new:
        _notify_caller(unit, customer.msisdn, serial)
        _notify_agents(unit, customer.village or "", serial)
    return DeviceRequested(serial)


def _notify_caller(unit: Unit, msisdn: str, serial: str) -> None:
    message = agent_sms.request_received(serial=serial, operator=unit.market.operator)
    caller = Recipient(msisdn, read_caller(unit, msisdn).language)
    send_sms_to(unit, caller, message, f"device_request:{serial}:{new_key()}")


def _notify_agents(unit: Unit, village: str, serial: str) -> None:
    """Send some agents of the village an SMS about the request, each at most one a day."""
    message = agent_sms.request_waiting(serial=serial, service_code=unit.market.service_code)
    for agent_id, msisdn, language in agents_for(unit.connection, village, _AGENTS_NOTIFIED):
        dedupe_key = f"request_waiting:{agent_id}:{unit.today}"
        send_sms_to(unit, Recipient(msisdn, language), message, dedupe_key)
