"""Open what a device's tokens are made from. Only processes that hold the key ring can: workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.db.devices import Device
from core.settings import Environment, read
from core.tokens.family import DeviceSecret
from core.tokens.keys import KeyRing, VendingKeys
from core.tokens.sealing import bound_to
from core.tokens.sta import StaTables
from core.tokens.sts_keys import StsMeter

OpenSecret = Callable[[Device], DeviceSecret]


def secret_opener(
    ring: KeyRing, vending_keys: VendingKeys, sta_tables: StaTables | None = None
) -> OpenSecret:
    """A function from a device row to its secret. What it returns raises TokenError."""

    def open_secret(device: Device) -> DeviceSecret:
        sealed, meter = device.sealed_key, None
        if device.sts is not None:
            meter = StsMeter(**device.sts)
            meter = replace(meter, vending_key=vending_keys.of(meter.sgc), sta_tables=sta_tables)
        return DeviceSecret(
            serial=device.serial,
            family=device.token_family,
            key=ring.open(sealed, bound_to(device.serial)) if sealed else None,
            starting_code=device.starting_code,
            sts=meter,
        )

    return open_secret


def secrets_from(environment: Environment) -> OpenSecret:
    """The opener of a process that holds the keys: DEVICE_KEY_SECRET, STS_VENDING_KEY_<sgc> and,
    for EA07 meters, the STA tables in STA_TABLES (JSON). Raises BadInput and TokenError."""
    tables = read(environment, "STA_TABLES", "")
    return secret_opener(
        KeyRing.from_settings(read(environment, "DEVICE_KEY_SECRET")),
        VendingKeys(environment),
        StaTables.from_json(tables) if tables else None,
    )
