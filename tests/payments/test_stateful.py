"""Every sequence of steps keeps the invariants: repeats, suspense, refunds, reversals.

Hypothesis chooses the steps; after each the queries of core/db/invariants.py must find no offender.
All of it happens on the real database, in the use cases that callbacks and workers call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import DataObject
from sqlalchemy import Connection, Engine

from core.db.invariants import LEDGER, offenders
from core.db.tariffs import find_market
from core.errors import Refused
from core.money import Money
from core.payment import PaymentNotice
from core.plan import ByCount
from core.refund import MONEY_BACK_FROM, MoneyBackFrom, NewReturn
from core.tokens.sealing import bound_to
from core.unit import Unit
from core.usecases.catalogue.access_fees import accrue_access_rates
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.record import record_payment
from core.usecases.refunds.credit import give_credit_back, transfer_credit
from core.usecases.refunds.refund import refund_done, refund_refused, request_refund
from core.usecases.refunds.reversal import record_reversal, reverse_by_hand
from core.usecases.refunds.suspense import match_suspense
from core.usecases.refunds.use_credit import use_credit
from core.usecases.sales.change_sale import (
    NewSchedule,
    discount_sale,
    reprice_sale,
    reschedule_sale,
)
from core.usecases.sales.default_sale import default_sale, undo_default
from core.usecases.sales.end_sale import agree_rest, settle_sale, write_off_sale
from core.usecases.sales.pause_sale import pause_sale, resume_sale
from tests.support.builders import insert_tariff
from tests.support.cast import (
    KIT,
    LAST_KIT,
    METER,
    OPEN_SECRET,
    RING,
    STOCK_METER,
    insert_cast,
)
from tests.support.scenario import ACCOUNT, NOW

# Without shrinking, which takes minutes here; drop this to look into a failure.
BOUNDED = (Phase.explicit, Phase.reuse, Phase.generate)
SERIALS = st.sampled_from([METER, KIT, LAST_KIT, f"{KIT}LOAN", "NOBODY"])
# From less than a token's step to more than a plan, round and odd.
AMOUNTS = st.one_of(
    st.sampled_from([1, 1_00, 7_00, 100_00, 150_00, 300_00, 600_00]),
    st.integers(1, 1000_00),
)


@pytest.fixture(autouse=True)
def locks_are_taken_in_order() -> None:
    """Not watched here: all acts share one transaction, which is rolled back."""


# What an operator can do with a sale besides changing its price or plan.
ENDS: dict[str, Callable[[Unit, int, Money], object]] = {
    "pause": lambda unit, sale, part: pause_sale(unit, sale, "ops", "agreed"),
    "resume": lambda unit, sale, part: resume_sale(unit, sale, "ops", "agreed"),
    "default": lambda unit, sale, part: default_sale(unit, sale, "ops", "late"),
    "undo": lambda unit, sale, part: undo_default(unit, sale, "ops", "paid"),
    "discount": lambda unit, sale, part: discount_sale(unit, sale, part, "ops", "agreed"),
    "rest": lambda unit, sale, part: agree_rest(unit, sale, part, None, "ops", "agreed"),
    "settle": lambda unit, sale, part: settle_sale(unit, sale, "ops", "agreed"),
    "write off": lambda unit, sale, part: write_off_sale(unit, sale, "ops", "gone"),
}


def find_faults(unit: Unit) -> dict[str, str]:
    found = {name: offenders(unit.connection, sql, unit.now) for name, sql in LEDGER.items()}
    return {name: what for name, what in found.items() if what}


def notice(receipt: str, account: str, amount_minor: int, unit: Unit) -> PaymentNotice:
    return PaymentNotice(
        ACCOUNT, receipt, "c2b", amount_minor, "KES", account, "none", None, unit.now
    )


def begin(connection: Connection) -> Unit:
    """The cast, and an access rate on the meter so that there is something to accrue."""
    insert_cast(connection, NOW.date())
    tariff = insert_tariff(connection, access_rate_minor=20_00, access_every_days=3)
    connection.exec_driver_sql(
        "UPDATE devices SET tariff_id = %s, access_anchor_on = %s WHERE serial = %s",
        (tariff, NOW.date(), METER),
    )
    market = find_market(connection)
    assert market is not None
    return Unit(connection, NOW, market)


class Books(RuleBasedStateMachine):
    """Every example works in a transaction of its own that is never committed."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        self.unit = begin(self.connection)
        self.known: dict[str, tuple[str, int]] = {}
        self.refunds: list[int] = []

    def teardown(self) -> None:
        self.outer.rollback()
        self.connection.close()

    def in_state(self, *states: str) -> list[tuple[int, str, int]]:
        rows = self.connection.exec_driver_sql(
            "SELECT id, receipt, amount_minor FROM payments WHERE state = ANY(%s) ORDER BY id",
            (list(states),),
        )
        return [tuple(row) for row in rows]

    @initialize(amount=AMOUNTS)
    def first_payment(self, amount: int) -> None:
        self.pay(METER, amount)

    @rule(account=SERIALS, amount=AMOUNTS)
    def pay(self, account: str, amount: int) -> None:
        receipt = f"R{len(self.known)}"
        self.known[receipt] = (account, amount)
        assert record_payment(self.unit, notice(receipt, account, amount, self.unit)).is_new

    @rule(data=st.data(), account=SERIALS)
    def hear_of_a_payment_again(self, data: st.DataObject, account: str) -> None:
        receipt = data.draw(st.sampled_from(sorted(self.known)))
        again = notice(receipt, account, self.known[receipt][1], self.unit)
        assert not record_payment(self.unit, again).is_new

    @rule(limit=st.integers(1, 5))
    def work(self, limit: int) -> None:
        apply_payments(self.unit, OPEN_SECRET, limit)

    @rule(days=st.integers(1, 10))
    def days_pass_and_fees_fall_due(self, days: int) -> None:
        later = self.unit.now + timedelta(days=days)
        self.unit = Unit(self.connection, later, self.unit.market)
        accrue_access_rates(self.unit, 0, 100)
        assert accrue_access_rates(self.unit, 0, 100)[0] == 0

    @precondition(lambda self: self.in_state("suspense"))
    @rule(data=st.data(), serial=st.sampled_from([METER, KIT, LAST_KIT]))
    def match(self, data: st.DataObject, serial: str) -> None:
        payment_id, *_ = data.draw(st.sampled_from(self.in_state("suspense")))
        match_suspense(self.unit, payment_id, serial, "ops", "called")

    @precondition(lambda self: self.in_state("suspense", "received"))
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        payment_id, *_ = data.draw(st.sampled_from(self.in_state("suspense", "received")))
        with contextlib.suppress(Refused):  # M-Pesa sends only whole payments back
            self.refunds.append(request_refund(self.unit, payment_id, "ops", "asked"))

    @precondition(lambda self: self.refunds)
    @rule(data=st.data(), done=st.booleans())
    def hear_of_a_refund(self, data: st.DataObject, done: bool) -> None:
        """Told any number of times, in any order, whatever became of the money since."""
        refund_id = data.draw(st.sampled_from(self.refunds))
        record_outcome = refund_done if done else refund_refused
        record_outcome(self.unit, refund_id, "0" if done else "1")

    @rule(serial=st.sampled_from([METER, KIT, LAST_KIT]))
    def a_device_loses_what_its_codes_are_made_from_or_gets_it_back(self, serial: str) -> None:
        """Then nothing can be made for it, and money for it becomes credit."""
        self.connection.exec_driver_sql(
            "UPDATE devices d SET sts = k.sts, sealed_key = k.sealed_key FROM (SELECT"
            " CASE WHEN d.sts IS NULL AND d.kind = 'meter' THEN m.sts END AS sts,"
            " CASE WHEN d.sealed_key IS NULL AND d.kind <> 'meter' THEN CAST(%s AS bytea) END"
            " AS sealed_key FROM devices d, devices m"
            " WHERE d.serial = %s AND m.serial = %s) k WHERE d.serial = %s",
            (RING.seal(bytes(range(16)), bound_to(serial)), serial, STOCK_METER, serial),
        )

    @rule(data=st.data(), total=st.sampled_from([100_00, 600_00, 750_00, 900_00]))
    def a_price_changes(self, data: st.DataObject, total: int) -> None:
        sale_id = data.draw(st.sampled_from(self.sales()))
        later = self.unit.now + timedelta(seconds=1)
        self.unit = Unit(self.connection, later, self.unit.market)
        with contextlib.suppress(Refused):
            reprice_sale(self.unit, sale_id, total, "ops", "agreed")

    @rule(data=st.data(), count=st.integers(1, 6))
    def a_plan_changes(self, data: st.DataObject, count: int) -> None:
        """What is owed in all stays as it is."""
        sale_id = data.draw(st.sampled_from(self.sales()))
        before = self.open_of(sale_id)
        with contextlib.suppress(Refused):
            new = NewSchedule(ByCount(count), "weekly")
            reschedule_sale(self.unit, sale_id, new, "ops", "agreed")
        assert self.open_of(sale_id) == before

    @rule(data=st.data(), action=st.sampled_from(sorted(ENDS)), part=st.sampled_from([1, 50_00]))
    def a_sale_ends_or_stands_still(self, data: st.DataObject, action: str, part: int) -> None:
        sale_id = data.draw(st.sampled_from(self.sales()))
        later = self.unit.now + timedelta(seconds=1)
        self.unit = Unit(self.connection, later, self.unit.market)
        with contextlib.suppress(Refused), self.connection.begin_nested():
            ENDS[action](self.unit, sale_id, Money(part, "KES"))

    def sales(self) -> list[int]:
        return list(self.connection.exec_driver_sql("SELECT id FROM sales ORDER BY id").scalars())

    def open_of(self, sale_id: int) -> int:
        found: int = self.connection.exec_driver_sql(
            "SELECT sum(amount_minor - paid_minor) FROM instalments WHERE sale_id = %s", (sale_id,)
        ).scalar_one()
        return found

    @rule(data=st.data(), own=st.sampled_from([None, "B1", "B2"]), parts=st.integers(1, 3))
    def take_back(self, data: st.DataObject, own: str | None, parts: int) -> None:
        receipt = data.draw(st.sampled_from(sorted(self.known)))
        back = NewReturn(max(self.known[receipt][1] // parts, 1), "provider", own)
        record_reversal(self.unit, ACCOUNT, receipt, back, "ops", "M-Pesa did")
        assert not record_reversal(self.unit, ACCOUNT, receipt, back, "o", "k")

    @rule(
        data=st.data(),
        source=st.sampled_from(MONEY_BACK_FROM),
        reference=st.sampled_from(["B1", "V1", "V2"]),
        part=st.sampled_from([None, 50_00, 120_00]),
    )
    def give_back_by_hand(
        self, data: st.DataObject, source: MoneyBackFrom, reference: str, part: int | None
    ) -> None:
        rows = self.in_state("suspense", "received", "applied")
        if not rows:
            return
        payment_id, *_ = data.draw(st.sampled_from(rows))
        back = NewReturn(part, source, reference)
        with contextlib.suppress(Refused):
            reverse_by_hand(self.unit, payment_id, back, "ops", "asked")

    @rule(
        data=st.data(),
        way=st.sampled_from(["use", "give", "move"]),
        reference=st.sampled_from(["V1", "V2", "V3"]),
    )
    def change_credit(self, data: st.DataObject, way: str, reference: str) -> None:
        rows = self.connection.exec_driver_sql(
            "SELECT c.id, d.serial FROM customers c JOIN devices d ON d.owner_id = c.id"
            " WHERE credit_minor > 0 ORDER BY d.id"
        ).all()
        if not rows:
            return
        customer_id, serial = data.draw(st.sampled_from(rows))
        back = NewReturn(None, "office", reference)
        with contextlib.suppress(Refused):
            if way == "use":
                use_credit(self.unit, customer_id, serial, "ops", "asked")
            elif way == "give":
                give_credit_back(self.unit, customer_id, back, None, "ops", "asked")
            else:
                transfer_credit(self.unit, customer_id, rows[0][0], back, "ops", "asked")

    @rule(data=st.data())
    def nothing_applied_is_ever_refunded(self, data: st.DataObject) -> None:
        applied = self.in_state("applied")
        if applied:
            payment_id, *_ = data.draw(st.sampled_from(applied))
            with pytest.raises(Refused):
                request_refund(self.unit, payment_id, "ops", "asked")

    @invariant()
    def the_books_are_in_order(self) -> None:
        assert not find_faults(self.unit)
        assert (
            self.connection.exec_driver_sql(
                "SELECT count(*) FROM payments WHERE attempts > 0"
            ).scalar_one()
            == 0
        )
        self.connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        self.connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")


def test_no_road_through_the_books_breaks_an_invariant(rolled_back_engine: Engine) -> None:
    Books.engine = rolled_back_engine
    machine = Books.TestCase
    machine.settings = settings(
        max_examples=8,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=BOUNDED,
    )
    machine().runTest()


def totals(connection: Connection) -> dict[str, int]:
    """What a set of payments did, whatever its order: debts paid, energy and days on tokens.

    Not the days of a device that runs for good by now: the payment that completes a plan brings the
    unlock in place of days, and which one that is depends on the order.
    """
    rows = connection.exec_driver_sql(
        "SELECT 'token ' || t.kind || ' ' || d.serial, CAST(sum(t.units) AS bigint)"
        " FROM tokens t JOIN devices d ON d.id = t.device_id"
        " WHERE t.kind <> 'days' OR NOT EXISTS (SELECT FROM tokens u"
        " WHERE u.device_id = d.id AND u.kind = 'unlock') GROUP BY t.kind, d.serial"
        " UNION ALL SELECT 'debt ' || m.msisdn || ' ' || i.number, i.paid_minor"
        " FROM instalments i JOIN sales s ON s.id = i.sale_id"
        " JOIN customer_msisdns m ON m.customer_id = s.customer_id"
        " UNION ALL SELECT 'credit ' || m.msisdn, c.credit_minor"
        " FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id"
    )
    return dict(tuple(row) for row in rows)


@given(
    payments=st.lists(st.tuples(st.sampled_from([METER, KIT]), AMOUNTS), min_size=2, max_size=6),
    data=st.data(),
)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=BOUNDED,
)
def test_the_order_and_the_batching_of_payments_do_not_matter(
    rolled_back_engine: Engine, payments: list[tuple[str, int]], data: DataObject
) -> None:
    """Payments of one customer for one device each: what they pay and buy is the same in sum."""
    outcomes = []
    for order in (payments, data.draw(st.permutations(payments))):
        with rolled_back_engine.connect() as connection, connection.begin() as outer:
            unit = begin(connection)
            at_once = data.draw(st.integers(1, 6))
            for number, (serial, amount) in enumerate(order):
                record_payment(unit, notice(f"R{number}", serial, amount, unit))
                if number % at_once == 0:
                    apply_payments(unit, OPEN_SECRET, at_once)
            while apply_payments(unit, OPEN_SECRET, at_once):
                pass
            outcomes.append(totals(connection))
            assert not find_faults(unit)
            outer.rollback()
    assert outcomes[0] == outcomes[1]
