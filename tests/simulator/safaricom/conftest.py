"""A business that may call Daraja's reversal and queries."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from simulator.app import create_providers_app
from simulator.runtime import SimulatorRuntime


@pytest.fixture
def business(runtime: SimulatorRuntime) -> FlaskClient:
    """A client of Daraja, which knows the business's initiator."""
    settings = replace(runtime.settings, initiator="dialwatt", security_credential="sealed")
    return create_providers_app(replace(runtime, settings=settings)).test_client()
