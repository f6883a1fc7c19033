"""Find the device or customer that a payer named as account. Only exact matches count."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.customer import Customer, CustomerPosition
from core.db.customers import customer_of_account
from core.db.devices import find_device, get_device
from core.db.positions import (
    position_by_serial,
    position_for_caller,
    position_of_caller,
    position_of_customer,
)
from core.db.prompts import find_reference
from core.device import Device
from core.errors import Refused
from core.payment import PaymentPurpose
from core.prompt import Prompt
from core.reference import PROMPT_REFERENCE_LASTS, is_account_reference, is_prompt_reference
from core.serial_number import normalise_serial
from core.tariff import TariffVersion, fees_due
from core.unit import Unit
from core.waterfall import Obligation, Waterfall, waterfall_on

LOAN_SUFFIX = "LOAN"


def purpose_typed(unit: Unit, account: str) -> PaymentPurpose:
    """The purpose of an account that matches nothing, as far as it can be read: what a prompt was
    for is known also when its reference has expired."""
    prompt = prompt_named(unit, account)
    if prompt is not None:
        return prompt.purpose
    return "loan" if normalise_serial(account).endswith(LOAN_SUFFIX) else "device"


def prompt_named(unit: Unit, account: str) -> Prompt | None:
    """Return the prompt whose reference was typed, however old it is, or None."""
    typed = normalise_serial(account)
    return find_reference(unit.connection, typed) if is_prompt_reference(typed) else None


@dataclass(frozen=True, slots=True)
class Match:
    """The customer whom money is for, and what for: `loan` when only loans are to be paid.

    `device` is None where the customer's account reference was named. `quoted_at`: when the prompt
    was made that is for this customer, where one was named.
    """

    device: Device | None
    customer_id: int
    purpose: PaymentPurpose
    quoted_at: datetime | None = None

    @property
    def device_id(self) -> int | None:
        return self.device.id if self.device else None


def match_account(unit: Unit, account: str, paid_at: datetime | None = None) -> Match:
    """Match a serial number, a customer's account reference, either followed by LOAN, or the
    reference of a prompt. `paid_at`: when the payment was made; None for now.

    Raises Refused: unknown_serial; device_in_stock; and of a prompt reference_expired, device_moved
    where another customer has the device by now.
    """
    typed = normalise_serial(account)
    stem = typed.removesuffix(LOAN_SUFFIX)
    found = _match_serial(unit, typed, "device")
    if found is None and stem != typed:
        found = _match_serial(unit, stem, "loan")
    if found is None and is_account_reference(stem):
        found = _match_customer(unit, stem)
    if found is None and is_prompt_reference(typed):
        found = _match_reference(unit, typed, paid_at or unit.now)
    if found is None:
        raise Refused("unknown_serial", serial=typed[:20])
    return found


def _match_serial(unit: Unit, serial: str, purpose: PaymentPurpose) -> Match | None:
    device = find_device(unit.connection, serial)
    if device is None:
        return None
    if device.owner_id is None:
        raise Refused("device_in_stock", serial=serial)
    return Match(device, device.owner_id, purpose)


def _match_customer(unit: Unit, account: str) -> Match | None:
    customer_id = customer_of_account(unit.connection, account)
    return None if customer_id is None else Match(None, customer_id, "loan")


def _match_reference(unit: Unit, reference: str, paid_at: datetime) -> Match | None:
    prompt = find_reference(unit.connection, reference)
    if prompt is None:
        return None
    if paid_at > prompt.created_at + PROMPT_REFERENCE_LASTS:
        raise Refused("reference_expired", reference=reference)
    return match_prompt(unit, prompt)


def match_prompt(unit: Unit, prompt: Prompt) -> Match:
    """Match the customer a prompt was made for. Raises Refused("device_moved") where the device is
    not that customer's any more."""
    device = get_device(unit.connection, prompt.device_id) if prompt.device_id else None
    if device is not None and device.owner_id != prompt.customer_id:
        raise Refused("device_moved", serial=device.serial)
    return Match(device, prompt.customer_id, prompt.purpose, prompt.created_at)


@dataclass(frozen=True, slots=True)
class Account:
    """What must be known of a device and its owner to quote a payment.

    `device` is None where the owner's account reference was named. `devices`: every device, by id,
    that the owner's money can touch; `versions`: the versions of their tariffs by tariff id;
    `owed`: every obligation not fully paid; `due_minor`: the sum of those that are due today;
    `waterfall`: today's. `is_own`: the customer whose number asked is the owner.
    """

    device: Device | None
    devices: dict[int, Device]
    owner: Customer
    purpose: PaymentPurpose
    versions: dict[int, list[TariffVersion]]
    owed: list[Obligation]
    due_minor: int
    waterfall: Waterfall
    is_own: bool

    @property
    def name(self) -> str:
        """What is paid to, in texts: the serial number, or the account reference."""
        return self.device.serial if self.device else self.owner.account


def read_account(unit: Unit, account: str, asked_by: str | None = None) -> Account:
    """Read the account a payer named, as `match_account` does; one round trip for a serial number.

    `asked_by` is the number of who asks, where that matters. Raises Refused as `match_account`.
    """
    serial = normalise_serial(account)
    position = _position_by_serial(unit, serial, asked_by)
    if position is not None:
        return account_in(unit, position, serial)
    match = match_account(unit, account)
    position = position_of_customer(unit.connection, match.customer_id)
    if asked_by is not None and (own := read_own_position(unit, asked_by)) and own.owner:
        position = replace(position, caller_id=own.owner.id)
    named = match.device.serial if match.device else None
    return account_in(unit, position, named, match.purpose)


def _position_by_serial(unit: Unit, serial: str, asked_by: str | None) -> CustomerPosition | None:
    if asked_by is None:
        return position_by_serial(unit.connection, serial)
    return position_for_caller(unit.connection, asked_by, serial)


def read_own_position(unit: Unit, msisdn: str) -> CustomerPosition | None:
    """Return the position of the customer who has this number; None for anybody else."""
    return position_of_caller(unit.connection, msisdn)


def account_in(
    unit: Unit, position: CustomerPosition, serial: str | None, purpose: PaymentPurpose = "device"
) -> Account:
    """Return the account of a position: that of a device in it, or the owner's without a serial.

    Raises Refused("device_in_stock").
    """
    if position.owner is None:
        raise Refused("device_in_stock", serial=serial)
    device = next((device for device in position.devices if device.serial == serial), None)
    owed = owed_today(unit, position)
    return Account(
        device,
        {device.id: device for device in position.devices},
        position.owner,
        purpose,
        position.versions,
        owed,
        due_minor(unit, owed),
        waterfall_on(position.waterfalls, unit.today),
        position.owner.id == position.caller_id,
    )


def owed_today(unit: Unit, position: CustomerPosition) -> list[Obligation]:
    """Return all open obligations, and the access fees that are due but not charged yet."""
    owed, charged = list(position.owed), len(position.owed)
    for device in position.devices:
        is_theirs = position.owner is not None and device.owner_id == position.owner.id
        if is_theirs and device.tariff_id and device.access_anchor_on:
            versions = position.versions[device.tariff_id]
            fees, _ = fees_due(versions, device.access_anchor_on, unit.today)
            owed += [
                Obligation("access_rate", None, fee.due_on, fee.amount_minor, device_id=device.id)
                for fee in fees
            ]
    if len(owed) > charged:
        owed.sort(key=lambda obligation: obligation.due_on)
    return owed


def due_minor(unit: Unit, owed: list[Obligation]) -> int:
    """Return the sum of what is due today or earlier, in minor units."""
    today = unit.today
    return sum(debt.open_minor for debt in owed if debt.due_on <= today)
