"""Devices, their tokens as stored, and orders for tokens that an operator places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from core.plan import PAYG

DeviceKind = Literal["meter", "shs", "e_bike"]
# What a token does: adds kilowatt-hours or days, frees the device for good, or stops it.
TokenKind = Literal["energy", "days", "unlock", "lock"]
TokenOrderState = Literal["waiting", "made", "failed"]


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the payment road sees it. `sale_id` is its open sale, if any.

    `sealed_key` can only be opened where the key ring is (workers); its repr shows nothing of it.
    """

    id: int
    serial: str
    kind: str
    owner_id: int | None
    tariff_id: int | None
    access_anchor_on: date | None
    token_counter: int
    initial_counter: int
    starting_code: int | None
    sealed_key: bytes | None
    sts: dict[str, Any] | None
    token_family: str
    sale_id: int | None
    scheme: str | None
    price_per_day_minor: int | None
    minimum_payment_minor: int | None

    def __repr__(self) -> str:
        return f"Device({self.serial})"

    @property
    def is_payg(self) -> bool:
        """Whether instalments buy days of use on it."""
        return self.kind in PAYG


@dataclass(frozen=True, slots=True)
class DeviceState:
    """`plan_left_minor` is None without an open plan; `is_paid_off` when a plan was completed;
    `by_day`: used by the day. `until`: when the days of the codes it was sent are over, if each was
    typed when it came; None for a device that was sent none."""

    serial: str
    kind: str
    plan_left_minor: int | None
    is_paid_off: bool
    by_day: bool
    until: datetime | None


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as stored; `units` are tenths of a kWh or days."""

    id: int
    serial: str
    family: str
    kind: str
    units: int
    text: str
    issued_at: datetime

    def __repr__(self) -> str:
        return f"StoredToken({self.id})"


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """An order claimed by a worker; `attempts` counts this one."""

    id: int
    device_id: int
    kind: str
    units: int
    attempts: int


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A registered device as a file may describe it. `plan`: the one whoever gets it may have;
    `taken`: it is on an open one; `is_retired`: it is out of use for good;
    `replaced_by_id`: the device that has its place now."""

    id: int
    serial: str
    kind: str
    manufacturer: str
    tariff: str | None
    owner_id: int | None
    assigned_on: date | None
    sealed_key: bytes | None
    starting_code: int | None
    initial_counter: int
    sts: dict[str, Any] | None
    plan: str | None
    taken: bool
    is_retired: bool
    replaced_by_id: int | None
