"""Whether a code can be made for a device, as far as its row tells: no key is opened.

What can never be made is told before money moves, and so is a vending key that no worker holds: it
is of another supply group or key revision than the workers were given. A clock that is wrong is
not asked about: that is waited for, as is a key that was there when the money was quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection

from core.db.devices import owned_devices_after
from core.device import Device
from core.tokens.errors import TokenImpossible
from core.tokens.family import NO_TOKENS, Action, DeviceSecret, actions_of, check_possible
from core.tokens.openpaygo import kit_of
from core.tokens.sts_keys import StsMeter
from core.vend import VENDORS
from core.waterfall import Outcome

# Stands for a key that is there.
_SOME_KEY = bytes(16)
_PAGE = 5_000


def why_no_code(device: Device, action: Action, now: datetime, days: int = 0) -> str | None:
    """Return why no code of that kind can ever be made for a device; None where one can, and where
    the device takes none. `days`: how many the code has to give, where that is known."""
    if device.token_family == NO_TOKENS:
        return None
    if device.token_family in VENDORS:
        return _why_no_vend(device, action)
    meter = device.sts
    try:
        secret = DeviceSecret(
            serial=device.serial,
            family=device.token_family,
            key=_SOME_KEY if device.has_key else None,
            sts=StsMeter(**meter) if meter else None,
            kit=kit_of(device.digits, device.divider),
        )
        check_possible(secret, device.token_counter, action, now, days)
    except TokenImpossible as never:
        return str(never)
    if meter and not device.has_vending_key:
        return f"no worker holds the vending key of {StsMeter(**meter).key_name}"
    return None


def _why_no_vend(device: Device, action: Action) -> str | None:
    if device.vendor_actions is None:
        return f"no account with {device.token_family} is set up"
    if action not in device.vendor_actions:
        return f"{device.token_family} can do no {action}"
    return None


def devices_without_code(connection: Connection, now: datetime) -> Iterator[str]:
    """Yield each device in a customer's hands for which no code can ever be made, and why.

    It reads all of them, a page at a time.
    """
    after = 0
    while page := owned_devices_after(connection, after, _PAGE):
        for device in page:
            reasons = (why_no_code(device, action, now) for action in actions_of(device.kind))
            if reason := next(filter(None, reasons), None):
                yield f"{device.serial}: {reason}"
        after = page[-1].id


def wanted_tokens(paid_device_id: int | None, outcome: Outcome) -> list[tuple[int, Action, int]]:
    """Return (device id, kind, units) for each token that money bought, the paid device's first."""
    wanted: list[tuple[int, Action, int]] = []
    if outcome.energy_tenths and paid_device_id is not None:
        wanted.append((paid_device_id, "energy", outcome.energy_tenths))
    wanted += [(device_id, "unlock", 0) for device_id in outcome.unlocked_devices]
    wanted += [(device_id, "days", days) for device_id, days in outcome.days.items()]
    return sorted(wanted, key=lambda item: item[0] != paid_device_id)


def without_tokens(outcome: Outcome, without_token: Mapping[int, str]) -> dict[int, str]:
    """Take out of the outcome what no token will give, so that no receipt promises it.

    Returns what is owed instead, in words, by device id.
    """
    owed = {}
    for device_id in without_token:
        days = outcome.days.pop(device_id, 0)
        owed[device_id] = f"{days} days are owed" if days else "nothing is owed but the credit"
        if device_id in outcome.unlocked_devices:
            outcome.unlocked_devices.remove(device_id)
            owed[device_id] = "the plan is paid, unlock it"
    return owed


def let_fall(
    decide: Callable[[Collection[int]], Outcome],
    paid_device_id: int | None,
    devices: Mapping[int, Device],
    now: datetime,
) -> tuple[Outcome, dict[int, str]]:
    """Return what the money does, and why some of the devices get no code, by device id.

    `decide` says what it does when nothing is bought for these devices. Each device for which it
    would buy an impossible code is added to them, until it buys none: as workers do it.
    """
    without: dict[int, str] = {}
    while True:
        outcome = decide(without)
        found = (
            (device_id, why)
            for device_id, action, units in wanted_tokens(paid_device_id, outcome)
            if device_id not in without
            and (why := why_no_code(devices[device_id], action, now, units)) is not None
        )
        impossible = next(found, None)
        if impossible is None:
            return outcome, without
        device_id, why = impossible
        without[device_id] = why
