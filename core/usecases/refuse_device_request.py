"""An agent does not grant somebody the device they asked for; they are told."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.device_requests import delete_device_request
from core.unit import Unit
from core.usecases.hand_over import tell_not_granted
from core.usecases.list_device_requests import get_device_request


@dataclass(frozen=True, slots=True)
class NotGranted:
    """The serial that was asked for."""

    serial: str


def refuse_device_request(unit: Unit, msisdn: str, request: int) -> NotGranted:
    """End a request that this agent sees. Raises Refused("no_such_request")."""
    asked = get_device_request(unit, msisdn, request)
    delete_device_request(unit.connection, request)
    tell_not_granted(unit, asked.phone, asked.serial)
    return NotGranted(asked.serial)
