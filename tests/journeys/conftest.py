"""Journeys on real parts: the gateway served over HTTP, stand-in providers, the workers' jobs.

The calendar is the machine's, so journeys write `...` for dates. The database holds the cast of the
tests, or for journeys/demo the people of `make run`.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine
from sqlalchemy import text as sql

from core.clock import system_clock
from core.db.devices import find_device
from core.db.engine import make_engine
from core.money import parse_minor
from core.pin import Pins
from core.unit import OpenUnit, unit_opener
from core.usecases.messages.inbound import InboundText
from core.usecases.tokens.device_keys import OpenSecret, secrets_from
from gateway.app import create_app
from gateway.limits import Limits, SerialGuesses
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from gateway.sms.answers import answer_text
from gateway.ussd.endpoint import ussd_application
from gateway.ussd_menus.product import product_menu
from gateway.work_queues import WorkQueues
from operations.demo import cast as people_in
from operations.demo import load_demo
from simulator.africastalking import received_sms
from simulator.app import create_phone_app, mount_phone
from simulator.devices.store import enter_device_token, read_device
from simulator.mobile_money.prompts import answer_prompt, waiting_prompts
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.c2b_payment import pay_by_paybill
from simulator.terminal.contacts import Contacts
from simulator.terminal.journey import find_token, matches, parse_paybill, parse_prompt
from tests.support.builders import insert_village
from tests.support.cast import OPEN_SECRET, PEOPLE, PEPPER, VENDING_KEYS, insert_cast
from tests.support.channels import CHANNELS
from tests.support.journeys import JourneySetup, Stop, StoppableRedis, stoppable_units
from tests.support.phone import PATIENCE_S, Phone
from tests.support.pool import DatabasePool
from tests.support.standins import StandIns, served, stand_ins
from workers import jobs
from workers.runtime import Runtime

KEY = "demo"
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


@dataclass
class RunningGateway:
    """What the verbs of a journey act on. `url` is where the gateway and the phones are served."""

    url: str
    providers: StandIns
    open_unit: OpenUnit
    database: Stop
    guesses: SerialGuesses
    people: Mapping[str, str]
    setup: Callable[[str], JourneySetup] = field(init=False)
    read: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sent: Iterator[int] = field(default_factory=count)
    code: str = ""

    @property
    def simulation(self) -> SimulatorRuntime:
        return self.providers.runtime

    def number(self, person: str) -> str:
        return self.people.get(person, person)

    def work(self, stopped: bool) -> None:
        """Let callbacks arrive and run the workers' jobs; `stopped` ends each job once before."""
        self.providers.settled()
        for job in (jobs.prompt_payers, jobs.apply_payments, jobs.send_sms):
            if stopped:
                with self.database.here():
                    job()
            job()

    def unread(self, name: str, texts: list[str]) -> list[str]:
        """The SMS of a phone that the journey has not read yet."""
        left = list(texts)
        for read in self.read[name]:
            left.remove(read)
        return left

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let the workers run by themselves, as they do in `make run`."""
        over = threading.Event()

        def until_over() -> None:
            while not over.wait(0.05):
                self.work(stopped=False)

        thread = threading.Thread(target=until_over)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _device_in(open_unit: OpenUnit, open_secret: OpenSecret) -> Callable[[str], Any]:
    """A function that gives the kind, secret and initial count of a device in the database."""

    def device(serial: str) -> Any:
        with open_unit() as unit:
            found = find_device(unit.connection, serial)
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
    gateway = create_app(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CALLBACK_KEY": KEY,
            "DARAJA_SHORTCODE": "600123",
            "PIN_PEPPER": PEPPER,
        }
    )
    phones: dict[str, Any] = {}  # made once the stand-ins know where the gateway is served

    def served_beside(environ: dict[str, Any], start_response: Any) -> Any:
        return mount_phone(gateway, phones["app"])(environ, start_response)

    with (
        closing(gateway),
        served(served_beside) as url,
        stand_ins(database_url, url, KEY) as providers,
        ThreadPoolExecutor(8) as pool,
    ):
        phones["app"] = create_phone_app(providers.runtime, lambda: people_in(engine), device)
        runtime = _runtime(providers.url, url, stoppable, redis_url, starting_data.open_secret)
        monkeypatch.setattr(jobs, "runtime", lambda: runtime)
        endpoint = ussd_application(
            key=KEY,
            redis=StoppableRedis(redis, session),
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
            Phone(endpoint), _verbs(running, device, mode == "stopped"), people, [database, session]
        )
        yield running


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
            )
        ),
        sender=AfricasTalkingSender(SmsSettings("jua", "at-key", None, providers)),
        work_queues=WorkQueues(redis_url),
    )


def _verbs(
    running: RunningGateway, device_of: Callable[[str], Any], stopped: bool
) -> dict[str, Callable[[str], None]]:
    """What a journey can say besides typing: who, and then what was done or seen."""

    def prompt(rest: str) -> None:
        """`prompt Amina KES 500 for 0100...: pin 1234`: the phone asks, the person answers."""
        expected = parse_prompt(rest)
        running.work(stopped)
        with running.simulation.engine.connect() as connection:
            waiting = waiting_prompts(connection, running.number(expected.payer))
        assert [prompt.amount_minor for prompt in waiting] == [parse_minor(expected.amount, "KES")]
        assert matches(expected.account, waiting[0].account)
        pin = None if expected.outcome == "cancel" else expected.outcome.removeprefix("pin ")
        answer_prompt(running.simulation, running.number(expected.payer), waiting[0].id, pin)

    def paybill(rest: str) -> None:
        """`paybill Amina KES 500 to 0100...: 0`: the code says whether it was accepted."""
        expected = parse_paybill(rest)
        amount_minor = parse_minor(expected.amount, "KES")
        answer = pay_by_paybill(
            running.simulation, running.number(expected.payer), expected.account, amount_minor
        )
        assert answer.code == expected.outcome

    def sms(rest: str) -> None:
        """`sms Amina: Token 1234 ...`: a text that was not read yet; its code can be typed. Texts
        that leave together may come in any order."""
        name, _, wanted = rest.partition(": ")
        running.work(stopped)
        with running.simulation.engine.connect() as connection:
            texts = received_sms(connection, running.number(name))
        unread = running.unread(name, [sms["text"] for sms in texts])
        body = next((text for text in unread if matches(wanted, text)), None)
        assert body is not None, f"wanted: {wanted}\ngot: {unread}"
        running.read[name].append(body)
        running.code = find_token(body) or running.code

    def silence(rest: str) -> None:
        """`silence Amina`: no further text came."""
        running.work(stopped)
        with running.simulation.engine.connect() as connection:
            texts = [sms["text"] for sms in received_sms(connection, running.number(rest))]
        assert running.unread(rest, texts) == []

    def shows(state: dict[str, Any], wanted: str) -> None:
        for part in wanted.split(", "):
            name, _, value = part.partition(" ")
            assert str(state.get(name)).lower() == value, f"{name} is {state.get(name)}: {state}"

    def type_(rest: str) -> None:
        """`type LAMP100: accepted true, days 7`: the last code, and what the device says."""
        serial, _, wanted = rest.partition(": ")
        shows(enter_device_token(running.simulation, device_of, serial, running.code), wanted)

    def device(rest: str) -> None:
        """`device LAMP100: days 7`: how it stands."""
        serial, _, wanted = rest.partition(": ")
        shows(read_device(running.simulation, device_of, serial), wanted)

    def text(rest: str) -> None:
        """`text Amina: BAL`: a text from that phone to the gateway, delivered twice."""
        name, _, body = rest.partition(": ")
        inbound = InboundText(
            "africastalking", f"{name}-{next(running.sent)}", running.number(name), body
        )
        for _ in range(2):
            with running.open_unit() as unit:
                answer_text(unit, inbound, running.guesses)

    def speaks(rest: str) -> None:
        """`speaks en, sw, fr`: the languages of the market. Said first, since a market is kept."""
        with running.simulation.engine.begin() as connection:
            connection.execute(
                sql("UPDATE market SET languages = :languages"), {"languages": rest.split(", ")}
            )

    def villages(rest: str) -> None:
        """`villages 40`: so many more villages, `V01` and on."""
        with running.open_unit() as unit:
            for number in range(1, int(rest) + 1):
                insert_village(unit.connection, code=f"V{number:02}", name=f"Village {number:02}")

    return {
        "prompt": prompt,
        "speaks": speaks,
        "villages": villages,
        "text": text,
        "paybill": paybill,
        "sms": sms,
        "silence": silence,
        "type": type_,
        "device": device,
    }
