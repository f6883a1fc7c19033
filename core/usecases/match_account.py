"""Find the device a payer means by what they typed as account. Exact, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.devices import Device, find_device, get_device
from core.db.prompts import find_reference
from core.errors import Refused
from core.serial_number import normalise_serial
from core.unit import Unit

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
