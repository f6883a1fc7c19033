"""The secrets of the virtual devices on the phone page: the same that the workers use.

Only the embedded set-up does this. No web process of production holds a device key.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from core.db.devices import find_device
from core.environment import Environment
from core.tokens.family import FAMILIES, DeviceSecret
from core.usecases.tokens.device_keys import secrets_from
from core.vend import VENDORS


def device_source(
    engine: Engine, environment: Environment
) -> Callable[[str], tuple[str, DeviceSecret, int] | None]:
    """Return a function from a serial number to the device's kind, secret and first counter.

    It returns None where there is no such device, or where it takes no tokens.
    """
    open_secret = secrets_from(environment)

    def source(serial: str) -> tuple[str, DeviceSecret, int] | None:
        with engine.connect() as connection:
            device = find_device(connection, serial, with_secrets=True)
        if device is None or device.token_family not in (*FAMILIES, *VENDORS):
            return None
        return device.kind, open_secret(device), device.initial_counter

    return source
