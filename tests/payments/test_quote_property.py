"""Whatever is typed, wherever, and however late it is applied: the booking equals the quote, or the
money waits for a person.

Each example works in a transaction of its own that is never committed. Between quote and booking
prices change, instalments and fees fall due, and earlier money is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import Connection, Engine

from core.db.invariants import LEDGER, offenders
from core.db.tariffs import find_market
from core.errors import Refused
from core.money import Money
from core.payment import PaymentNotice
from core.pin import Pins
from core.refund import NewReturn
from core.unit import Unit
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.catalogue.access_fees import accrue_access_rates
from core.usecases.messages.inbound import InboundText
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.prompts import claim_unsent, confirm_by_lookup
from core.usecases.payments.quote import Quote, quote_payment
from core.usecases.payments.record import record_payment
from core.usecases.payments.request import request_payment
from core.usecases.refunds.reversal import record_reversal
from gateway.limits import Limits, SerialGuesses
from gateway.sms.answers import answer_text
from tests.support.builders import insert_tariff
from tests.support.cast import AMINA, BARAKA, JUMA, KIT, METER, OPEN_SECRET, PEPPER, insert_cast
from tests.support.channels import CHANNELS
from tests.support.scenario import ACCOUNT, NOW

DAY = timedelta(days=1)
OWNERS = {METER: AMINA, KIT: BARAKA}
# How people write an account; `{}` is the serial number or the account reference.
SPELLINGS = ("{}", "{}LOAN", "{}loan", " {} loan ", "{}-LOAN", "{} ")
MANY, FEW = 400, 10


@dataclass(frozen=True)
class Event:
    """Something that happens `hours` after the quote."""

    hours: int
    what: str
    price_minor: int


events = st.builds(
    Event,
    hours=st.integers(1, 31 * 24),
    what=st.sampled_from(["price", "fees", "reversal", "nothing"]),
    price_minor=st.integers(20_00, 300_00),
)


@pytest.fixture(autouse=True)
def locks_are_taken_in_order() -> None:
    """Not watched here: all acts share one transaction, which is rolled back."""


class Road:
    """A transaction with the cast, an access rate, and payments that were applied."""

    def __init__(self, connection: Connection, guesses: SerialGuesses, earlier: int) -> None:
        insert_cast(connection, NOW.date())
        tariff = insert_tariff(connection, access_rate_minor=20_00, access_every_days=3)
        connection.exec_driver_sql(
            "UPDATE devices SET tariff_id = %s, access_anchor_on = %s WHERE serial = %s",
            (tariff, NOW.date() - 4 * DAY, METER),
        )
        market = find_market(connection)
        assert market is not None
        self.tariff, self.guesses = tariff, guesses
        self.unit = Unit(connection, NOW, market, Pins(PEPPER), CHANNELS)
        for serial in (METER, KIT):
            record_payment(self.unit, self.notice(f"E{serial}", serial, earlier, NOW))
        self.work()

    def notice(self, receipt: str, account: str, minor: int, at: datetime) -> PaymentNotice:
        return PaymentNotice(ACCOUNT, receipt, "c2b", minor, "KES", account, "none", None, at)

    def work(self) -> None:
        while apply_payments(self.unit, OPEN_SECRET):
            pass

    def be_at(self, at: datetime) -> None:
        self.unit = replace(self.unit, now=at)

    def named(self, serial: str, form: str, *, by_reference: bool) -> str:
        rows = self.unit.connection.exec_driver_sql(
            "SELECT account FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id"
            " WHERE msisdn = %s",
            (OWNERS[serial],),
        )
        return form.format(rows.scalar_one() if by_reference else serial)

    def pay(self, channel: str, account: str, amount: Money) -> Callable[[], object]:
        """Pay now, as quoted now. What is returned brings the news where it comes late."""
        if channel == "agent":
            collect_cash(self.unit, JUMA, "4321", account, amount)
            return lambda: None
        if channel in ("paybill", "pull"):
            notice = self.notice("P1", account, amount.minor, self.unit.now)
            if channel == "pull":
                return lambda: record_payment(self.unit, replace(notice, source="pull"))
            record_payment(self.unit, notice)
            return lambda: None
        self.ask(channel, account, amount)
        (prompt,) = claim_unsent(self.unit, 1)
        self.be_at(self.unit.now + timedelta(minutes=2))
        if channel != "prompt":
            return lambda: confirm_by_lookup(self.unit, prompt, ACCOUNT, "P1", amount.minor)
        notice = self.notice("P1", prompt.account_reference, amount.minor, self.unit.now)
        record_payment(self.unit, notice)
        return lambda: None

    def ask(self, channel: str, account: str, amount: Money) -> None:
        if channel == "sms":
            text = InboundText("at", "t1", AMINA, f"PAY {account.strip()} {amount.minor // 100}")
            assert answer_text(self.unit, text, self.guesses)
        else:
            request_payment(self.unit, AMINA, account, amount)

    def happen(self, event: Event) -> None:
        if event.what == "price":
            self.unit.connection.exec_driver_sql(
                "INSERT INTO tariff_versions (tariff_id, valid_from, price_per_kwh_thousandths)"
                " VALUES (%s, %s, %s * 1000) ON CONFLICT DO NOTHING",
                (self.tariff, self.unit.today + DAY, event.price_minor),
            )
        elif event.what == "fees":
            accrue_access_rates(self.unit, 0, 100)
        elif event.what == "reversal":
            for serial in (METER, KIT):
                back = NewReturn(reference=f"B{serial}")
                record_reversal(self.unit, ACCOUNT, f"E{serial}", back, "ops", "M-Pesa did")

    def booked(self) -> tuple[str, list[tuple[str, int]], dict[str, int]]:
        """State, lines and tokens of the newest payment."""
        ((payment_id, state),) = self.unit.connection.exec_driver_sql(
            "SELECT id, state FROM payments ORDER BY id DESC LIMIT 1"
        ).all()
        lines = self.unit.connection.exec_driver_sql(
            "SELECT kind, amount_minor FROM payment_lines WHERE payment_id = %s ORDER BY number",
            (payment_id,),
        ).all()
        tokens = self.unit.connection.exec_driver_sql(
            "SELECT kind, sum(units)::int FROM tokens WHERE payment_id = %s GROUP BY 1",
            (payment_id,),
        ).all()
        return state, [tuple(line) for line in lines], dict(map(tuple, tokens))


def quoted(quote: Quote) -> tuple[list[tuple[str, int]], dict[str, int]]:
    outcome = quote.outcome
    tokens = {"energy": outcome.energy_tenths, "days": sum(outcome.days.values())}
    unlocks = {"unlock": 0} if outcome.unlocked_devices else {}
    lines = [(line.kind, line.amount_minor) for line in outcome.lines]
    return lines, {kind: units for kind, units in tokens.items() if units} | unlocks


@dataclass(frozen=True)
class Drawn:
    """One example. `delay` is in hours; `earlier` was paid, and applied, before the quote."""

    channel: str
    serial: str
    form: str
    by_reference: bool
    shillings: int
    earlier: int
    delay: int
    between: list[Event]


examples = st.builds(
    Drawn,
    channel=st.sampled_from(["menu", "prompt", "sms", "paybill", "pull", "agent"]),
    serial=st.sampled_from([METER, KIT]),
    form=st.sampled_from(SPELLINGS),
    by_reference=st.booleans(),
    shillings=st.one_of(st.sampled_from([20, 150, 300, 700]), st.integers(1, 900)),
    earlier=st.sampled_from([1_00, 105_00, 307_00, 650_00]),
    delay=st.integers(0, 31 * 24),
    between=st.lists(events, max_size=5),
)


def check(engine: Engine, redis: Redis, drawn: Drawn) -> None:
    with engine.connect() as connection, connection.begin() as outer:
        road = Road(connection, SerialGuesses(Limits(redis)), drawn.earlier)
        typed = road.named(drawn.serial, drawn.form, by_reference=drawn.by_reference)
        amount = Money(drawn.shillings * 100, "KES")
        try:
            quote = quote_payment(road.unit, typed, amount.minor)
        except Refused:
            outer.rollback()
            return
        happened = sorted(
            (event for event in drawn.between if event.hours <= drawn.delay),
            key=lambda event: event.hours,
        )
        travel(road, drawn, typed, amount, happened)
        state, lines, tokens = road.booked()
        if state == "applied":
            assert (lines, tokens) == quoted(quote)
        else:
            assert any(event.what == "reversal" for event in happened)
            assert connection.exec_driver_sql("SELECT count(*) FROM cases").scalar_one()
        found = (offenders(connection, sql, road.unit.now) for sql in LEDGER.values())
        assert not any(found)
        outer.rollback()


def travel(road: Road, drawn: Drawn, typed: str, amount: Money, happened: list[Event]) -> None:
    """Pay now; let everything happen; a late channel tells of the payment at the end only."""
    report = road.pay(drawn.channel, typed, amount)
    for event in happened:
        road.be_at(max(road.unit.now, NOW + timedelta(hours=event.hours)))
        road.happen(event)
    road.be_at(max(road.unit.now, NOW + timedelta(hours=drawn.delay)))
    report()
    road.work()


def bounded(many: int) -> settings:
    return settings(
        max_examples=many,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )


@given(drawn=examples)
@bounded(FEW)
def test_the_booking_equals_the_quote_or_a_person_decides(
    rolled_back_engine: Engine, redis: Redis, drawn: Drawn
) -> None:
    check(rolled_back_engine, redis, drawn)


@pytest.mark.slow
@given(drawn=examples)
@bounded(MANY)
def test_in_many_ways_the_booking_equals_the_quote_or_a_person_decides(
    rolled_back_engine: Engine, redis: Redis, drawn: Drawn
) -> None:
    check(rolled_back_engine, redis, drawn)
