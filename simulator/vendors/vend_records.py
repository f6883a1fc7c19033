"""The vends of the stand-in vendors, and the devices behind them, in the simulator's schema.

One row for every vend. Its device is the virtual device of the phone page: credit that is pushed
changes it in the same transaction, a code changes it when it is typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import bindparam

from core.vend import VendAction
from simulator.devices.store import lock_vended_device, store_state
from simulator.devices.virtual_device import credited
from simulator.runtime import SimulatorRuntime
from simulator.vendors.codes import VendedCode, write_code


@dataclass(frozen=True, slots=True)
class Gift:
    """What a vend gives: `units` are tenths of a kWh, days, or 0; `money` what was paid in minor
    units, for vendors that are told money."""

    action: VendAction
    units: int = 0
    money: int = 0


@dataclass(frozen=True, slots=True)
class Vend:
    """A vend that was recorded. `code` is "" where the credit was pushed; `handle` is the caller's,
    with which a vendor recognises an order that comes again."""

    id: int
    serial: str
    gift: Gift
    code: str
    handle: str | None
    at: datetime
    details: Mapping[str, Any]


def record_vend(
    runtime: SimulatorRuntime,
    vendor: str,
    serial: str,
    gift: Gift,
    *,
    code_digits: int,
    handle: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> Vend | None:
    """Write a vend. `code_digits` 0 pushes the credit to the device. Returns None, and writes
    nothing, where the vendor has the handle already."""
    row: dict[str, Any] = {
        "vendor": vendor,
        "serial": serial,
        "action": gift.action,
        "units": gift.units,
        "money": gift.money,
        "handle": handle,
        "details": dict(details or {}),
        "at": runtime.now(),
    }
    with runtime.engine.begin() as connection:
        state = lock_vended_device(connection, serial, vendor)
        number = len(_rows(connection, vendor, serial)) + 1
        vended = VendedCode(gift.action, number, gift.units)
        row["code"] = write_code(serial, vended, code_digits) if code_digits else ""
        written = connection.execute(_INSERT, row).one_or_none()
        if written is None:
            return None
        if not code_digits:
            store_state(connection, serial, credited(state, vended))
    return _as_vend(written)


def vends_of(runtime: SimulatorRuntime, vendor: str, serial: str | None = None) -> list[Vend]:
    """Return the vends of a device, or of all devices of the vendor, oldest first."""
    with runtime.engine.connect() as connection:
        return [_as_vend(row) for row in _rows(connection, vendor, serial)]


def vend_with_handle(runtime: SimulatorRuntime, vendor: str, handle: str) -> Vend | None:
    """Return the vend that was asked for with that handle."""
    with runtime.engine.connect() as connection:
        row = connection.execute(_BY_HANDLE, {"vendor": vendor, "handle": handle}).one_or_none()
    return None if row is None else _as_vend(row)


def _rows(connection: Connection, vendor: str, serial: str | None) -> list[Row[Any]]:
    return list(connection.execute(_LIST, {"vendor": vendor, "serial": serial}))


def _as_vend(row: Row[Any]) -> Vend:
    gift = Gift(row.action, row.units, row.money)
    return Vend(row.id, row.serial, gift, row.code, row.handle, row.at.astimezone(UTC), row.details)


_INSERT = text("""
    INSERT INTO simulator.vends (vendor, serial, action, units, money, code, handle, details, at)
    VALUES (:vendor, :serial, :action, :units, :money, :code, :handle, :details, :at)
    ON CONFLICT (vendor, handle) DO NOTHING RETURNING *
""").bindparams(bindparam("details", type_=JSONB))
_LIST = text("""
    SELECT * FROM simulator.vends
     WHERE vendor = :vendor AND serial = coalesce(:serial, serial) ORDER BY id
""")
_BY_HANDLE = text("SELECT * FROM simulator.vends WHERE vendor = :vendor AND handle = :handle")
