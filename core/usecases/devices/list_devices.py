"""What a customer has: devices with how they stand, and the last tokens of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.db.devices import device_states, find_token_of, latest_tokens
from core.device import DeviceState as DeviceState
from core.device import StoredToken
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
    """The devices a customer owns, in the order they were registered."""
    return device_states(unit.connection, customer_id)


def state_words(unit: Unit, device: DeviceState) -> BoundMessage:
    """How it stands: what is left on its plan and how many days, or that it runs for good."""
    if device.by_day:
        return messages.days_left(days=days_left(unit, device))
    if device.plan_left_minor is not None:
        left = Money(device.plan_left_minor, unit.market.currency)
        return messages.plan_left(left=left, days=days_left(unit, device))
    return messages.paid_off() if device.is_paid_off else messages.as_you_go()


def days_left(unit: Unit, device: DeviceState) -> int:
    """Begun days count: somebody with an hour left still has light today."""
    if device.until is None or device.until <= unit.now:
        return 0
    return -((unit.now - device.until) // timedelta(days=1))


def find_own_device(devices: Sequence[DeviceState], typed: str) -> DeviceState | None:
    """The one of these that is meant: exactly, or with O for 0 and I for 1 when one only is alike.

    Give it a person's own devices and nothing else.
    """
    exact = [device for device in devices if device.serial == normalise_serial(typed)]
    alike = [device for device in devices if look_alike(device.serial) == look_alike(typed)]
    found = exact or alike
    return found[0] if len(found) == 1 else None


def list_tokens(unit: Unit, customer_id: int, serial: str) -> list[ShownToken]:
    """The last three tokens of one of the customer's devices, the newest first."""
    stored = latest_tokens(unit.connection, serial, customer_id, _TOKENS_SHOWN)
    return [_shown(unit, one) for one in stored]


def show_token(unit: Unit, customer_id: int, token_id: int) -> ShownToken:
    """One of them again. Raises Refused("no_such_token") for a token of somebody else's device."""
    stored = find_token_of(unit.connection, customer_id, token_id)
    if stored is None:
        raise Refused("no_such_token")
    return _shown(unit, stored)


def _shown(unit: Unit, stored: StoredToken) -> ShownToken:
    return ShownToken(
        stored.id,
        stored.serial,
        unit.market.local_date(stored.issued_at),
        describe_token(stored.kind, stored.units),
        group(stored.text, stored.family),
    )
