"""The scenario of random walks through the product's menu: real parts in one transaction.

Endpoint, engine, use cases, PostgreSQL and Redis are real, but everything happens in one
transaction of one connection: a turn is a savepoint, and a walk leaves nothing behind.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from redis import Redis
from sqlalchemy import Connection, text

from core.clock import system_clock
from core.db.invariants import LEDGER, offenders
from core.db.tariffs import find_market
from core.payment import PaymentNotice
from core.pin import Pins
from core.unit import Unit
from core.usecases.messages.inbound import InboundText
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.record import record_payment
from gateway.limits import Limits, SerialGuesses
from gateway.sms.answers import answer_text
from gateway.ussd.endpoint import ussd_application
from gateway.ussd.sessions import SessionStore
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.product import product_menu
from tests.support.builders import (
    give_device,
    insert_appliance,
    insert_device,
    insert_manufacturer,
    insert_plan_offer,
    insert_tariff,
)
from tests.support.cast import (
    AMINA,
    BARAKA,
    CHIDI,
    DAY_KIT,
    JUMA,
    KIT,
    METER,
    NEEMA,
    NEW_METER,
    OPEN_SECRET,
    PEOPLE,
    PEPPER,
    PSEUDONYMS,
    STOCK_KIT,
    STRANGER,
    STS,
    VENDING_KEYS,
    ZURI,
    insert_cast,
)
from tests.support.channels import CHANNELS
from tests.support.endpoint_settings import keys_of_all

NEWCOMER = PEOPLE["a newcomer"]
# Agents have most to do.
CALLERS = (AMINA, BARAKA, CHIDI, NEEMA, JUMA, JUMA, JUMA, JUMA, ZURI, STRANGER, NEWCOMER)
LANGUAGES = ("en", "sw", "fr")
NETWORKS = ("63902", "63903", "62120")
# Six digits that occur in nothing else, so that finding one means finding a PIN.
PIN, WRONG_PIN, NEXT_PIN = "735194", "640285", "918273"
PINS = re.compile(rf"(?<!\d)({PIN}|{WRONG_PIN}|{NEXT_PIN})(?!\d)")
KEYS = (bytes(range(16)).hex(), bytes(range(16)).decode("latin-1"), *VENDING_KEYS.values())
TOKEN_SEPARATORS = re.compile(r"[ *#-]")
TAKEN_METER = "01000000065"
# What Juma asked for by SMS before any walk; another customer has the last meter by now.
REG_TEXTS = (
    f"REG {NEW_METER} 0722000055 KIB home Wanjala Simiyu",
    f"REG {STOCK_KIT} 0722000056 KIB kit/4W Naliaka Simiyu",
    f"REG {DAY_KIT} 0722000057 KIB sunday Nekesa Simiyu",
    f"REG {TAKEN_METER} 0722000058 KIB home Nafula Simiyu",
)
_TRACES = """
    SELECT (SELECT count(*) FROM ussd_effects), (SELECT count(*) FROM sms),
           (SELECT count(*) FROM journal_entries), (SELECT count(*) FROM prompts),
           (SELECT count(*) FROM customers), (SELECT count(*) FROM sales),
           (SELECT count(*) FROM device_requests)
"""


class InlineExecutor(Executor):
    """Plays a turn in the calling thread, since there is one connection."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  it is raised where the turn is waited for
            future.set_exception(error)
        return future


class LogRecorder(logging.Handler):
    """Records everything that is logged."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass(frozen=True)
class KnownPerson:
    """A person whom others must not recognise. `names` are long enough to be nothing else."""

    msisdn: str
    names: tuple[str, ...]


@dataclass
class WalkScenario:
    """One walk: the gateway and the database behind all phones, with a clock of its own."""

    connection: Connection
    redis: Redis
    language: str
    log: LogRecorder
    reached: Counter[str]
    menu: Menu = field(default_factory=product_menu)
    clock_offset: timedelta = timedelta(0)
    requesters: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.redis.flushdb()
        languages = [self.language, *(code for code in LANGUAGES if code != self.language)]
        self._sql("UPDATE market SET languages = :languages", languages=languages)
        for people in ("customers", "agents"):
            self._sql(f"UPDATE {people} SET language = :language", language=self.language)
        self.store = SessionStore(self.redis, PSEUDONYMS)
        self.endpoint = ussd_application(
            keys=keys_of_all("demo"),
            redis=self.redis,
            pseudonyms=PSEUDONYMS,
            open_unit=self.open_unit,
            open_read_only_unit=self.open_read_only_unit,
            menu=self.menu,
            pool=InlineExecutor(),
            guesses=SerialGuesses(Limits(self.redis)),
            clock=self.clock,
        )
        self.refresh()

    def clock(self) -> datetime:
        return system_clock() + self.clock_offset

    @contextmanager
    def open_unit(self) -> Iterator[Unit]:
        market = find_market(self.connection)
        assert market
        with self.connection.begin_nested():
            yield Unit(self.connection, self.clock(), market, Pins(PEPPER), CHANNELS)
            self._sql("SET CONSTRAINTS ALL IMMEDIATE")
            self._sql("SET CONSTRAINTS ALL DEFERRED")

    @contextmanager
    def open_read_only_unit(self) -> Iterator[Unit]:
        """A Unit in which the database refuses to write."""
        market = find_market(self.connection)
        assert market
        with self.connection.begin_nested():
            self._sql("SET TRANSACTION READ ONLY")
            yield Unit(self.connection, self.clock(), market, Pins(PEPPER), CHANNELS)

    def wait(self, minutes: int) -> None:
        """Move the clock of the database forward. Sessions in Redis are not affected."""
        self.clock_offset += timedelta(minutes=minutes)

    def work(self) -> None:
        """Apply the payments that wait, as the workers do."""
        with self.open_unit() as unit:
            while apply_payments(unit, OPEN_SECRET):
                pass
        self.refresh()

    def refresh(self) -> None:
        """Read again who the people are, and whose the sent tokens are; numbers change owners."""
        people = self.connection.execute(
            text(
                "SELECT m.msisdn, c.name, c.surname FROM customers c"
                " JOIN customer_msisdns m ON m.customer_id = c.id"
                " UNION ALL SELECT msisdn, name, surname FROM agents"
            )
        ).all()
        self.people = [
            KnownPerson(row.msisdn, tuple(name for name in row[1:] if len(name) > 3))
            for row in people
        ]
        asked = self.connection.execute(text("SELECT msisdn, name, surname FROM device_requests"))
        self.requesters |= {value for row in asked for value in row if value}
        # Two devices of the cast have the same key, so that their tokens may be the same.
        self.tokens: dict[str, set[str]] = {}
        for row in self.connection.execute(
            text(
                "SELECT t.text, m.msisdn FROM tokens t JOIN payments p ON p.id = t.payment_id"
                " JOIN customer_msisdns m ON m.customer_id = p.customer_id"
            )
        ):
            self.tokens.setdefault(row.text, set()).add(row.msisdn)

    def check_database(self) -> None:
        """Check at the end: all invariants hold, tokens went to their owners, no PIN is stored."""
        for name, sql in LEDGER.items():
            found = offenders(self.connection, sql, self.clock())
            assert not found, f"{name}: {found}"
        for row in self.connection.execute(text("SELECT msisdn, body FROM sms")):
            assert not PINS.search(row.body), f"an SMS holds a PIN: {row.body}"
            for token, owners in self.tokens.items():
                has_token = TOKEN_SEPARATORS.sub("", token) in TOKEN_SEPARATORS.sub("", row.body)
                assert not has_token or row.msisdn in owners, (
                    f"{row.msisdn} got the token of {owners}"
                )
        for (step,) in self.connection.execute(text("SELECT step::text FROM ussd_effects")):
            assert not PINS.search(step), f"an effect kept a PIN: {step}"

    def count_traces(self) -> tuple[Any, ...]:
        """How many rows effects have left, by table."""
        return tuple(self.connection.execute(text(_TRACES)).one())

    def _sql(self, statement: str, **values: Any) -> None:
        self.connection.execute(text(statement), values)


def insert_walk_data(connection: Connection, redis: Redis) -> None:
    """Insert the cast, tokens that were sent and requests that wait; once for all walks."""
    today = system_clock().date()
    insert_cast(connection, today)
    connection.execute(text("UPDATE agents SET pin_hash = :hash"), {"hash": Pins(PEPPER).hash(PIN)})
    _insert_choices(connection)
    market = find_market(connection)
    assert market
    unit = Unit(connection, system_clock(), market, Pins(PEPPER), CHANNELS)
    for serial, payer, minor in ((METER, AMINA, 700_00), (KIT, BARAKA, 150_00)):
        record_payment(unit, _notice(serial, payer, minor, unit.now))
    while apply_payments(unit, OPEN_SECRET):
        pass
    for number, body in enumerate(REG_TEXTS):
        inbound = InboundText("africastalking", f"walk-{number}", JUMA, body)
        answer_text(unit, inbound, SerialGuesses(Limits(redis)))
    give_device(connection, TAKEN_METER, NEEMA)


def _insert_choices(connection: Connection) -> None:
    """Insert two of everything whose list would be skipped, and every way to sell."""
    manufacturer = insert_manufacturer(
        connection, code="hexing", token_family="sts", kinds=("meter",)
    )
    insert_manufacturer(
        connection, code="dlight", token_family="openpaygo", kinds=("shs", "e_bike")
    )
    insert_tariff(connection, code="shop", price_per_kwh_minor=120_00)
    insert_device(connection, serial=TAKEN_METER, manufacturer_id=manufacturer, sts=STS)
    kinds = {"freezer": "other", "lantern": "shs", "scooter": "e_bike"}
    for code, kind in kinds.items():
        appliance = insert_appliance(connection, code=code, kind=kind, price_per_day_minor=20_00)
        for count in (6, 12) if code == "freezer" else ():
            insert_plan_offer(
                connection, code=f"{code}{count}", appliance_id=appliance, count=count
            )


def _notice(serial: str, payer: str, minor: int, now: datetime) -> PaymentNotice:
    return PaymentNotice(
        provider_account="daraja:600123",
        receipt=f"WALK{serial[-4:]}",
        source="c2b",
        amount_minor=minor,
        currency="KES",
        account=serial,
        payer_kind="msisdn",
        payer=payer,
        paid_at=now,
    )
