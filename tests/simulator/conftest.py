"""A simulator on a database of its own, and a gateway that records the callbacks it receives."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, inspect, text

from core.tokens.family import DeviceSecret
from gateway.settings import ENDPOINTS
from operations.embedded.services import Services
from simulator.app import ProviderServer, create_phone_app, create_providers_app
from simulator.database import create_schema, open_database
from simulator.runtime import SimulatorRuntime
from simulator.settings import SimulatorSettings
from tests.simulator.recording_gateway import RecordingGateway
from tests.support.services import clone

LAMP = DeviceSecret("SL100234", "openpaygo", key=bytes(range(16)))
CAST = [
    {
        "name": "Baraka Mwangi",
        "msisdn": "+254711000002",
        "role": "customer",
        "language": "sw",
        "devices": [{"serial": "SL100234", "kind": "shs"}],
    }
]


@pytest.fixture
def gateway() -> Iterator[RecordingGateway]:
    with RecordingGateway() as served:
        yield served


@pytest.fixture(scope="session")
def simulator_engine(migrated: Services) -> Iterator[Engine]:
    """One database for all tests of the simulator; `runtime` empties it before each test."""
    with clone(migrated) as url:
        engine = open_database(url)
        create_schema(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def runtime(simulator_engine: Engine, gateway: RecordingGateway) -> SimulatorRuntime:
    settings = SimulatorSettings(
        public_url=gateway.url,
        endpoint_keys={endpoint.name: "k3y" for endpoint in ENDPOINTS},
        shortcode="600123",
        consumer_key="consumer",
        consumer_secret="secret",
        passkey="pass",
        at_username="jua",
        at_api_key="at-key",
        callback_seconds=5,
    )
    with simulator_engine.begin() as connection:
        tables = inspect(connection).get_table_names(schema="simulator")
        for table in tables:
            connection.execute(text(f"DELETE FROM simulator.{table}"))
    return SimulatorRuntime(simulator_engine, settings)


@pytest.fixture
def quick_validation(runtime: SimulatorRuntime) -> SimulatorRuntime:
    """The runtime with only 0.2 seconds for C2B validation."""
    return replace(runtime, settings=replace(runtime.settings, validation_seconds=0.2))


@pytest.fixture
def providers(runtime: SimulatorRuntime) -> FlaskClient:
    """A client of the simulated providers."""
    return create_providers_app(runtime).test_client()


@pytest.fixture
def provider_server(runtime: SimulatorRuntime) -> Iterator[ProviderServer]:
    """The simulated providers, served over HTTP."""
    server = ProviderServer(runtime, 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def phone(runtime: SimulatorRuntime) -> FlaskClient:
    """A client of the phone application, which knows one device."""
    devices = {"SL100234": ("shs", LAMP, 1)}
    return create_phone_app(runtime, lambda: CAST, devices.get).test_client()
