"""The states of the virtual devices in the database."""

import pytest

from core.tokens.family import DeviceSecret
from simulator.devices.store import UnknownDevice, read_device
from simulator.runtime import SimulatorRuntime


def test_a_text_that_is_no_serial_number_is_never_looked_up(runtime: SimulatorRuntime) -> None:
    def device_source(serial: str) -> tuple[str, DeviceSecret, int] | None:
        pytest.fail(f"looked up {serial!r}")

    with pytest.raises(UnknownDevice):
        read_device(runtime, device_source, "A\0")
