"""What waits for an agent: people who asked for a device in stock from their own phones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.db.agents import find_agent
from core.db.customers import find_customer
from core.db.device_requests import StoredDeviceRequest, device_requests
from core.errors import Refused
from core.names import mask_name
from core.unit import Unit
from core.usecases.claim_device import KEPT


@dataclass(frozen=True, slots=True)
class DeviceRequest:
    """Who wants which device. `owner` is the name, masked for a customer who is known; a new one's
    `name`, `surname` and `village` are as they typed them, else empty."""

    request: int
    serial: str
    kind: str
    maker: str
    phone: str
    owner: str
    name: str
    surname: str
    village: str


def list_device_requests(unit: Unit, agent_msisdn: str) -> Sequence[DeviceRequest]:
    """The newest requests of the agent's villages, for devices that are still in stock."""
    agent = find_agent(unit.connection, agent_msisdn)
    villages = agent.villages if agent else []
    stored = device_requests(unit.connection, unit.now - KEPT, villages)
    return [_request(unit, one) for one in stored]


def get_device_request(unit: Unit, agent_msisdn: str, request: int) -> DeviceRequest:
    """One of them. Raises Refused("no_such_request") when it was served meanwhile."""
    for one in list_device_requests(unit, agent_msisdn):
        if one.request == request:
            return one
    raise Refused("no_such_request")


def _request(unit: Unit, stored: StoredDeviceRequest) -> DeviceRequest:
    known = find_customer(unit.connection, stored.msisdn)
    who = (
        (mask_name(known.name, known.surname), "", "", "")
        if known
        else (
            f"{stored.name} {stored.surname}",
            stored.name,
            stored.surname,
            stored.village,
        )
    )
    return DeviceRequest(
        stored.id, stored.serial, stored.kind, stored.manufacturer, stored.msisdn, *who
    )
