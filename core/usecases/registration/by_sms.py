"""An agent asks for a registration by SMS, and confirms it from the menu with the PIN.

A PIN never travels by SMS, so the SMS only stores what is wanted, after checking it as
far as possible; nothing is registered before `confirm_registration`. A request that has become
impossible since can only be dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from core.agent import Agent
from core.db.agents import find_agent
from core.db.customers import find_customer
from core.db.registration_requests import (
    StoredRequest,
    code_like,
    delete_request,
    requests_of,
    store_request,
)
from core.db.tables.catalogue import tariffs
from core.device import KnownDevice
from core.errors import Refused
from core.names import mask_name
from core.plan_quote import Quote
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.agents.pin import check_pin
from core.usecases.catalogue.choices import TariffOffer, find_village, list_tariffs
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.devices.stock import NamedDevice, VendorAsked, check_product, find_unassigned
from core.usecases.registration.ask_vendor import ask_vendor, keep_waiting
from core.usecases.registration.by_agent import (
    NewMeter,
    RegisteredDevice,
    give_meter,
    sell_from_stock,
)
from core.usecases.registration.new_customer import find_or_register
from core.usecases.sales.allowed_plans import parse_terms
from core.usecases.sales.quote import quote_allowed
from core.usecases.sales.sell import NewSale

# How long a request waits for its PIN.
KEPT = timedelta(days=7)
_NAME_MAX = 30


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """A registration as read from an SMS. The customer's name may be empty for a known number.

    `terms`: the code of a tariff, or plan terms as `parse_terms` reads them.
    """

    serial: str
    customer: NewCustomer
    terms: str


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A registration that waits for the PIN. `owner`: the name, masked for a known customer.
    Another SMS for the same device has another `request_id`."""

    request_id: int
    serial: str
    phone: str
    owner: str


@dataclass(frozen=True, slots=True)
class DroppedRequest:
    """The serial of a registration that is no longer wanted."""

    serial: str


def store_registration_request(
    unit: Unit, agent_msisdn: str, request: RegistrationRequest
) -> tuple[PendingRequest, TariffOffer | Quote]:
    """Check and store a registration. Return it as it would be done now.

    Raises Refused: not_an_agent, village_unknown, name_missing, tariff_unknown, kind_differs,
    product_differs, and as `find_unassigned`, `parse_terms` and `quote_allowed`.
    """
    agent = _agent(unit, agent_msisdn)
    device = find_unassigned(unit, normalise_serial(request.serial))
    ask_vendor(unit, agent_msisdn, NamedDevice(device.serial))
    customer = request.customer
    village = find_village(unit, customer.village, agent_msisdn) if customer.village else ""
    offer = _offer_as_typed(unit, device, request.terms)
    if not customer.name and find_customer(unit.connection, customer.msisdn) is None:
        raise Refused("name_missing")
    stored = StoredRequest(
        0,
        device.serial,
        customer.msisdn,
        village,
        customer.name[:_NAME_MAX],
        customer.surname[:_NAME_MAX],
        offer.tariff if isinstance(offer, TariffOffer) else None,
        None if isinstance(offer, TariffOffer) else offer.terms,
    )
    request_id = store_request(unit.connection, agent.id, stored, unit.now)
    return _pending(unit, replace(stored, request_id=request_id)), offer


def list_registration_requests(unit: Unit, agent_msisdn: str) -> list[PendingRequest]:
    """Return what the agent asked for and has not confirmed, the newest first.

    Raises Refused("not_an_agent").
    """
    agent = _agent(unit, agent_msisdn)
    return [_pending(unit, request) for request in _requests_of(unit, agent)]


def get_registration_request(
    unit: Unit, agent_msisdn: str, request_id: int
) -> tuple[PendingRequest, TariffOffer | Quote]:
    """Return a registration that waits for the PIN, as it would be done now.

    Raises Refused: not_an_agent, no_such_request, and the reason why it is not possible any more.
    """
    request = _stored(unit, _agent(unit, agent_msisdn), request_id)
    device = find_unassigned(unit, request.serial)
    offer = _offer(unit, request)
    _check_product(unit, device, offer)
    return _pending(unit, request), offer


def confirm_registration(
    unit: Unit, msisdn: str, pin: str, request_id: int, once: str
) -> RegisteredDevice | Refused:
    """Register what the agent asked for and was shown. Returns Refused for a wrong PIN.

    `once` names the USSD turn. Raises Refused: not_an_agent, no_such_request (also where another
    SMS for the device came since), and as
    `find_or_register`, `give_meter` and `sell_from_stock`.
    """
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    request = _stored(unit, agent, request_id)
    customer = NewCustomer(
        request.phone, request.name, request.surname, request.village, agent.language
    )
    device = NamedDevice(request.serial)
    try:
        with unit.connection.begin_nested():
            owner = find_or_register(unit, customer, keep_known=True)
            delete_request(unit.connection, agent.id, request.serial)
            if request.terms is None:
                return give_meter(unit, agent, owner, NewMeter(device, request.tariff))
            return sell_from_stock(unit, agent, owner, NewSale(request.terms, device), once)
    except VendorAsked:
        keep_waiting(unit, agent, customer, device, request.tariff, request.terms)
        return RegisteredDevice(request.serial, is_waiting=True)


def drop_registration_request(unit: Unit, msisdn: str, request_id: int) -> DroppedRequest:
    """Delete a registration that the agent no longer wants. Raises Refused: not_an_agent,
    no_such_request."""
    agent = _agent(unit, msisdn)
    request = _stored(unit, agent, request_id)
    delete_request(unit.connection, agent.id, request.serial)
    return DroppedRequest(request.serial)


def _agent(unit: Unit, msisdn: str) -> Agent:
    agent = find_agent(unit.connection, msisdn)
    if agent is None:
        raise Refused("not_an_agent")
    return agent


def _requests_of(unit: Unit, agent: Agent) -> list[StoredRequest]:
    return requests_of(unit.connection, agent.id, unit.now - KEPT, unit.market.currency)


def _stored(unit: Unit, agent: Agent, request_id: int) -> StoredRequest:
    for request in _requests_of(unit, agent):
        if request.request_id == request_id:
            return request
    raise Refused("no_such_request")


def _pending(unit: Unit, request: StoredRequest) -> PendingRequest:
    known = find_customer(unit.connection, request.phone)
    owner = f"{request.name} {request.surname}".strip()
    if known is not None:
        owner = mask_name(known.name, known.surname)
    return PendingRequest(request.request_id, request.serial, request.phone, owner)


def _offer(unit: Unit, request: StoredRequest) -> TariffOffer | Quote:
    if request.terms is not None:
        return quote_allowed(unit, request.terms)
    return _tariff(unit, request.tariff or "")


def _offer_as_typed(
    unit: Unit, device: KnownDevice | NamedDevice, typed: str
) -> TariffOffer | Quote:
    """Return the tariff or the plan that is meant, once quoted so that it is refused now."""
    if device.kind == "meter":
        return _tariff(unit, code_like(unit.connection, tariffs, typed) or typed)
    quote = quote_allowed(unit, parse_terms(unit, typed))
    _check_product(unit, device, quote)
    return quote


def _check_product(
    unit: Unit, device: KnownDevice | NamedDevice, offer: TariffOffer | Quote
) -> None:
    """Raises Refused: kind_differs, product_differs."""
    if isinstance(device, KnownDevice) and not isinstance(offer, TariffOffer):
        check_product(unit, device, offer.item)


def _tariff(unit: Unit, code: str) -> TariffOffer:
    """Return the tariff with that code, if it has begun. Raises Refused("tariff_unknown")."""
    for tariff in list_tariffs(unit):
        if tariff.tariff == code:
            return tariff
    raise Refused("tariff_unknown", typed=code)
