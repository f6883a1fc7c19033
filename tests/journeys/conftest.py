"""Journeys on real parts: the gateway served over HTTP, stand-in providers, the workers' jobs.

The calendar is the machine's, so journeys write `...` for dates. The database holds the cast of the
tests, or for journeys/demo the people of `make run`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine

from core.clock import system_clock
from core.db.devices import find_device
from core.db.engine import make_engine
from core.pin import Pins
from core.unit import OpenUnit, unit_opener
from core.usecases.tokens.device_keys import OpenSecret, secrets_from
from core.vend import VendorName
from gateway.app import by_prefix, create_app
from gateway.limits import Limits, SerialGuesses
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.payments.proof import Proofs
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from gateway.ussd.endpoint import ussd_application
from gateway.ussd_menus.product import product_menu
from gateway.vendors.vendor_table import DRIVERS
from gateway.work_queues import WorkQueues
from operations.demo import cast as people_in
from operations.demo import load_demo
from simulator.app import create_phone_app
from simulator.terminal.contacts import Contacts
from tests.journeys.running_gateway import RunningGateway
from tests.journeys.verbs import JourneyVerbs
from tests.support.cast import (
    OPEN_SECRET,
    PEOPLE,
    PEPPER,
    PROOF_SECRET,
    PSEUDONYMS,
    VENDING_KEYS,
    insert_cast,
)
from tests.support.channels import CHANNELS
from tests.support.endpoint_settings import endpoint_settings, keys_of_all
from tests.support.journeys import JourneySetup, Stop, StoppableRedis, stoppable_units
from tests.support.phone import PATIENCE_S, Phone
from tests.support.pool import DatabasePool
from tests.support.standins import served, stand_ins
from tests.support.vendors import account_with
from workers import jobs, vends
from workers.runtime import Runtime

KEY = "demo"
VENDORS_OF_THE_DEMO: tuple[VendorName, ...] = ("stron", "koios")
DEMO_SECRETS = VENDING_KEYS | {"DEVICE_KEY_SECRET": "A" * 43 + "=", "PIN_PEPPER": PEPPER}


@dataclass(frozen=True)
class StartingData:
    """The data that a journey starts with. `fill` writes it and returns numbers by name."""

    fill: Callable[[Engine], Mapping[str, str]]
    open_secret: OpenSecret


def _fill_with_cast(engine: Engine) -> Mapping[str, str]:
    with engine.begin() as connection:
        insert_cast(connection, system_clock().date())
    return PEOPLE


def _fill_with_demo(engine: Engine) -> Mapping[str, str]:
    load_demo(engine, DEMO_SECRETS)
    return {contact.name: contact.msisdn for contact in Contacts(people_in(engine)).all}


CAST = StartingData(_fill_with_cast, OPEN_SECRET)
DEMO = StartingData(_fill_with_demo, secrets_from(DEMO_SECRETS))


def _device_in(open_unit: OpenUnit, open_secret: OpenSecret) -> Callable[[str], Any]:
    """A function that gives the kind, secret and initial count of a device in the database."""

    def device(serial: str) -> Any:
        with open_unit() as unit:
            found = find_device(unit.connection, serial, with_secrets=True)
        return found and (found.kind, open_secret(found), found.initial_counter)

    return device


@pytest.fixture
def open_gateway(
    simulated_databases: DatabasePool, redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[[StartingData], AbstractContextManager[RunningGateway]]:
    """Run the gateway on a database of its own and an empty Redis."""

    @contextmanager
    def opened(starting_data: StartingData) -> Iterator[RunningGateway]:
        redis.flushdb()
        with simulated_databases.database() as database_url:
            engine = create_engine(database_url)
            reading = make_engine(database_url, settings={"default_transaction_read_only": "on"})
            open_read_only_unit = unit_opener(
                reading.execution_options(isolation_level="AUTOCOMMIT")
            )
            try:
                people = starting_data.fill(engine)
                with _run_gateway(
                    starting_data,
                    people,
                    engine,
                    open_read_only_unit,
                    database_url,
                    redis,
                    redis_url,
                    monkeypatch,
                ) as running:
                    yield running
            finally:
                reading.dispose()
                engine.dispose()

    return opened


@pytest.fixture
def journey_setup(
    open_gateway: Any, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], JourneySetup]]:
    """A function that gives the setup of a journey for a mode."""
    with open_gateway(getattr(request, "param", CAST)) as running:
        yield running.setup


@contextmanager
def _run_gateway(
    starting_data: StartingData,
    people: Mapping[str, str],
    engine: Engine,
    open_read_only_unit: OpenUnit,
    database_url: str,
    redis: Redis,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[RunningGateway]:
    open_unit = unit_opener(engine, pins=Pins(PEPPER), channels=CHANNELS)
    device = _device_in(open_unit, starting_data.open_secret)
    database, session = Stop("before the database commits"), Stop("before the session commits")
    stoppable = stoppable_units(open_unit, database)
    gateway = _web_app(database_url, redis_url)
    phones: dict[str, Any] = {}  # made once the stand-ins know where the gateway is served

    def served_beside(environ: dict[str, Any], start_response: Any) -> Any:
        return by_prefix(gateway, {"/phone/": phones["app"]})(environ, start_response)

    with (
        closing(gateway),
        served(served_beside) as url,
        stand_ins(database_url, url, KEY) as providers,
        ThreadPoolExecutor(8) as pool,
    ):
        phones["app"] = create_phone_app(providers.runtime, lambda: people_in(engine), device)
        runtime = _runtime(providers.url, url, stoppable, redis_url, starting_data.open_secret)
        _start_work(runtime, engine, monkeypatch)
        endpoint = ussd_application(
            keys=keys_of_all(KEY),
            redis=cast(Redis, StoppableRedis(redis, session)),
            pseudonyms=PSEUDONYMS,
            open_unit=stoppable,
            open_read_only_unit=open_read_only_unit,
            menu=product_menu(),
            pool=pool,
            deadline_s=PATIENCE_S,
        )
        running = RunningGateway(
            url, providers, open_unit, database, SerialGuesses(Limits(redis)), people
        )
        running.setup = lambda mode: JourneySetup(
            Phone(endpoint),
            JourneyVerbs(running, device, mode == "stopped").by_word(),
            people,
            [database, session],
        )
        yield running


def _start_work(runtime: Runtime, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that starts says which vendors are set up. No other has read the market yet."""
    _work_with(replace(runtime, open_unit=unit_opener(engine, channels=CHANNELS)), monkeypatch)
    vends.ask_vendors()
    _work_with(runtime, monkeypatch)


def _work_with(worker: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (jobs, vends):
        monkeypatch.setattr(module, "runtime", lambda: worker)


def _web_app(database_url: str, redis_url: str) -> Any:
    return create_app(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            **endpoint_settings(KEY),
            "DARAJA_SHORTCODE": "600123",
            "PIN_PEPPER": PEPPER,
        }
    )


def _runtime(
    providers: str, public_url: str, open_unit: OpenUnit, redis_url: str, open_secret: OpenSecret
) -> Runtime:
    return Runtime(
        open_unit=open_unit,
        open_secret=open_secret,
        daraja=DarajaClient(
            DarajaSettings(
                base_url=providers,
                consumer_key="consumer",
                consumer_secret="secret",
                shortcode="600123",
                passkey="pass",
                callback_url=f"{public_url}/payments/daraja/{KEY}/stk",
                proofs=Proofs(PROOF_SECRET),
            )
        ),
        sender=AfricasTalkingSender(SmsSettings("jua", "at-key", None, providers)),
        work_queues=WorkQueues(redis_url),
        vendors=[DRIVERS[token](account_with(token, providers)) for token in VENDORS_OF_THE_DEMO],
    )
