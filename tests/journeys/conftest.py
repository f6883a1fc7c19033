"""The whole road on real parts: the gateway served over HTTP, stand-in providers, workers' jobs.

Only the clock of the calendar is shared with the machine: journeys write `...` for dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from core.clock import system_clock
from core.db.devices import find_device
from core.db.engine import make_engine
from core.pin import Pins
from core.settings import DarajaSettings, SmsSettings
from core.unit import OpenUnit, unit_opener
from core.usecases.record_inbound_text import InboundText
from gateway.app import create_app
from gateway.payments.daraja import DarajaClient
from gateway.ring import Doorbell
from gateway.sms.africastalking import AfricasTalkingSender
from gateway.sms.answers import answer_text
from gateway.ussd.door import ussd_application
from gateway.ussd_menus.product import product_menu
from simulator.africastalking import received_texts
from simulator.device_shelf import look_at, type_on
from simulator.safaricom.paybill import pay_by_paybill
from simulator.safaricom.prompts import answer_prompt, waiting_prompts
from simulator.world import World as Simulation
from tests.support.cast import OPEN_SECRET, PEOPLE, PEPPER, insert_cast
from tests.support.journeys import Stop, StoppableRedis, World, seen, stoppable_units
from tests.support.phone import Phone
from tests.support.standins import StandIns, served, stand_ins
from workers import jobs
from workers.runtime import Runtime

KEY = "demo"


@dataclass
class Road:
    """What the verbs of a journey act on. `holder` is whose phone the last line was about."""

    providers: StandIns
    open_unit: OpenUnit
    database: Stop
    read: dict[str, int] = field(default_factory=dict)
    sent: Iterator[int] = field(default_factory=count)
    code: str = ""

    @property
    def simulation(self) -> Simulation:
        return self.providers.world

    def work(self, stopped: bool) -> None:
        """Let callbacks arrive and workers do what waits; `stopped` ends each job once before."""
        self.providers.settled()
        for job in (jobs.prompt_payers, jobs.apply_payments, jobs.send_texts):
            if stopped:
                with self.database.here():
                    job()
            job()

    def device(self, serial: str) -> Any:
        """The device's kind, secret and count when it left the factory, as the books hold them."""
        with self.open_unit() as unit:
            device = find_device(unit.connection, serial)
        return device and (device.kind, OPEN_SECRET(device), device.initial_counter)


@pytest.fixture
def database_url(simulated_database_url: str) -> str:
    """Where the stand-ins keep their world, too."""
    return simulated_database_url


@pytest.fixture
def journey_world(
    database_url: str, redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], World]]:
    """Makes the world a journey is played in, for a mode."""
    engine = create_engine(database_url)
    reading = make_engine(database_url, settings={"default_transaction_read_only": "on"})
    open_unit = unit_opener(engine, pins=Pins(PEPPER))
    database, session = Stop("before the database commits"), Stop("before the session commits")
    stoppable = stoppable_units(open_unit, database)
    with engine.begin() as connection:
        insert_cast(connection, _today())
    gateway = create_app(
        {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CALLBACK_KEY": KEY,
            "DARAJA_SHORTCODE": "600123",
            "PIN_PEPPER": PEPPER,
        }
    )
    with (
        served(gateway) as url,
        stand_ins(database_url, url, KEY) as providers,
        ThreadPoolExecutor(8) as pool,
    ):
        runtime = _runtime(providers.url, url, stoppable, redis_url)
        monkeypatch.setattr(jobs, "runtime", lambda: runtime)
        door = ussd_application(
            key=KEY,
            redis=StoppableRedis(redis, session),
            open_unit=stoppable,
            open_reading=unit_opener(reading.execution_options(isolation_level="AUTOCOMMIT")),
            menu=product_menu(),
            pool=pool,
        )
        road = Road(providers, open_unit, database)
        yield lambda mode: World(
            Phone(door), _verbs(road, mode == "stopped"), PEOPLE, [database, session]
        )
    gateway.close()
    for one in (engine, reading):
        one.dispose()


def _today() -> Any:
    return system_clock().date()


def _runtime(providers: str, public_url: str, open_unit: OpenUnit, redis_url: str) -> Runtime:
    return Runtime(
        open_unit=open_unit,
        open_secret=OPEN_SECRET,
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
        doorbell=Doorbell(redis_url),
    )


def _verbs(road: Road, stopped: bool) -> dict[str, Callable[[str], None]]:
    """What a journey can say besides typing: who, and then what was done or seen."""

    def prompt(rest: str) -> None:
        """`prompt Amina KES 500 for 0100...: pin 1234`: the phone asks, the person answers."""
        found = re.fullmatch(r"(.+) KES (\d+) for (\S+): (cancel|pin (\d+))", rest)
        assert found, f"a prompt reads `NAME KES AMOUNT for ACCOUNT: pin 1234`, not {rest!r}"
        road.work(stopped)
        with road.simulation.engine.connect() as connection:
            waiting = waiting_prompts(connection, PEOPLE[found[1]])
        assert [one.amount_minor for one in waiting] == [int(found[2]) * 100]
        assert seen(found[3], waiting[0].account)
        answer_prompt(road.simulation, PEOPLE[found[1]], waiting[0].id, found[5])

    def paybill(rest: str) -> None:
        """`paybill Amina KES 500 to 0100...: 0`: the code says whether it was accepted."""
        found = re.fullmatch(r"(.+) KES (\d+) to (\S+): (\S+)", rest)
        assert found, f"paybill reads `NAME KES AMOUNT to ACCOUNT: CODE`, not {rest!r}"
        phone, amount_minor = PEOPLE[found[1]], int(found[2]) * 100
        answer = pay_by_paybill(road.simulation, phone, found[3], amount_minor)
        assert answer.code == found[4]

    def sms(rest: str) -> None:
        """`sms Amina: Token 1234 ...`: the next text on that phone; its code can be typed."""
        name, _, wanted = rest.partition(": ")
        road.work(stopped)
        with road.simulation.engine.connect() as connection:
            texts = received_texts(connection, PEOPLE[name])
        place = road.read.get(name, 0)
        assert len(texts) > place, f"no further text on {name}'s phone"
        body = texts[place]["text"]
        assert seen(wanted, body), f"wanted: {wanted}\ngot: {body}"
        road.read[name] = place + 1
        if code := re.search(r"(?:Tokeni?|Jeton) ([\d ]+)", body):
            road.code = code[1]

    def silence(rest: str) -> None:
        """`silence Amina`: no further text came."""
        road.work(stopped)
        with road.simulation.engine.connect() as connection:
            assert len(received_texts(connection, PEOPLE[rest])) == road.read.get(rest, 0)

    def type_(rest: str) -> None:
        """`type LAMP100: accepted true, days 7`: the last code, and what the device says."""
        serial, _, wanted = rest.partition(": ")
        said = type_on(road.simulation, road.device, serial, road.code)
        for part in wanted.split(", "):
            name, _, value = part.partition(" ")
            assert str(said.get(name)).lower() == value, f"{name} is {said.get(name)}: {said}"

    def device(rest: str) -> None:
        """`device LAMP100: days 7`: how it stands."""
        serial, _, wanted = rest.partition(": ")
        name, _, value = wanted.partition(" ")
        assert str(look_at(road.simulation, road.device, serial).get(name)).lower() == value

    def text(rest: str) -> None:
        """`text Amina: BAL`: a text from that phone to the gateway, delivered twice."""
        name, _, body = rest.partition(": ")
        inbound = InboundText("africastalking", f"{name}-{next(road.sent)}", PEOPLE[name], body)
        for _ in range(2):
            with road.open_unit() as unit:
                answer_text(unit, inbound)

    def speaks(rest: str) -> None:
        """`speaks en, sw, fr`: the languages of the market. Said first, since a market is kept."""
        with road.simulation.engine.begin() as connection:
            connection.execute(
                sql("UPDATE market SET languages = :languages"), {"languages": rest.split(", ")}
            )

    return {
        "prompt": prompt,
        "speaks": speaks,
        "text": text,
        "paybill": paybill,
        "sms": sms,
        "silence": silence,
        "type": type_,
        "device": device,
    }
