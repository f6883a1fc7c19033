"""Late news, late prompts and changed hands in any order: no money serves but whose it is.

Hypothesis chooses the steps. Who had the device is noted by the test when money moves, not read
back; what was paid is heard of at once, later, or twice, by any road. After each step every payment
is its customer's or nobody's, and every invariant holds. A person who matches money in suspense
decides whose it is from then on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Connection, Engine

from core.db.tariffs import find_market
from core.errors import BadCallback, Refused
from core.money import Money
from core.payment import PaymentNotice
from core.refund import NewReturn
from core.tokens.family import Action
from core.unit import Unit
from core.usecases.devices.replace_device import replace_device
from core.usecases.devices.stock import NamedDevice
from core.usecases.devices.transfer_meter import transfer_meter_by_operator
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.prompts import confirm_by_lookup, find_callback_prompt, prompt_paid
from core.usecases.payments.record import record_payment
from core.usecases.payments.request import request_another
from core.usecases.refunds.reversal import record_reversal
from core.usecases.refunds.suspense import match_suspense
from core.usecases.sales.end_sale import cancel_sale
from core.usecases.sales.sell import NewSale, sell_by_operator
from core.usecases.tokens.make_ordered import make_ordered_tokens
from core.usecases.tokens.token_orders import order_token
from tests.payments.test_stateful import BOUNDED, find_faults
from tests.support.builders import terms_by_count
from tests.support.cast import (
    AMINA,
    BARAKA,
    KIT,
    LAST_KIT,
    METER,
    NEEMA,
    OPEN_SECRET,
    STOCK_KIT,
    STRANGER,
    insert_cast,
)
from tests.support.channels import CHANNELS
from tests.support.scenario import ACCOUNT, NOW

WHO = ("ops", "agreed")
PEOPLE = st.sampled_from([AMINA, BARAKA, NEEMA])
PAYERS = st.sampled_from([AMINA, STRANGER])
DEVICES = st.sampled_from([METER, KIT, LAST_KIT, STOCK_KIT])
# Few amounts, so that prompts and payments of different people are alike.
AMOUNTS = st.sampled_from([100_00, 150_00, 300_00])
NEVER_OWNED = (
    "SELECT id FROM devices d WHERE serial = %s"
    " AND NOT EXISTS (SELECT FROM ownership_changes c WHERE c.device_id = d.id)"
)
FIRST_OWNER = "SELECT to_customer_id FROM ownership_changes WHERE device_id = %s ORDER BY id"
STEPS = int(os.environ.get("STATEFUL_STEPS", "0"))


@dataclass(frozen=True)
class Moved:
    """Money that moved: what is said of it, whose it is, and the prompt that was approved.

    `first_owner_of`: a device that never had an owner; its first owner has the money."""

    notice: PaymentNotice
    owner: int
    prompt_id: int | None = None
    first_owner_of: int | None = None


class Hands(RuleBasedStateMachine):
    """Every example works in a transaction of its own that is never committed."""

    engine: Engine
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.connection: Connection = self.engine.connect()
        self.outer = self.connection.begin()
        insert_cast(self.connection, NOW.date())
        market = find_market(self.connection)
        assert market is not None
        self.market, self.now = market, NOW + timedelta(hours=1)
        self.moved: dict[str, Moved] = {}
        self.owner_of: dict[str, int | None] = {}
        self.prompts: dict[int, tuple[datetime, int, int]] = {}

    def teardown(self) -> None:
        self.outer.rollback()
        self.connection.close()

    @property
    def unit(self) -> Unit:
        """A new one for every action, as in life: each takes its locks in order."""
        return Unit(self.connection, self.now, self.market, channels=CHANNELS)

    def wait(self, by: timedelta) -> None:
        self.now += by

    @contextmanager
    def attempted(self) -> Iterator[None]:
        """An act that may be refused, and then leaves nothing behind."""
        try:
            with self.connection.begin_nested():
                yield
        except (Refused, BadCallback):
            pass

    def value_of(self, sql: str, *values: object) -> int | None:
        found = self.connection.exec_driver_sql(sql, values).first()
        return None if found is None else found[0]

    def holder(self, serial: str) -> int | None:
        return self.value_of("SELECT owner_id FROM devices WHERE serial = %s", serial)

    def notice(self, account: str, amount: int) -> PaymentNotice:
        receipt = f"R{len(self.moved)}"
        return PaymentNotice(
            ACCOUNT, receipt, "c2b", amount, "KES", account, "none", None, self.now
        )

    # Money moves.

    @rule(serial=DEVICES, amount=AMOUNTS, loan=st.booleans(), now=st.booleans())
    def a_payer_pays(self, serial: str, amount: int, loan: bool, now: bool) -> None:
        owner = self.holder(serial)
        notice = self.notice(f"{serial}LOAN" if loan else serial, amount)
        unowned = None if owner else self.value_of(NEVER_OWNED, serial)
        self.moved[notice.receipt] = Moved(notice, owner or 0, first_owner_of=unowned)
        if now:
            record_payment(self.unit, notice)

    @rule(person=PEOPLE, amount=AMOUNTS)
    def a_payer_pays_to_an_account(self, person: str, amount: int) -> None:
        found = self.connection.exec_driver_sql(
            "SELECT c.id, c.account FROM customers c JOIN customer_msisdns m"
            " ON m.customer_id = c.id WHERE m.msisdn = %s",
            (person,),
        ).one()
        notice = self.notice(found.account, amount)
        self.moved[notice.receipt] = Moved(notice, found.id)

    @rule(
        serial=DEVICES, amount=AMOUNTS, loan=st.booleans(), payer=st.sampled_from([AMINA, STRANGER])
    )
    def a_payer_is_asked(self, serial: str, amount: int, loan: bool, payer: str) -> None:
        owner = self.holder(serial)
        with self.attempted():
            money = Money(amount, "KES")
            asked = request_another(self.unit, payer, serial, money, loan_only=loan)
            self.connection.exec_driver_sql(
                "UPDATE prompts SET state = 'pending', sent_at = created_at,"
                " checkout_reference = 'ws_' || id WHERE id = %s",
                (asked.prompt_id,),
            )
            assert owner is not None
            self.prompts[asked.prompt_id] = (self.now, owner, amount)

    @precondition(lambda self: self.prompts)
    @rule(data=st.data())
    def a_prompt_is_approved(self, data: st.DataObject) -> None:
        """Within the time a network leaves; no news of it yet."""
        prompt_id = data.draw(st.sampled_from(sorted(self.prompts)))
        asked_at, owner, amount = self.prompts.pop(prompt_id)
        if self.now - asked_at <= timedelta(minutes=9):
            reference = self.connection.exec_driver_sql(
                "SELECT account_reference FROM prompts WHERE id = %s", (prompt_id,)
            ).scalar_one()
            notice = self.notice(reference, amount)
            self.moved[notice.receipt] = Moved(notice, owner, prompt_id)

    # News comes, in any order and any number of times.

    @precondition(lambda self: self.moved)
    @rule(data=st.data(), road=st.sampled_from(["list", "callback", "query"]))
    def news_of_it_comes(self, data: st.DataObject, road: str) -> None:
        unit = self.unit
        money = self.moved[data.draw(st.sampled_from(sorted(self.moved)))]
        if money.prompt_id is None or road == "list":
            record_payment(unit, money.notice)
            return
        prompt = find_callback_prompt(unit, money.prompt_id, f"ws_{money.prompt_id}")
        assert prompt is not None
        receipt, amount = money.notice.receipt, money.notice.amount_minor
        if road == "query":
            confirm_by_lookup(unit, prompt, ACCOUNT, receipt, amount)
            return
        notice = PaymentNotice.of_prompt(
            prompt, provider_account=ACCOUNT, receipt=receipt, source="stk", amount_minor=amount,
            paid_at=money.notice.paid_at,
        )  # fmt: skip
        prompt_paid(unit, prompt, notice)

    @rule(limit=st.integers(1, 5))
    def work(self, limit: int) -> None:
        apply_payments(self.unit, OPEN_SECRET, limit)
        make_ordered_tokens(self.unit, OPEN_SECRET)

    @rule(minutes=st.sampled_from([0.4, 2, 5, 12, 70, 60 * 26]))
    def time_passes(self, minutes: float) -> None:
        self.wait(timedelta(minutes=minutes))

    # The world changes.

    def attempt(self, change: Callable[[], object]) -> None:
        self.wait(timedelta(seconds=1))
        with self.attempted():
            change()

    @rule(person=PEOPLE)
    def the_meter_moves(self, person: str) -> None:
        self.attempt(lambda: transfer_meter_by_operator(self.unit, METER, person, *WHO))

    @rule(old=DEVICES, new=DEVICES)
    def a_device_is_swapped(self, old: str, new: str) -> None:
        device_id = self.value_of("SELECT id FROM devices WHERE serial = %s", old) or 0
        self.attempt(lambda: replace_device(self.unit, device_id, new, *WHO))

    @rule(data=st.data())
    def a_sale_is_cancelled(self, data: st.DataObject) -> None:
        ids = list(self.connection.exec_driver_sql("SELECT id FROM sales ORDER BY id").scalars())
        sale_id = data.draw(st.sampled_from(ids))
        self.attempt(lambda: cancel_sale(self.unit, sale_id, *WHO))

    @rule(serial=DEVICES, person=PEOPLE)
    def a_kit_is_sold(self, serial: str, person: str) -> None:
        sale = NewSale(terms_by_count("kit", 4), NamedDevice(serial))
        self.attempt(lambda: sell_by_operator(self.unit, person, sale, *WHO))

    @rule(serial=DEVICES, kind=st.sampled_from(["energy", "days"]))
    def a_code_is_ordered(self, serial: str, kind: Action) -> None:
        self.attempt(lambda: order_token(self.unit, serial, kind, 10, *WHO))

    @precondition(lambda self: self.moved)
    @rule(data=st.data())
    def the_provider_takes_it_back(self, data: st.DataObject) -> None:
        money = self.moved[data.draw(st.sampled_from(sorted(self.moved)))]
        back = NewReturn(money.notice.amount_minor, "provider", None)
        self.attempt(
            lambda: record_reversal(
                self.unit, ACCOUNT, money.notice.receipt, back, "ops", "M-Pesa did"
            )
        )

    @precondition(lambda self: self.in_suspense())
    @rule(data=st.data(), serial=DEVICES)
    def a_person_decides(self, data: st.DataObject, serial: str) -> None:
        payment_id, receipt = data.draw(st.sampled_from(self.in_suspense()))
        owner = self.holder(serial)
        with self.attempted():
            match_suspense(self.unit, payment_id, serial, *WHO)
            decided = replace(self.moved[receipt], owner=owner or 0, first_owner_of=None)
            self.moved[receipt] = decided

    def in_suspense(self) -> list[tuple[int, str]]:
        rows = self.connection.exec_driver_sql(
            "SELECT id, receipt FROM payments WHERE state = 'suspense' ORDER BY id"
        )
        return [(row.id, row.receipt) for row in rows]

    # What must hold.

    @invariant()
    def no_customer_is_served_with_anothers_money(self) -> None:
        type(self).steps += 1
        rows = self.connection.exec_driver_sql(
            "SELECT receipt, customer_id FROM payments WHERE customer_id IS NOT NULL"
        )
        assert not [
            (receipt, customer_id, self.moved[receipt].owner)
            for receipt, customer_id in rows
            if customer_id != self.whose(self.moved[receipt])
        ]

    def whose(self, moved: Moved) -> int | None:
        if moved.first_owner_of is None:
            return moved.owner
        return self.value_of(FIRST_OWNER, moved.first_owner_of)

    @invariant()
    def every_invariant_holds(self) -> None:
        assert not find_faults(self.unit)
        tried = "SELECT string_agg(problem, '; ') FROM payments WHERE attempts > 0"
        assert self.connection.exec_driver_sql(tried).scalar_one() is None
        self.connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        self.connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")


def run(engine: Engine, examples: int, steps: int) -> None:
    Hands.engine = engine
    machine = Hands.TestCase
    machine.settings = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=BOUNDED,
    )
    machine().runTest()


def test_no_money_serves_but_whose_it_is(rolled_back_engine: Engine) -> None:
    run(rolled_back_engine, examples=5, steps=25)


@pytest.mark.slow
def test_no_money_serves_but_whose_it_is_for_many_steps(rolled_back_engine: Engine) -> None:
    """`STATEFUL_STEPS` steps, at least; `make stateful` asks for ten thousand."""
    before = Hands.steps
    while Hands.steps - before < (STEPS or 500):
        run(rolled_back_engine, examples=40, steps=60)
