"""The devices of a customer, what is left on each, and its last tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.db.devices import (
    device_states,
    latest_tokens,
    own_device_states,
    own_token,
    own_tokens,
)
from core.device import DeviceState, DeviceTokens, StoredToken
from core.errors import Refused
from core.money import Money
from core.serial_number import look_alike, normalise_serial
from core.tokens.family import group
from core.unit import Unit
from core.wording.message import BoundMessage
from core.wording.messages import devices as messages
from core.wording.payment_words import describe_token

_TOKENS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token to choose or to read: when it was made, what it gives, and its grouped text."""

    token_id: int
    serial: str
    day: date
    content: BoundMessage
    token: str

    def __repr__(self) -> str:
        return f"ShownToken({self.token_id})"


def list_devices(unit: Unit, customer_id: int) -> list[DeviceState]:
    """Return the devices a customer owns, in the order of registration."""
    return device_states(unit.connection, customer_id)


def state_words(unit: Unit, device: DeviceState) -> BoundMessage:
    """Describe a device: what is left on its plan, and the days it still runs."""
    if device.by_day:
        return messages.days_left(days=days_left(unit, device))
    if device.plan_left_minor is not None:
        left = Money(device.plan_left_minor, unit.market.currency)
        return messages.plan_left(left=left, days=days_left(unit, device))
    return messages.paid_off() if device.is_paid_off else messages.as_you_go()


def days_left(unit: Unit, device: DeviceState) -> int:
    """Return the days a device still runs; a day that has begun counts as one."""
    if device.until is None or device.until <= unit.now:
        return 0
    return -((unit.now - device.until) // timedelta(days=1))


def find_own_device(devices: Sequence[DeviceState], typed: str) -> DeviceState | None:
    """Return the device that was typed: exactly, or with O for 0 and I for 1 where only one fits.

    `devices` must be the customer's own, so that a slip never names another customer's device.
    """
    exact = [device for device in devices if device.serial == normalise_serial(typed)]
    alike = [device for device in devices if look_alike(device.serial) == look_alike(typed)]
    found = exact or alike
    return found[0] if len(found) == 1 else None


def list_tokens(unit: Unit, customer_id: int, serial: str) -> list[ShownToken]:
    """Return the last three tokens of one of the customer's devices, the newest first."""
    stored = latest_tokens(unit.connection, serial, customer_id, _TOKENS_SHOWN)
    return [shown_token(unit, token) for token in stored]


def list_own_devices(unit: Unit, msisdn: str) -> list[DeviceState]:
    """Return the devices of the customer who has this number; none for anybody else."""
    return own_device_states(unit.connection, msisdn)


def list_own_tokens(unit: Unit, msisdn: str) -> list[DeviceTokens]:
    """Return the last three tokens of each device of the customer who has this number."""
    return own_tokens(unit.connection, msisdn, _TOKENS_SHOWN)


def show_own_token(unit: Unit, msisdn: str, token_id: int) -> ShownToken:
    """Return a token of a device of the customer who has this number. Raises
    Refused("no_such_token")."""
    stored = own_token(unit.connection, msisdn, token_id)
    if stored is None:
        raise Refused("no_such_token")
    return shown_token(unit, stored)


def shown_token(unit: Unit, stored: StoredToken) -> ShownToken:
    """Return what a screen shows of a token."""
    return ShownToken(
        stored.id,
        stored.serial,
        unit.market.local_date(stored.issued_at),
        describe_token(stored.kind, stored.units),
        group(stored.text, stored.family),
    )
