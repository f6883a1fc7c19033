"""Devices, their tokens as stored, and orders for tokens that an operator places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from core.plan import PAYG

DeviceKind = Literal["meter", "shs", "e_bike"]
# The codes of an OpenPAYGO device: typed on the keys 0 to 9 or only 1 to 4, and of normal length or
# extended, with six digits of value.
KeypadDigits = Literal["standard", "restricted", "extended", "extended_restricted"]
KEYPAD_DIGITS: tuple[KeypadDigits, ...] = get_args(KeypadDigits)
# What a token does: adds kilowatt-hours or days, frees the device for good, stops it; sets its days
# whatever it had; tells it the count (OpenPAYGO); wipes its credit, the ids it remembers, or both
# (Nexus); clears a meter's credit or its tamper alarm.
TokenKind = Literal[
    "energy",
    "days",
    "unlock",
    "lock",
    "set_days",
    "sync",
    "wipe_state",
    "wipe_ids",
    "wipe_all",
    "clear_credit",
    "clear_tamper",
]
TokenOrderState = Literal["waiting", "made", "failed"]


@dataclass(frozen=True, slots=True)
class Device:
    """A device with what applying a payment needs. `sale_id` is its open sale, if any.

    `past_tariffs`: the tariffs a meter was on before, oldest first, each with the instant (ISO
    8601) until which. `divider` and `digits` are those of an OpenPAYGO device, None for 1 and all
    ten keys. `vendor_actions`: what a vendor's server can do for it (a VendAction of core.vend
    each), where a vendor serves its family and our account there is set up; else None.
    `has_vending_key`: whether the workers hold the vending key of `sts` (true without it).
    What follows is read only where a token is made: the web process has no right to it, and asks
    whether it `has_key`. Only workers can decrypt the key and the chain.
    """

    id: int
    serial: str
    kind: DeviceKind
    owner_id: int | None
    tariff_id: int | None
    access_anchor_on: date | None
    token_counter: int
    initial_counter: int
    sts: dict[str, Any] | None
    has_vending_key: bool
    token_family: str
    sale_id: int | None
    scheme: str | None
    price_per_day_minor: int | None
    minimum_payment_minor: int | None
    has_key: bool
    divider: int | None
    digits: KeypadDigits | None
    past_tariffs: Sequence[tuple[int, str]] | None
    vendor_actions: Sequence[str] | None
    starting_code: int | None = None
    sealed_key: bytes | None = None
    test_code: str | None = None
    sealed_chain: bytes | None = None

    def __repr__(self) -> str:
        return f"Device({self.serial})"

    @property
    def is_payg(self) -> bool:
        """Whether instalments buy days of use on it."""
        return self.kind in PAYG

    def tariff_at(self, at: datetime) -> int | None:
        """Return the id of the tariff that a meter was on at that instant."""
        for tariff_id, until_at in self.past_tariffs or ():
            if at < datetime.fromisoformat(until_at):
                return tariff_id
        return self.tariff_id


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What a customer sees of a device.

    `plan_left_minor`: what is left to pay, None without an open plan; `is_paid_off`: a plan was
    completed; `by_day`: sold by the day. `until`: when the days of its tokens end, if each was
    typed when it was sent; None for a device without such a token.
    """

    serial: str
    kind: DeviceKind
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
    kind: TokenKind
    units: int
    text: str
    issued_at: datetime

    def __repr__(self) -> str:
        return f"StoredToken({self.id})"


@dataclass(frozen=True, slots=True)
class DeviceTokens:
    """A device and its newest tokens, the newest first."""

    serial: str
    kind: DeviceKind
    tokens: Sequence[StoredToken]


@dataclass(frozen=True, slots=True)
class TokenOrder:
    """An order claimed by a worker; `attempts` counts this one. `customer_id`: who had the device
    when it was ordered; None in stock. `operator` ordered it.

    `value_minor`: what the token would have cost, 0 where it is no gift or has no price.
    """

    id: int
    device_id: int
    customer_id: int | None
    kind: TokenKind
    units: int
    operator: str
    attempts: int
    value_minor: int


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A registered device with everything an import file may say of it.

    `plan`: the code of the plan set for its next owner; `product_id`: the appliance it is, None
    where that is not known; `divider`, `digits` and `model`: as its
    manufacturer describes it; `is_on_plan`: it has an open sale; `is_retired`: out of use for good;
    `replaced_by_id`: the device that took its place. `unserved_by`: the vendor
    and the account that would make its codes, where we have that account not set up.
    """

    id: int
    serial: str
    kind: DeviceKind
    manufacturer: str
    tariff: str | None
    owner_id: int | None
    assigned_on: date | None
    initial_counter: int
    sts: dict[str, Any] | None
    plan: str | None
    product_id: int | None
    divider: int | None
    digits: KeypadDigits | None
    model: str | None
    is_on_plan: bool
    is_retired: bool
    replaced_by_id: int | None
    unserved_by: Sequence[str] | None

    @property
    def is_in_stock(self) -> bool:
        """Whether it has no owner and may get one."""
        return self.owner_id is None and not self.is_retired


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A vending key that is held: its supply group, key revision (0: of the only revision that the
    group has, whichever that is) and key derivation algorithm (2 or 4). Never the key itself."""

    sgc: str
    krn: int
    dkga: int
