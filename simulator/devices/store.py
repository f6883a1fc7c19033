"""The states of the virtual devices, one row each.

A device starts with the secret and counter that the gateway's database holds for it. After that
only the tokens typed on it change it, and the credit that its vendor's stand-in pushes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from core.serial_number import parse_serial
from core.tokens.family import DeviceSecret
from simulator.devices import virtual_device
from simulator.runtime import SimulatorRuntime

# serial -> (kind, secret, initial count), or None for an unknown serial number.
DeviceSource = Callable[[str], tuple[str, DeviceSecret, int] | None]


class UnknownDevice(LookupError):
    """The gateway has no device with that serial number."""


def read_device(runtime: SimulatorRuntime, source: DeviceSource, serial: str) -> dict[str, Any]:
    """The device's kind, display and front. Raises UnknownDevice."""
    serial, kind, secret, count = _look_up(source, serial)
    with runtime.engine.begin() as connection:
        state = _lock_state(connection, serial, kind, secret, count)
    return {"kind": kind} | _what_it_shows(state, secret)


def enter_device_token(
    runtime: SimulatorRuntime, source: DeviceSource, serial: str, token: str
) -> dict[str, Any]:
    """Type a token on the device: `accepted`, `reason` where it was not, kind, display, front.

    Raises UnknownDevice.
    """
    serial, kind, secret, count = _look_up(source, serial)
    with runtime.engine.begin() as connection:
        state = _lock_state(connection, serial, kind, secret, count)
        state, accepted, reason = virtual_device.enter_token(state, token, secret)
        store_state(connection, serial, state)
    outcome = {"accepted": accepted} | ({} if accepted else {"reason": reason})
    return outcome | {"kind": kind} | _what_it_shows(state, secret)


def _what_it_shows(state: dict[str, Any], secret: DeviceSecret) -> dict[str, Any]:
    return virtual_device.display(state) | virtual_device.front(state, secret)


def lock_vended_device(connection: Connection, serial: str, vendor: str) -> dict[str, Any]:
    """The state of a device that a vendor serves, locked: before its server vends to it."""
    return _lock_state(connection, serial, vendor, DeviceSecret(serial, vendor), 0)


def store_state(connection: Connection, serial: str, state: dict[str, Any]) -> None:
    """Store the state of a device that is locked."""
    connection.execute(_UPDATE, {"serial": serial, "state": state})


def _look_up(source: DeviceSource, serial: str) -> tuple[str, str, DeviceSecret, int]:
    """The serial number as it is stored, kind, secret and initial count.

    Called before our own transaction opens, because `source` uses a database session of its own.
    """
    try:
        serial = parse_serial(serial)
    except ValueError as error:
        raise UnknownDevice(str(error)) from None
    device = source(serial)
    if device is None:
        raise UnknownDevice(f"no device {serial}")
    return serial, *device


def _lock_state(
    connection: Connection, serial: str, kind: str, secret: DeviceSecret, count: int
) -> dict[str, Any]:
    """The state, locked. A device that is used for the first time gets its factory state."""
    new_device = {
        "serial": serial,
        "kind": kind,
        "state": virtual_device.factory_state(secret, count),
    }
    connection.execute(_INSERT, new_device)
    state: dict[str, Any] = connection.execute(_LOCK, {"serial": serial}).scalar_one()
    return state


_INSERT = text("""
    INSERT INTO simulator.devices (serial, kind, state) VALUES (:serial, :kind, :state)
    ON CONFLICT (serial) DO NOTHING
""").bindparams(bindparam("state", type_=JSONB))
_LOCK = text("SELECT state FROM simulator.devices WHERE serial = :serial FOR UPDATE")
_UPDATE = text("UPDATE simulator.devices SET state = :state WHERE serial = :serial").bindparams(
    bindparam("state", type_=JSONB)
)
