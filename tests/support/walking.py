"""People who walk through the product's menu on the real wire, and what must hold everywhere.

Real parts all through (endpoint, engine, use cases, PostgreSQL, Redis), but everything happens in
one transaction of one connection: a turn is a savepoint, and a walk leaves nothing behind.
"""

from __future__ import annotations

import json
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
from core.db.invariants import BOOKS, offenders
from core.db.tariffs import find_market
from core.gsm7 import is_gsm7, septets
from core.payment import PaymentNotice
from core.pin import Pins
from core.unit import Unit
from core.usecases.messages.inbound import InboundText
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.record import record_payment
from gateway.limits import Limits, SerialGuesses
from gateway.network_limits import screen_of
from gateway.sms.answers import answer_text
from gateway.ussd.endpoint import ussd_application
from gateway.ussd.request import UssdRequest
from gateway.ussd.sessions import SessionStore
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.product import product_menu
from gateway.ussd_menus.replay import expects_secret
from gateway.ussd_menus.screen import Screen
from gateway.ussd_menus.screens import Ask, Pick
from gateway.ussd_menus.session import UssdSession
from tests.support.builders import (
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
    LAST_KIT,
    METER,
    NEEMA,
    NEW_METER,
    OPEN_SECRET,
    PEOPLE,
    PEPPER,
    READY_KIT,
    READY_METER,
    STOCK_KIT,
    STOCK_METER,
    STRANGER,
    STS,
    VENDING_KEYS,
    ZURI,
    insert_cast,
)
from tests.support.channels import CHANNELS
from tests.support.phone import Answer, Phone

NEWCOMER = PEOPLE["a newcomer"]
# Agents have most to do.
CALLERS = (AMINA, BARAKA, CHIDI, NEEMA, JUMA, JUMA, JUMA, JUMA, ZURI, STRANGER, NEWCOMER)
LANGUAGES = ("en", "sw", "fr")
NETWORKS = ("63902", "63903", "62120")
# Six digits that are in nothing else, so that finding one is finding a PIN.
PIN, WRONG_PIN, NEXT_PIN = "735194", "640285", "918273"
_PINS = re.compile(rf"(?<!\d)({PIN}|{WRONG_PIN}|{NEXT_PIN})(?!\d)")
_KEYS = (bytes(range(16)).hex(), bytes(range(16)).decode("latin-1"), *VENDING_KEYS.values())
_CODE = re.compile(r"[ *#-]")
GONE_METER = "01000000065"
# What Juma asked for by text, before any walk; the last one has gone to somebody else.
_REGS = (
    f"REG {NEW_METER} 0722000055 KIB home Wanjala Simiyu",
    f"REG {STOCK_KIT} 0722000056 KIB kit/4W Naliaka Simiyu",
    f"REG {DAY_KIT} 0722000057 KIB sunday Nekesa Simiyu",
    f"REG {GONE_METER} 0722000058 KIB home Nafula Simiyu",
)
_MARKS = """
    SELECT (SELECT count(*) FROM ussd_effects), (SELECT count(*) FROM sms),
           (SELECT count(*) FROM journal_entries), (SELECT count(*) FROM prompts),
           (SELECT count(*) FROM customers), (SELECT count(*) FROM sales),
           (SELECT count(*) FROM device_requests)
"""


class Inline(Executor):
    """Plays a turn in the thread that asks, since there is one connection."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  it is raised where the turn is waited for
            future.set_exception(error)
        return future


class Listening(logging.Handler):
    """Everything that is logged, whoever logs it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@dataclass(frozen=True)
class Somebody:
    """Who must not be recognised by others; `names` are long enough to be nothing else."""

    msisdn: str
    names: tuple[str, ...]


@dataclass
class World:
    """One walk: the phones of everybody, and the books behind them."""

    connection: Connection
    redis: Redis
    language: str
    heard: Listening
    reached: Counter[str]
    menu: Menu = field(default_factory=product_menu)
    ahead: timedelta = timedelta(0)
    asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.redis.flushdb()
        languages = [self.language, *(one for one in LANGUAGES if one != self.language)]
        self._sql("UPDATE market SET languages = :languages", languages=languages)
        for people in ("customers", "agents"):
            self._sql(f"UPDATE {people} SET language = :language", language=self.language)
        self.store = SessionStore(self.redis)
        self.endpoint = ussd_application(
            key="demo",
            redis=self.redis,
            open_unit=self.open_unit,
            open_read_only_unit=self.open_read_only_unit,
            menu=self.menu,
            pool=Inline(),
            guesses=SerialGuesses(Limits(self.redis)),
            clock=self.clock,
        )
        self.learn()

    def clock(self) -> datetime:
        return system_clock() + self.ahead

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
        """Time passes for the books; the sessions of Redis do not notice."""
        self.ahead += timedelta(minutes=minutes)

    def work(self) -> None:
        """The workers apply what waits."""
        with self.open_unit() as unit:
            while apply_payments(unit, OPEN_SECRET):
                pass
        self.learn()

    def learn(self) -> None:
        """Who there is, and whose the codes are that have gone out: who paid may have moved on."""
        people = self.connection.execute(
            text(
                "SELECT m.msisdn, c.name, c.surname FROM customers c"
                " JOIN customer_msisdns m ON m.customer_id = c.id"
                " UNION ALL SELECT msisdn, name, surname FROM agents"
            )
        ).all()
        self.people = [
            Somebody(row.msisdn, tuple(one for one in row[1:] if len(one) > 3)) for row in people
        ]
        asked = self.connection.execute(text("SELECT msisdn, name, surname FROM device_requests"))
        self.asked |= {value for row in asked for value in row if value}
        self.codes = {
            str(row.text): str(row.msisdn)
            for row in self.connection.execute(
                text(
                    "SELECT t.text, m.msisdn FROM tokens t JOIN payments p ON p.id = t.payment_id"
                    " JOIN customer_msisdns m ON m.customer_id = p.customer_id"
                )
            )
        }

    def prove(self) -> None:
        """Afterwards: the books are right, texts go to whom they may, effects kept no secret."""
        for name, sql in BOOKS.items():
            found = offenders(self.connection, sql, self.clock())
            assert not found, f"{name}: {found}"
        for row in self.connection.execute(text("SELECT msisdn, body FROM sms")):
            assert not _PINS.search(row.body), f"a text holds a PIN: {row.body}"
            for code, owner in self.codes.items():
                told = _CODE.sub("", code) in _CODE.sub("", row.body)
                assert not told or row.msisdn == owner, f"{row.msisdn} got the code of {owner}"
        for (result,) in self.connection.execute(text("SELECT result::text FROM ussd_effects")):
            assert not _PINS.search(result), f"an effect kept a PIN: {result}"

    def marks(self) -> tuple[Any, ...]:
        """What effects leave behind, counted."""
        return tuple(self.connection.execute(text(_MARKS)).one())

    def _sql(self, statement: str, **values: Any) -> None:
        self.connection.execute(text(statement), values)


def furnish(connection: Connection, redis: Redis) -> None:
    """The cast, codes that have gone out, and what waits for an agent; once for all walks."""
    today = system_clock().date()
    insert_cast(connection, today)
    connection.execute(text("UPDATE agents SET pin_hash = :hash"), {"hash": Pins(PEPPER).hash(PIN)})
    _widen_the_choice(connection)
    market = find_market(connection)
    assert market
    unit = Unit(connection, system_clock(), market, Pins(PEPPER), CHANNELS)
    for serial, payer, minor in ((METER, AMINA, 700_00), (KIT, BARAKA, 150_00)):
        record_payment(unit, _paid(serial, payer, minor, unit.now))
    while apply_payments(unit, OPEN_SECRET):
        pass
    for number, written in enumerate(_REGS):
        inbound = InboundText("africastalking", f"walk-{number}", JUMA, written)
        answer_text(unit, inbound, SerialGuesses(Limits(redis)))
    connection.execute(
        text(
            "UPDATE devices SET assigned_on = :today, owner_id ="
            " (SELECT customer_id FROM customer_msisdns WHERE msisdn = :owner) WHERE serial = :it"
        ),
        {"today": today, "owner": NEEMA, "it": GONE_METER},
    )


def _widen_the_choice(connection: Connection) -> None:
    """Two of everything that is otherwise passed over, and every way to sell."""
    manufacturer = insert_manufacturer(
        connection, code="hexing", token_family="sts", kinds=("meter",)
    )
    insert_manufacturer(connection, code="dlight", kinds=("shs", "e_bike"))
    insert_tariff(connection, code="shop", price_per_kwh_minor=120_00)
    insert_device(connection, serial=GONE_METER, manufacturer_id=manufacturer, sts=STS)
    kinds = {"freezer": "other", "lantern": "shs", "scooter": "e_bike"}
    for code, kind in kinds.items():
        appliance = insert_appliance(connection, code=code, kind=kind, price_per_day_minor=20_00)
        for count in (6, 12) if code == "freezer" else ():
            insert_plan_offer(
                connection, code=f"{code}{count}", appliance_id=appliance, count=count
            )


def _paid(serial: str, payer: str, minor: int, now: datetime) -> PaymentNotice:
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


class Caller:
    """One person's phone, and what has to hold after each of its callbacks."""

    def __init__(self, world: World, msisdn: str, network: str) -> None:
        self.world = world
        self.phone = Phone(world.endpoint, msisdn, network=network)
        self.typed = " ".join(_REGS).split() if msisdn == JUMA else []
        self.was_lost = False
        self.last: Answer | None = None
        self.session: UssdSession | None = None

    @property
    def is_asked(self) -> bool:
        """Whether a screen waits for an answer."""
        return self.last is not None and self.last.text.startswith("CON ")

    @property
    def screen(self) -> Screen:
        """The screen that waits."""
        assert self.session
        return self.world.menu.screens[self.session.trail[-1]]

    @property
    def hides_input(self) -> bool:
        assert self.session
        return expects_secret(self.world.menu, self.session)

    def dial(self, typed: str = "") -> None:
        self.typed += typed.split("*")
        self.phone.dial(typed)
        self._hear(self.phone.callback())

    def answer(self, typed: str) -> None:
        self.typed += typed.split("*")
        self.phone.text = f"{self.phone.text}*{typed}" if self.phone.text else typed
        self._hear(self.phone.callback())

    def answer_twice_at_once(self, first: str, second: str) -> None:
        """The callback of the first answer never came: the text has grown by two."""
        self.answer(f"{first}*{second}")

    def come_late(self) -> None:
        """An earlier callback comes after a newer one: it is answered, and nothing happens."""
        now, before = self.phone.text, self.world.marks()
        self.phone.text = now.rpartition("*")[0]
        late = self.phone.callback()
        self.phone.text = now
        self._check_page(late.text)
        assert self.world.marks() == before, "a late callback did something"

    def repeat(self) -> None:
        """The callback comes again: the same bytes, and nothing happens."""
        before = self.world.marks()
        again = self.phone.callback()
        assert self.last
        assert (again.body, again.headers) == (self.last.body, self.last.headers)
        assert self.world.marks() == before, "a repeated callback did something"

    def go_home(self) -> None:
        """Back, and back again, always leads out."""
        for _ in range(60):
            if not self.is_asked or self.session is None or len(self.session.trail) == 1:
                return
            self.answer("0")
        raise AssertionError(f"{self.session} has no way home")

    def forget(self) -> None:
        """Redis loses what it holds about this phone. The rebuilt session may ask another question
        than the one that was answered (whoever has a PIN of their own now is not asked for one): a
        PIN is then no PIN to anybody, and may be said back to whoever typed it."""
        self.was_lost = True
        self.world.redis.delete(*self._keys())

    def lose(self) -> None:
        """Redis forgets; then the last callback comes again and may do nothing twice."""
        before = self.world.marks()
        self.forget()
        self._hear(self.phone.callback())
        assert self.world.marks() == before, "a rebuilt session did something again"

    def _hear(self, answer: Answer) -> None:
        self.last = answer
        kept, _ = self.world.store.load(self._request())
        assert kept, "a turn was not stored"
        self.session = kept.session
        self.world.reached[answer.headers["at-ussd-hop-metadata"]] += 1
        self.world.learn()
        self._check(answer)

    def _request(self) -> UssdRequest:
        phone = self.phone
        return UssdRequest(
            "africastalking",
            phone.ussd_session,
            phone.msisdn,
            phone.service_code,
            phone.network,
            phone.text,
        )

    def _check(self, answer: Answer) -> None:
        self._check_page(answer.text)
        self._check_session()
        screen = answer.headers["at-ussd-hop-metadata"]
        for shown in (answer.text, *self._stored()):
            assert self.was_lost or not _PINS.search(shown), f"{screen} holds a PIN: {shown}"
            self._check_secrets(shown, screen)
        logged, self.world.heard.lines = self.world.heard.lines, []
        for line in logged:
            assert not _PINS.search(line), f"the log holds a PIN: {line}"
            self._check_secrets(line, "the log")
            assert "USSD turn failed" not in line, line

    def _check_page(self, page: str) -> None:
        """Prefix, alphabet, size, and a way out."""
        prefix, words = page[:4], page[4:]
        assert prefix in ("CON ", "END ")
        assert words.strip() == words
        assert words
        assert is_gsm7(page), page
        assert septets(page) <= screen_of(self.phone.network), page
        if prefix == "CON ":
            assert self.session
            keys = {"0", "98", *self.session.offered.by_key}
            firsts = {line.split(" ")[0] for line in words.split("\n")}
            assert firsts & keys, f"no way out of {page}"

    def _check_session(self) -> None:
        session = self.session
        assert session
        assert UssdSession.from_json(json.loads(json.dumps(session.to_json()))) == session
        assert session.language in LANGUAGES
        assert len(set(session.trail)) == len(session.trail) <= 24
        assert set(session.trail) <= self.world.menu.screens.keys()

    def _stored(self) -> list[str]:
        """What Redis holds about this phone."""
        return [value.decode() for value in self.world.redis.mget(self._keys()) if value]

    def _keys(self) -> list[str]:
        phone = self.phone
        return [
            f"ussd:{self._request().key}",
            f"ussd:resume:{phone.service_code}:{phone.msisdn}",
        ]

    def _check_secrets(self, shown: str, where: str) -> None:
        assert not [key for key in _KEYS if key in shown], f"{where} holds a key"
        plain = _CODE.sub("", shown)
        for code, owner in self.world.codes.items():
            if _CODE.sub("", code) in plain:
                own = owner == self.phone.msisdn and where == "tokens.show"
                assert own, f"{where} shows {self.phone.msisdn} the code of {owner}: {shown}"
        for other in self.world.people:
            if other.msisdn != self.phone.msisdn:
                self._check_unknown(other, shown, where)

    def _check_unknown(self, other: Somebody, shown: str, where: str) -> None:
        """Nobody is told who somebody is, unless they said so themselves."""
        assert other.msisdn not in shown or self._said_number(other.msisdn), (
            f"{where} tells {self.phone.msisdn} of {other.msisdn}: {shown}"
        )
        for name in other.names:
            found = re.search(rf"\b{re.escape(name)}\b", shown, re.IGNORECASE)
            assert not found or self._said(name) or self._is_own(name), (
                f"{where} tells {self.phone.msisdn} of {name}: {shown}"
            )

    def _may_know(self, what: str) -> bool:
        """Whoever asks for a device lets agents know who they are."""
        return self.phone.msisdn in (JUMA, ZURI) and what in self.world.asked

    def _said_number(self, msisdn: str) -> bool:
        return self._may_know(msisdn) or any(
            re.sub(r"\D", "", one).endswith(msisdn[-9:]) for one in self.typed
        )

    def _said(self, name: str) -> bool:
        return self._may_know(name) or any(name.casefold() in one.casefold() for one in self.typed)

    def _is_own(self, name: str) -> bool:
        mine = [one for one in self.world.people if one.msisdn == self.phone.msisdn]
        return any(name in one.names for one in mine)


def likely_answers(caller: Caller) -> list[str]:
    """What somebody might answer to the screen that waits; what leads further comes often."""
    assert caller.session
    assert caller.last
    screen, offered = caller.screen, list(caller.session.offered.by_key)
    back = ["0", "00"]
    if isinstance(screen, Ask):
        fitting = _FITTING.get(screen.id, [])
        typed = _TYPED[screen.reader.complaint.key]
        return [*fitting * 4, *typed, *typed, *back] if fitting else [*typed * 3, *back]
    further = ["98"] if "98 " in caller.last.text else []
    typed = (
        _TYPED[screen.typed_reader.complaint.key][:4]
        if isinstance(screen, Pick) and screen.typed_reader
        else []
    )
    return [*offered * 6, *further, *typed, *back, "7"]


_OWNED = [METER, KIT, LAST_KIT]
_IN_STOCK = [STOCK_METER, STOCK_KIT, DAY_KIT]
_READY = [READY_METER, READY_KIT, DAY_KIT, STOCK_KIT]
# Where only some serial numbers and phones lead further.
_FITTING = {
    "self_registration.serial": _READY,
    "cash.serial": _OWNED,
    "meter_transfer.serial": [METER],
    "meter_transfer.phone": [NEEMA, BARAKA],
    "payment.serial": _OWNED,
    "registration.phone": [NEEMA, "0722000099"],
    "registration.serial": [*_IN_STOCK, *_READY, NEW_METER],
    "sale.phone": [AMINA, BARAKA, NEEMA],
    "kit_sale.serial": [STOCK_KIT, READY_KIT, DAY_KIT],
    "agent.look_up": [AMINA, BARAKA],
}
_TYPED = {
    "engine.not_an_amount": ["150", "500", "1,250", "KES 70", "33", "99999999", "0.5", "no"],
    "engine.not_a_serial": [*_OWNED, STOCK_KIT, "lamp-200", "NOSUCH1", "Z" * 32, "?"],
    "engine.not_a_phone": [NEEMA, AMINA, "0722000001", JUMA, "12", "+44 20 7946 0000"],
    "engine.not_a_pin": [PIN] * 9 + [WRONG_PIN, "12"],
    "engine.not_two_pins": [f"{PIN}*{NEXT_PIN}", f"{PIN} {PIN}", f"{WRONG_PIN}-{NEXT_PIN}", "1234"],
    "engine.not_a_text": [
        "Zawadi",
        "Kamau",
        "Wanjikũ Ñandú",
        "O'Brien-Smith",
        "W" * 60,
        "{x}",
        "1",
    ],
    "engine.not_a_number": ["1", "12", "52", "520", "521", "0001", "many"],
    "engine.not_an_option": ["KIB", "mak", "NOSUCH"],
}
