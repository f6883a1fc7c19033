"""Settings of the simulator."""

import pytest

from simulator.settings import SimulatorSettings


def test_credentials_have_no_default() -> None:
    environ = {"PUBLIC_URL": "http://127.0.0.1:8000/", "DARAJA_ENDPOINT_KEY": "demo"}
    with pytest.raises(KeyError):
        SimulatorSettings.from_environ(environ)
