"""The toy menu behind the real wire, on real PostgreSQL and Redis."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine, text

from core.unit import OpenUnit, Unit
from gateway.ussd.endpoint import ussd_application
from operations.embedded.services import Services
from tests.gateway.ussd.conformance import WIRES, Caller, Hands, Wire
from tests.support.cast import PSEUDONYMS
from tests.support.channels import CHANNELS
from tests.support.endpoint_settings import keys_of_all
from tests.support.phone import PATIENCE_S, Phone
from tests.support.pool import DatabasePool
from tests.support.services import TEMPLATE, inside, make_template
from tests.support.toy_menu import MARKET, NOW, toy_menu


def create_charged(url: str) -> None:
    """The table in which the toy's effects leave their traces."""
    with inside(url) as connection:
        connection.execute("CREATE TABLE charged (payer text, serial text, minor bigint)")


@pytest.fixture(scope="session")
def toy_databases(migrated: Services) -> DatabasePool:
    return DatabasePool(migrated, make_template(migrated, "toy", create_charged, TEMPLATE))


@pytest.fixture
def engine(toy_databases: DatabasePool) -> Iterator[Engine]:
    with toy_databases.database() as url:
        engine = create_engine(url)
        yield engine
        engine.dispose()


@pytest.fixture
def wait_for_a_lock(engine: Engine) -> Callable[[], None]:
    """Returns as soon as one transaction in this database waits for another."""
    waiting = text(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
        " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
    )

    def until() -> None:
        for _ in range(30_000):
            with engine.begin() as connection:
                if connection.execute(waiting).scalar_one():
                    return
        raise AssertionError("nobody waits")

    return until


@pytest.fixture
def open_unit(engine: Engine) -> OpenUnit:
    @contextmanager
    def opened() -> Iterator[Unit]:
        with engine.begin() as connection:
            yield Unit(connection, NOW, MARKET, channels=CHANNELS)

    return opened


@pytest.fixture
def open_read_only_unit(engine: Engine) -> OpenUnit:
    """Units in which nothing can be written."""

    @contextmanager
    def opened() -> Iterator[Unit]:
        with engine.connect().execution_options(postgresql_readonly=True) as connection:
            yield Unit(connection, NOW, MARKET, channels=CHANNELS)

    return opened


@pytest.fixture
def make_app(redis: Redis, open_unit: OpenUnit, open_read_only_unit: OpenUnit) -> Iterator[Any]:
    """Makes an endpoint; what is given replaces its real parts. Its threads end with the test."""
    with ThreadPoolExecutor(16) as pool:
        parts = {"open_unit": open_unit, "open_read_only_unit": open_read_only_unit, "pool": pool}
        parts |= {
            "redis": redis,
            "pseudonyms": PSEUDONYMS,
            "menu": toy_menu(),
            "deadline_s": PATIENCE_S,
        }
        yield lambda **given: ussd_application(keys=keys_of_all("demo"), **{**parts, **given})


@pytest.fixture
def app(make_app: Any) -> Any:
    return make_app()


@pytest.fixture
def charged(engine: Engine) -> Any:
    """What the toy's effects did so far."""

    def rows() -> list[tuple[str, str, int]]:
        with engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text("SELECT * FROM charged"))]

    return rows


@pytest.fixture
def phone(app: Any) -> Phone:
    return Phone(app)


@pytest.fixture(params=WIRES, ids=lambda wire: f"{wire.name}{'#' * wire.numbers}")
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


@pytest.fixture
def caller(wire: Wire, make_app: Any) -> Caller:
    hands = Hands()
    return Caller(wire, make_app(clock=hands), hands)


@pytest.fixture
def traces(redis: Redis, engine: Engine) -> Callable[[], object]:
    """Everything that a refused callback must leave as it was. Refusals themselves are counted."""

    def found() -> object:
        sessions = {key: redis.dump(key) for key in redis.keys("ussd:*")}
        with engine.begin() as connection:
            rows = [
                connection.execute(text(f"SELECT * FROM {table}")).all()
                for table in ("charged", "ussd_effects")
            ]
        return sessions, rows

    return found
