"""What a virtual device on the phone page is made from: the same secret the workers use.

Only the embedded set-up does this; no web process of production holds a device key.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from core.db.devices import find_device
from core.environment import Environment
from core.tokens.family import FAMILIES, DeviceSecret
from core.usecases.tokens.device_keys import secrets_from


def device_source(
    engine: Engine, environment: Environment
) -> Callable[[str], tuple[str, DeviceSecret, int] | None]:
    """A function from a serial to the device's kind, secret and first counter.

    It gives None where there is no such device, or none that takes codes of a family made here.
    """
    open_secret = secrets_from(environment)

    def source(serial: str) -> tuple[str, DeviceSecret, int] | None:
        with engine.connect() as connection:
            device = find_device(connection, serial)
        if device is None or device.token_family not in FAMILIES:
            return None
        return device.kind, open_secret(device), device.initial_counter

    return source
