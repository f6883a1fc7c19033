"""Fixtures for every test. Nothing is started before a test asks, so pure tests pay nothing.

`connection` for a test of what happens inside one transaction (rolled back afterwards);
`database_url` for a test that commits, or that several connections or processes share,
`fresh_database_url` for one that changes the schema;
`redis` for the queue and the menu's sessions. Each pytest process has servers of its own.
"""

import gc
import os
from collections.abc import Callable, Iterator
from typing import cast

import pytest
from argon2 import PasswordHasher
from hypothesis import settings
from redis import Redis
from sqlalchemy import Connection, Engine, NullPool, create_engine

from core.unit import OpenUnit, unit_opener
from operations.embedded.services import Services
from tests.support.builders import insert_market
from tests.support.forgotten_wakes import forgotten_wakes
from tests.support.lock_order import watched_locks
from tests.support.pool import DatabasePool
from tests.support.roles import processes_in_their_roles
from tests.support.scenario import NOW, Scenario, make_scenario
from tests.support.services import TEMPLATE, clone, make_template, services_in_memory_speed
from tests.support.standins import furnish

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_collection_finish() -> None:
    """What is imported by now stays, so the garbage collector need not search it after every few
    objects: a tenth of a run's processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """A hash of a PIN or a password is slow and large on purpose; here it is one of many things."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.pin._HASHER", cheap)
        patch.setattr("core.password._HASHER", cheap)
        yield


@pytest.fixture(scope="session", autouse=True)
def patient_redis() -> Iterator[None]:
    """A busy machine is no reason to do without Redis."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.redis_client.TIMEOUT_S", 10.0)
        yield


@pytest.fixture(autouse=True)
def every_queue_is_woken() -> Iterator[None]:
    """A Unit that commits work for a queue has that queue in `unit.wakes`."""
    with forgotten_wakes() as forgotten:
        yield
    assert forgotten.found == []


@pytest.fixture(autouse=True)
def locks_are_taken_in_order() -> Iterator[None]:
    """A transaction takes its locks in the order that core.unit says."""
    with watched_locks() as watch:
        yield
    assert watch.found == []


@pytest.fixture(scope="session")
def services() -> Iterator[Services]:
    """The running PostgreSQL and Valkey of this pytest process."""
    with services_in_memory_speed() as running:
        yield running


@pytest.fixture(scope="session")
def migrated(services: Services) -> Iterator[Services]:
    """The running servers, with a migrated template database to clone.

    What connects as a process of the product has the rights of that process's role.
    """
    make_template(services)
    with processes_in_their_roles(services, TEMPLATE):
        yield services


@pytest.fixture(scope="session")
def databases(migrated: Services) -> DatabasePool:
    return DatabasePool(migrated)


@pytest.fixture
def database_url(databases: DatabasePool) -> Iterator[str]:
    """A database of this test alone, migrated and empty."""
    with databases.database() as url:
        yield url


@pytest.fixture
def fresh_database_url(migrated: Services) -> Iterator[str]:
    """A migrated, empty database that no test used before: for a test that changes the schema."""
    with clone(migrated) as url:
        yield url


@pytest.fixture(scope="session")
def simulated_databases(migrated: Services) -> DatabasePool:
    return DatabasePool(migrated, make_template(migrated, "simulated", furnish, TEMPLATE))


@pytest.fixture
def simulated_database_url(simulated_databases: DatabasePool) -> Iterator[str]:
    """A database of this test alone, in which the stand-ins find their schema."""
    with simulated_databases.database() as url:
        yield url


@pytest.fixture(scope="session")
def rolled_back_engine(migrated: Services) -> Iterator[Engine]:
    with clone(migrated) as url:
        yield create_engine(url, poolclass=NullPool, connect_args={"options": "-c timezone=UTC"})


@pytest.fixture
def connection(rolled_back_engine: Engine) -> Iterator[Connection]:
    """An open transaction on a migrated, empty database, never committed.

    What is deferred to the commit is asked for with `SET CONSTRAINTS ALL IMMEDIATE`.
    """
    with rolled_back_engine.connect() as connection, connection.begin() as outer:
        yield connection
        if outer.is_active:
            outer.rollback()


@pytest.fixture(scope="session")
def redis_client(services: Services) -> Iterator[Redis]:
    with Redis.from_url(services.redis_url) as client:
        yield client


@pytest.fixture
def redis_url(services: Services, redis_client: Redis) -> str:
    """An empty Valkey, spoken to with Redis's protocol; for what opens connections of its own."""
    redis_client.flushdb()
    return services.redis_url


@pytest.fixture
def redis(redis_url: str, redis_client: Redis) -> Redis:
    """A client of the empty Valkey."""
    return redis_client


@pytest.fixture
def woken(redis: Redis) -> Callable[[], set[str]]:
    """The queues that were woken and whose job has not begun."""
    return lambda: {cast(bytes, key).decode().removeprefix("wake:") for key in redis.keys("wake:*")}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A Kenyan market and nothing else, on a database of this test alone."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        insert_market(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def open_unit(engine: Engine) -> OpenUnit:
    """Units on `engine` at a fixed instant."""
    return unit_opener(engine, lambda: NOW)


@pytest.fixture
def scenario(database_url: str) -> Iterator[Scenario]:
    """The cast of the tests on a database of this test alone."""
    engine = create_engine(database_url)
    yield make_scenario(engine)
    engine.dispose()
