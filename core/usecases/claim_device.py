"""Somebody registers a device in stock themselves, or asks for one that is not ready for that.

Ready means that the operator has set a meter's tariff or a kit's plan (domain 2); nothing is chosen
here. Everything else waits for an agent, and is told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from core.db.customers import Customer, find_customer
from core.db.device_requests import count_requests_of, store_device_request
from core.db.registration import KnownDevice, devices_by_serial, give_devices
from core.errors import Refused
from core.unit import Unit
from core.usecases.allowed_plans import AllowedPlan, find_plan_set_on
from core.usecases.entries import RefusedEntries
from core.usecases.offer import TariffOffer, list_tariffs, minor_of
from core.usecases.read_caller import read_caller
from core.usecases.register_sales import SaleEntry, register_sales
from core.usecases.register_with_device import RegisteredDevice, find_or_register, tell_welcome
from core.usecases.texts import queue_text
from core.wording.messages import agent_sms

# Requests of one number in the time they are kept for; more is nobody's household.
_REQUESTS_MAX = 5
KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Claimable:
    """A device in stock and on which terms it can be had: `tariff` or `plan`, or `waits`."""

    device: KnownDevice
    tariff: TariffOffer | None
    plan: AllowedPlan | None

    @property
    def terms(self) -> Literal["tariff", "plan", "waits"]:
        if self.tariff is not None:
            return "tariff"
        return "plan" if self.plan is not None else "waits"


@dataclass(frozen=True, slots=True)
class DeviceRequested:
    """The serial that waits for an agent."""

    serial: str


def find_claimable(unit: Unit, msisdn: str, serial: str, *, lock: bool = False) -> Claimable:
    """The device and its terms. Raises Refused unknown_serial, device_yours, device_taken."""
    device = devices_by_serial(unit.connection, [serial], lock=lock).get(serial)
    if device is None:
        raise Refused("unknown_serial", serial=serial)
    if device.owner_id is not None:
        customer = find_customer(unit.connection, msisdn)
        is_theirs = customer is not None and customer.id == device.owner_id
        raise Refused("device_yours" if is_theirs else "device_taken", serial=serial)
    if device.kind == "meter":
        begun = {one.tariff: one for one in list_tariffs(unit)}
        return Claimable(device, begun.get(device.tariff or ""), None)
    return Claimable(device, None, find_plan_set_on(unit, serial))


def claim_device(
    unit: Unit, msisdn: str, name: str, surname: str, village: str, serial: str, once: str
) -> RegisteredDevice:
    """Make a device that is ready the caller's, who is registered now where a name is given.

    Raises Refused like `find_claimable`, and device_waits, customer_unknown, differs.
    """
    customer = _caller(unit, msisdn, name, surname, village)
    claimable = find_claimable(unit, msisdn, serial, lock=True)
    if claimable.terms == "waits":
        raise Refused("device_waits", serial=serial)
    if claimable.plan is not None:
        _sell(unit, msisdn, serial, claimable.plan, once)
    else:
        give_devices(unit.connection, [(claimable.device.id, customer.id, unit.today)])
    tell_welcome(unit, customer, serial)
    return RegisteredDevice(serial)


def request_device(
    unit: Unit, msisdn: str, name: str, surname: str, village: str, serial: str
) -> DeviceRequested:
    """Ask for a device that is not ready; an agent finds the request in the menu.

    Raises Refused like `find_claimable`, and requests_many.
    """
    claimable = find_claimable(unit, msisdn, serial)
    is_new = store_device_request(
        unit.connection,
        {
            "device_id": claimable.device.id,
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
    return DeviceRequested(serial)


def _caller(unit: Unit, msisdn: str, name: str, surname: str, village: str) -> Customer:
    known = find_customer(unit.connection, msisdn)
    if known is not None:
        return known
    language = read_caller(unit, msisdn).language
    return find_or_register(unit, msisdn, name, surname, village, language)


def _sell(unit: Unit, msisdn: str, serial: str, plan: AllowedPlan, once: str) -> None:
    by_count = isinstance(plan.figure, int)
    entry = SaleEntry(
        owner_msisdn=msisdn,
        appliance=plan.appliance,
        scheme=plan.scheme,
        sold_on=unit.today,
        serial=serial,
        down_payment_minor=minor_of(plan.down),
        count=minor_of(plan.figure) if by_count else None,
        instalment_minor=None if by_count else minor_of(plan.figure),
        cadence=plan.cadence,
        reference=f"self:{once}",
    )
    try:
        register_sales(unit, [entry])
    except RefusedEntries as refused:
        raise refused.refusals[0][1] from None


def _tell_waiting(unit: Unit, msisdn: str, serial: str) -> None:
    queue_text(
        unit,
        agent_sms.request_waits(serial=serial, operator=unit.market.operator),
        msisdn=msisdn,
        language=read_caller(unit, msisdn).language,
        occasion=f"device_request:{msisdn}:{serial}:{unit.now.isoformat()}",
    )
