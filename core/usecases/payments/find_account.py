"""Find the device that a payer named as account. Only exact matches count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.customer import Customer as Customer
from core.customer import CustomerPosition
from core.db.devices import find_device, get_device
from core.db.obligations import position_by_serial
from core.db.prompts import find_reference
from core.device import Device
from core.errors import Refused
from core.payment import PaymentPurpose
from core.serial_number import normalise_serial
from core.tariff import TariffVersion, fees_due
from core.unit import Unit
from core.waterfall import Obligation, Waterfall, waterfall_on

LOAN_SUFFIX = "LOAN"


def purpose_typed(account: str) -> PaymentPurpose:
    """The purpose of an account that matches nothing, as far as it can be read."""
    return "loan" if normalise_serial(account).endswith(LOAN_SUFFIX) else "device"


@dataclass(frozen=True, slots=True)
class Match:
    """The device, its owner, and the purpose: `loan` when only loans are to be paid.
    `quoted_at`: when the prompt was made whose reference it is."""

    device: Device
    customer_id: int
    purpose: PaymentPurpose
    quoted_at: datetime | None = None


def match_account(unit: Unit, account: str) -> Match:
    """Match a serial number, a serial number followed by LOAN, or the reference of a prompt.

    Raises Refused("unknown_serial") and Refused("device_in_stock").
    """
    typed = normalise_serial(account)
    device = find_device(unit.connection, typed)
    purpose: PaymentPurpose = "device"
    if device is None and typed.endswith(LOAN_SUFFIX):
        device, purpose = find_device(unit.connection, typed.removesuffix(LOAN_SUFFIX)), "loan"
    prompt = find_reference(unit.connection, typed) if device is None else None
    if prompt is not None and prompt.device_id is not None:
        device, purpose = get_device(unit.connection, prompt.device_id), prompt.purpose
    if device is None:
        raise Refused("unknown_serial", serial=typed[:20])
    if device.owner_id is None:
        raise Refused("device_in_stock", serial=device.serial)
    return Match(device, device.owner_id, purpose, prompt.created_at if prompt else None)


@dataclass(frozen=True, slots=True)
class Account:
    """What must be known of a device and its owner to quote a payment.

    `versions`: the tariff versions of the owner's devices by tariff id; `owed`: every obligation
    not fully paid; `due_minor`: the sum of those that are due today; `waterfall`: today's.
    """

    device: Device
    owner: Customer
    purpose: PaymentPurpose
    versions: dict[int, list[TariffVersion]]
    owed: list[Obligation]
    due_minor: int
    waterfall: Waterfall


def read_account(unit: Unit, account: str) -> Account:
    """Read the account a payer named, as `match_account` does; one round trip for a serial number.

    Raises Refused("unknown_serial") and Refused("device_in_stock").
    """
    serial = normalise_serial(account)
    purpose: PaymentPurpose = "device"
    position = position_by_serial(unit.connection, serial)
    if position is None:  # a serial number with LOAN, the reference of a prompt, or unknown
        match = match_account(unit, account)
        serial, purpose = match.device.serial, match.purpose
        position = position_by_serial(unit.connection, serial)
    if position is None or position.owner is None:
        raise Refused("device_in_stock", serial=serial)
    device = next(device for device in position.devices if device.serial == serial)
    owed = owed_today(unit, position)
    return Account(
        device,
        position.owner,
        purpose,
        position.versions,
        owed,
        due_minor(unit, owed),
        waterfall_on(position.waterfalls, unit.today),
    )


def owed_today(unit: Unit, position: CustomerPosition) -> list[Obligation]:
    """Return all open obligations, and the access fees that are due but not charged yet."""
    owed = list(position.owed)
    for device in position.devices:
        is_theirs = position.owner is not None and device.owner_id == position.owner.id
        if is_theirs and device.tariff_id and device.access_anchor_on:
            versions = position.versions[device.tariff_id]
            fees, _ = fees_due(versions, device.access_anchor_on, unit.today)
            owed += [
                Obligation("access_rate", None, fee.due_on, fee.amount_minor, device_id=device.id)
                for fee in fees
            ]
    return sorted(owed, key=lambda obligation: obligation.due_on)


def due_minor(unit: Unit, owed: list[Obligation]) -> int:
    """Return the sum of what is due today or earlier, in minor units."""
    return sum(debt.open_minor for debt in owed if debt.due_on <= unit.today)
