"""Every effect of the product's menu is done once, wherever its turn breaks off.

The turn of each effect is broken at each point between the answer of the caller and our reply. The
caller then dials again, continues where that is offered, and does the same again. What is in the
database afterwards is what an undisturbed turn leaves. The effects are read from the menu, so that
a new one fails here until it has a walk.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import create_engine, text

from core.clock import system_clock
from core.db.tariffs import find_market
from core.unit import Unit
from core.usecases.customers.register_customers import NewCustomer
from core.usecases.registration.self_service import request_device
from gateway.ussd_menus.menu import edges
from operations.embedded.services import Services
from tests.support.breaking_turns import (
    CUT_OFF,
    MENU,
    OTHER_FAULTS,
    Gateway,
    killed_before_redis_commits,
    killed_before_the_answer,
)
from tests.support.builders import insert_vendor
from tests.support.cast import (
    AMINA,
    DAY_KIT,
    JUMA,
    METER,
    READY_KIT,
    READY_METER,
    STOCK_BIKE,
    STOCK_KIT,
    STOCK_METER,
    STRANGER,
)
from tests.support.channels import CHANNELS
from tests.support.phone import PATIENCE_S, Phone
from tests.support.pool import DatabasePool
from tests.support.services import TEMPLATE, make_template
from tests.support.walk_scenario import NEXT_PIN, PIN, insert_walk_data

NEEMA, NEWCOMER = "0711000004", "0722000077"


# Known to its vendor only.
VENDORS_METER = "47000000022"


@dataclass(frozen=True)
class Walk:
    """Who does it and what they type, the last answer being the one with the effect. `before` is
    what the same caller did just before."""

    msisdn: str
    typed: tuple[str, ...]
    before: tuple[str, ...] = ()


PAY, LOAN = ("1", METER, "500", "1"), ("1", METER, "500", "2", "1")
CASH = ("3", METER, "200", "1", PIN)
SALE = ("2", NEEMA, "1", "1", "1", "4", "2", "1", "1", PIN)
NEW = ("1", "1", NEWCOMER, "Zawadi", "Kamau", "KIB")
WALKS = {
    ("language.which", "languages.english"): Walk(AMINA, ("6", "1")),
    ("language.which", "languages.swahili"): Walk(AMINA, ("6", "2")),
    ("language.which", "languages.french"): Walk(AMINA, ("6", "3")),
    ("pin.which", "pins"): Walk(JUMA, ("7", f"{PIN}*{NEXT_PIN}")),
    ("help.what", "problem"): Walk(AMINA, ("7", "1", "It is broken")),
    ("payment.confirm", "payment.pay_now"): Walk(AMINA, PAY),
    ("payment.confirm_loan", "payment.pay_now"): Walk(AMINA, LOAN),
    ("payment.requested_before", "payment.send_another"): Walk(AMINA, (*PAY, "1"), PAY),
    ("payment.loan_requested_before", "payment.send_another"): Walk(AMINA, (*LOAN, "1"), LOAN),
    ("tokens.show", "tokens.send"): Walk(AMINA, ("3", "1")),
    ("self_registration.tariff", "self_registration.agree"): Walk(AMINA, ("5", READY_METER, "1")),
    ("self_registration.plan", "self_registration.agree"): Walk(AMINA, ("5", READY_KIT, "1")),
    ("self_registration.service", "self_registration.agree"): Walk(AMINA, ("5", DAY_KIT, "1")),
    ("self_registration.waits", "self_registration.ask_agent"): Walk(AMINA, ("5", STOCK_BIKE, "1")),
    ("registration.request", "agent_requests.refuse"): Walk(JUMA, ("1", "2", "2")),
    ("registration.sms_meter", "agent_requests.drop"): Walk(JUMA, ("1", "3", "4", "2")),
    ("registration.sms_plan", "agent_requests.drop"): Walk(JUMA, ("1", "3", "3", "2")),
    ("registration.sms_service", "agent_requests.drop"): Walk(JUMA, ("1", "3", "2", "2")),
    ("registration.sms_stale", "agent_requests.drop"): Walk(JUMA, ("1", "3", "1", "1")),
    ("registration.pin_sms", "pin"): Walk(JUMA, ("1", "3", "4", "1", PIN)),
    ("registration.pin_meter", "pin"): Walk(JUMA, (*NEW, "1", "3", STOCK_METER, "1", "1", PIN)),
    ("registration.pin_plan", "pin"): Walk(
        JUMA, (*NEW, "2", "2", STOCK_KIT, "1", "1", "4", "2", "1", "1", PIN)
    ),
    ("cash.pin", "pin"): Walk(JUMA, CASH),
    ("cash.pin_again", "pin"): Walk(JUMA, (*CASH, "1", PIN), CASH),
    ("registration.ask_vendor", "agent_registration.ask_and_go_on"): Walk(
        JUMA, (*NEW, "1", "2", VENDORS_METER, "1")
    ),
    ("kit.pin", "pin"): Walk(JUMA, ("4", "0711000003", "3", "60", "1", PIN)),
    ("agent.last_token", "agent_customer.send"): Walk(JUMA, ("4", "0711000001", "1", "1")),
    ("meter_transfer.pin", "pin"): Walk(JUMA, ("5", METER, NEEMA, "1", PIN)),
    ("sale.pin", "pin"): Walk(JUMA, SALE),
    ("sale.pin_again", "pin"): Walk(JUMA, (*SALE, "1", PIN), SALE),
    ("kit_sale.pin", "pin"): Walk(
        JUMA, ("2", NEEMA, "1", "2", STOCK_BIKE, "1", "4", "2", "1", "1", PIN)
    ),
}
# Doing it again does it again: the caller asks for a text once more, or says yes to the question
# whether it is another payment or sale.
ALWAYS_DONE = {"tokens.show", "agent.last_token", "cash.pin_again", "sale.pin_again"} | {
    "payment.requested_before",
    "payment.loan_requested_before",
}


@pytest.fixture(scope="session")
def once_databases(migrated: Services) -> DatabasePool:
    """Databases with the cast, tokens that were sent and requests of every kind."""

    def fill(url: str) -> None:
        engine = create_engine(url)
        with engine.begin() as connection, Redis.from_url(migrated.redis_url) as redis:
            insert_walk_data(connection, redis)
            connection.execute(text("UPDATE market SET languages = '{en,sw,fr}'"))
            market = find_market(connection)
            assert market
            unit = Unit(connection, system_clock(), market, channels=CHANNELS)
            asked = NewCustomer(STRANGER, "Wanjiku", "Kamau", "KIB")
            request_device(unit, asked, STOCK_METER)
            insert_vendor(connection)
        engine.dispose()

    return DatabasePool(migrated, make_template(migrated, "once", fill, TEMPLATE))


@pytest.fixture
def open_gateway(once_databases: DatabasePool, redis: Redis) -> Callable[..., Any]:
    @contextmanager
    def opened(**given: Any) -> Iterator[Gateway]:
        with once_databases.database() as url:
            engine = create_engine(url)
            try:
                yield Gateway(engine, redis, **given)
            finally:
                engine.dispose()

    return opened


def walk_up_to_the_effect(phone: Phone, walk: Walk, screen: str) -> bool:
    """Dial, and answer up to the last question; whether that question was reached."""
    phone.dial()
    for typed in walk.typed[:-1]:
        if phone.answer(typed).startswith("END "):
            return False
    return phone.callback().headers["at-ussd-hop-metadata"] == screen


def without_receipts(page: str) -> str:
    """The page with every number of a receipt alike: a turn that is rolled back uses one up."""
    return re.sub(r"AG\d+", "AG", page)


def do_before(gateway: Gateway, walk: Walk) -> None:
    if walk.before:
        phone = gateway.phone(walk.msisdn)
        phone.dial()
        for typed in walk.before:
            phone.answer(typed)


def continue_where_offered(phone: Phone, walk: Walk, screen: str) -> str:
    """Dial again; the page after "Continue", and after the answer where it is asked for again."""
    page = phone.dial()
    if not page.startswith(CUT_OFF):
        return ""
    page = phone.answer("1")
    if phone.callback().headers["at-ussd-hop-metadata"] == screen:
        page = phone.answer(walk.typed[-1])
    return page


def test_every_effect_of_the_menu_has_a_walk() -> None:
    effects = {
        (screen.id, edge.answer)
        for screen in MENU.screens.values()
        for edge in edges(screen)
        if edge.do
    }

    assert effects == WALKS.keys()


@dataclass(frozen=True)
class Undisturbed:
    """What the effect shows and leaves behind when nothing breaks."""

    page: str
    traces: tuple[Any, ...]
    effects: int


def do_undisturbed(gateway: Gateway, walk: Walk, screen: str) -> Undisturbed:
    do_before(gateway, walk)
    phone = gateway.phone(walk.msisdn)
    assert walk_up_to_the_effect(phone, walk, screen), phone.callback().text
    before = gateway.traces()
    page = phone.answer(walk.typed[-1])
    assert gateway.traces() != before or screen in ("language.which", "pin.which")
    return Undisturbed(without_receipts(page), gateway.traces(), gateway.effects())


def break_and_go_on(gateway: Gateway, walk: Walk, screen: str, fault: Any) -> str:
    """Break the turn of the effect; the page that the caller sees on dialling again."""
    do_before(gateway, walk)
    phone = gateway.phone(walk.msisdn)
    effects = gateway.effects()
    walk_up_to_the_effect(phone, walk, screen)
    with fault(gateway, phone):
        phone.answer(walk.typed[-1])
    page = continue_where_offered(phone, walk, screen)
    if not page and gateway.effects() == effects:  # nothing was chosen that may be resumed
        walk_up_to_the_effect(phone, walk, screen)
        page = phone.answer(walk.typed[-1])
    return without_receipts(page)


def check_done_once(
    open_gateway: Callable[..., Any], effect: tuple[str, str], faults: Sequence[Any]
) -> None:
    walk, screen = WALKS[effect], effect[0]
    with open_gateway() as gateway:
        expected = do_undisturbed(gateway, walk, screen)
    for fault in faults:
        with open_gateway() as gateway:
            page = break_and_go_on(gateway, walk, screen, fault)

            left = gateway.traces(), gateway.effects()
            assert left == (expected.traces, expected.effects), fault.__name__
            if page and fault is not killed_before_the_answer:
                assert page == expected.page, fault.__name__
            phone = gateway.phone(walk.msisdn)
            phone.dial()
            phone.answer("2")  # start over, where that is asked
            if walk_up_to_the_effect(phone, walk, screen):
                phone.answer(walk.typed[-1])
            if screen not in ALWAYS_DONE:
                assert gateway.traces() == expected.traces, f"{fault.__name__}, done again"


EFFECTS = [pytest.param(effect, number, id="-".join(effect)) for number, effect in enumerate(WALKS)]


@pytest.mark.parametrize(("effect", "number"), EFFECTS)
def test_it_is_done_once_when_its_turn_breaks_off(
    open_gateway: Callable[..., Any], effect: tuple[str, str], number: int
) -> None:
    """Killed between the two commits; and at one of the other points in turn."""
    faults = killed_before_redis_commits, OTHER_FAULTS[number % len(OTHER_FAULTS)]
    check_done_once(open_gateway, effect, faults)


@pytest.mark.slow
@pytest.mark.parametrize(("effect", "number"), EFFECTS)
def test_it_is_done_once_wherever_its_turn_breaks_off(
    open_gateway: Callable[..., Any], effect: tuple[str, str], number: int
) -> None:
    check_done_once(open_gateway, effect, OTHER_FAULTS)


def test_a_turn_that_still_runs_is_waited_for_by_a_caller_who_continues(
    open_gateway: Callable[..., Any],
) -> None:
    """Also when the caller mistypes and goes back in between, and so answers elsewhere."""
    walk, may_commit = WALKS["cash.pin", "pin"], threading.Event()
    with ThreadPoolExecutor(4) as pool, open_gateway(pool=pool) as gateway:
        phone = gateway.phone(walk.msisdn)
        walk_up_to_the_effect(phone, walk, "cash.pin")
        gateway.hold_commits(may_commit)
        phone.app = gateway.application(deadline_s=0.05)
        assert phone.answer(PIN).startswith("END This takes a little longer.")
        phone.app = gateway.app
        assert phone.dial().startswith(CUT_OFF)
        assert phone.answer("1").startswith("CON Your PIN:")
        assert phone.answer("12").startswith("CON A PIN has")
        assert phone.answer("0").startswith("CON Cash KES 200")
        assert phone.answer("1").startswith("CON Your PIN:")

        second = pool.submit(phone.answer, PIN)
        gateway.wait_for_a_lock()
        may_commit.set()

        assert second.result(PATIENCE_S).startswith("END Booked, receipt AG")
        assert gateway.effects() == 1
        assert gateway.rows("SELECT count(*) FROM payments WHERE source = 'cash'") == [(1,)]


def test_continuing_twice_shows_the_outcome_twice(open_gateway: Callable[..., Any]) -> None:
    """The turn that shows the outcome breaks off too."""
    walk = WALKS["cash.pin", "pin"]
    with open_gateway() as gateway:
        phone = gateway.phone(walk.msisdn)
        walk_up_to_the_effect(phone, walk, "cash.pin")
        with killed_before_redis_commits(gateway, phone):
            phone.answer(PIN)
        phone.dial()
        with killed_before_redis_commits(gateway, phone):
            phone.answer("1")

        assert continue_where_offered(phone, walk, "cash.pin").startswith("END Booked, receipt AG")
        assert gateway.effects() == 1


def test_a_wrong_pin_whose_answer_was_lost_counts_once(open_gateway: Callable[..., Any]) -> None:
    walk = WALKS["cash.pin", "pin"]
    with open_gateway() as gateway:
        phone = gateway.phone(walk.msisdn)
        walk_up_to_the_effect(phone, walk, "cash.pin")
        with killed_before_redis_commits(gateway, phone):
            phone.answer("640285")
        phone.dial()

        assert phone.answer("1").startswith("CON Wrong PIN. Tries left: 2.")
        assert gateway.rows("SELECT max(pin_misses) FROM agents") == [(1,)]
        assert phone.answer(PIN).startswith("END Booked, receipt AG")


def test_a_caller_who_has_typed_something_else_since_sees_what_was_done_before(
    open_gateway: Callable[..., Any],
) -> None:
    walk = WALKS["cash.pin", "pin"]
    with open_gateway() as gateway:
        phone = gateway.phone(walk.msisdn)
        walk_up_to_the_effect(phone, walk, "cash.pin")
        with killed_before_redis_commits(gateway, phone):
            phone.answer(PIN)
        phone.text = phone.text.removesuffix(f"*{PIN}")  # the same session, without a new dial
        for typed in ("0", "0", "300", "1"):
            phone.answer(typed)

        page = phone.answer(PIN)

        assert page.startswith("END Done before this:\nBooked, receipt AG")
        assert gateway.rows("SELECT amount_minor FROM payments WHERE source = 'cash'") == [
            (200_00,)
        ]
