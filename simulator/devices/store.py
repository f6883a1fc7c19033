"""Where the virtual devices stand between two key presses: their states, one row each.

A device leaves the factory with the secret and counter that the gateway's books hold for it; from
then on only the codes typed on it change it. What a code does is `simulator.devices`' matter.
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

DeviceSource = Callable[[str], tuple[str, DeviceSecret, int] | None]


class UnknownDevice(LookupError):
    """No device of that serial is in the books."""


def read_device(runtime: SimulatorRuntime, source: DeviceSource, serial: str) -> dict[str, Any]:
    """The device as it stands. Raises UnknownDevice."""
    serial, kind, secret, count = _from_the_books(source, serial)
    with runtime.engine.begin() as connection:
        state = _take(connection, serial, kind, secret, count)
    return {"kind": kind} | virtual_device.display(state)


def enter_device_token(
    runtime: SimulatorRuntime, source: DeviceSource, serial: str, code: str
) -> dict[str, Any]:
    """Type a code on its keypad. Raises UnknownDevice."""
    serial, kind, secret, count = _from_the_books(source, serial)
    with runtime.engine.begin() as connection:
        state = _take(connection, serial, kind, secret, count)
        state, accepted, reason = virtual_device.enter_token(state, code, secret)
        connection.execute(_KEEP, {"serial": serial, "state": state})
    verdict = {"accepted": accepted} | ({} if accepted else {"reason": reason})
    return verdict | {"kind": kind} | virtual_device.display(state)


def _from_the_books(source: DeviceSource, serial: str) -> tuple[str, str, DeviceSecret, int]:
    """Asked before our own transaction opens: the books are another database session."""
    try:
        serial = parse_serial(serial)
    except ValueError as error:
        raise UnknownDevice(str(error)) from None
    known = source(serial)
    if known is None:
        raise UnknownDevice(f"no device {serial}")
    return serial, *known


def _take(
    connection: Connection, serial: str, kind: str, secret: DeviceSecret, count: int
) -> dict[str, Any]:
    """The state, locked; put on the shelf as it left the factory when seen for the first time."""
    fresh = {"serial": serial, "kind": kind, "state": virtual_device.factory_state(secret, count)}
    connection.execute(_UNPACK, fresh)
    state: dict[str, Any] = connection.execute(_LOCK, {"serial": serial}).scalar_one()
    return state


_UNPACK = text("""
    INSERT INTO simulator.devices (serial, kind, state) VALUES (:serial, :kind, :state)
    ON CONFLICT (serial) DO NOTHING
""").bindparams(bindparam("state", type_=JSONB))
_LOCK = text("SELECT state FROM simulator.devices WHERE serial = :serial FOR UPDATE")
_KEEP = text("UPDATE simulator.devices SET state = :state WHERE serial = :serial").bindparams(
    bindparam("state", type_=JSONB)
)
