"""Find the device a payer means by what they typed as account. Exact, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from core.customer import Customer as Customer
from core.customer import CustomerPosition
from core.db.devices import find_device, get_device
from core.db.obligations import position_by_serial
from core.db.prompts import find_reference
from core.device import Device
from core.errors import Refused
from core.serial_number import normalise_serial
from core.tariff import TariffVersion, fees_due
from core.unit import Unit
from core.waterfall import Obligation

LOAN_SUFFIX = "LOAN"


@dataclass(frozen=True, slots=True)
class Match:
    """The device, its owner, and whether the payer means the loan only (`purpose` = "loan")."""

    device: Device
    customer_id: int
    purpose: str


def match_account(unit: Unit, account: str) -> Match:
    """A serial; a serial followed by LOAN; or the reference of a prompt we sent.

    Raises Refused("unknown_serial") and Refused("device_in_stock").
    """
    typed = normalise_serial(account)
    device, purpose = find_device(unit.connection, typed), "device"
    if device is None and typed.endswith(LOAN_SUFFIX):
        device, purpose = find_device(unit.connection, typed.removesuffix(LOAN_SUFFIX)), "loan"
    if device is None and (prompt := find_reference(unit.connection, typed)) is not None:
        device, purpose = get_device(unit.connection, prompt.device_id), prompt.purpose
    if device is None:
        raise Refused("unknown_serial", serial=typed[:20])
    if device.owner_id is None:
        raise Refused("device_in_stock", serial=device.serial)
    return Match(device, device.owner_id, purpose)


@dataclass(frozen=True, slots=True)
class Account:
    """`purpose` is "loan" where the payer means the loan only; `versions` are the prices of the
    owner's devices, `owed` is everything not fully paid, and `due_minor` what of it is due."""

    device: Device
    owner: Customer
    purpose: str
    versions: dict[int, list[TariffVersion]]
    owed: list[Obligation]
    due_minor: int


def read_account(unit: Unit, account: str) -> Account:
    """What these letters mean, as `match_account` reads them, in one round trip for a serial.

    Raises Refused("unknown_serial") and Refused("device_in_stock").
    """
    serial, purpose = normalise_serial(account), "device"
    standing = position_by_serial(unit.connection, serial)
    if standing is None:  # with LOAN behind it, or the reference of a prompt, or nothing we know
        match = match_account(unit, account)
        serial, purpose = match.device.serial, match.purpose
        standing = position_by_serial(unit.connection, serial)
    if standing is None or standing.owner is None:
        raise Refused("device_in_stock", serial=serial)
    device = next(one for one in standing.devices if one.serial == serial)
    owed = owed_today(unit, standing)
    return Account(device, standing.owner, purpose, standing.versions, owed, due_minor(unit, owed))


def owed_today(unit: Unit, standing: CustomerPosition) -> list[Obligation]:
    """All open obligations, with the access fees that are due but not written yet."""
    owed = list(standing.owed)
    for device in standing.devices:
        is_theirs = standing.owner is not None and device.owner_id == standing.owner.id
        if is_theirs and device.tariff_id and device.access_anchor_on:
            versions = standing.versions[device.tariff_id]
            fees, _ = fees_due(versions, device.access_anchor_on, unit.today)
            owed += [
                Obligation("access_rate", None, fee.due_on, fee.amount_minor, device_id=device.id)
                for fee in fees
            ]
    return sorted(owed, key=lambda one: one.due_on)


def due_minor(unit: Unit, owed: list[Obligation]) -> int:
    """What of it is due today or before, in minor units."""
    return sum(one.open_minor for one in owed if one.due_on <= unit.today)
