"""Agents' money and PINs: what they owe is gross, never past the limit, and booked once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.db.customers import lock_customers
from core.db.invariants import LEDGER, offenders
from core.db.ledger import balance
from core.errors import Refused
from core.money import Money
from core.pin import Pins, hash_pin
from core.refund import NewReturn
from core.unit import OpenUnit, unit_opener
from core.usecases.agents.account import agent_account, settle_agent
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.agents.pin import change_pin, check_pin
from core.usecases.customers.caller import read_caller
from core.usecases.payments.apply import apply_payments
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.reversal import record_reversal, reverse_by_hand
from tests.support.builders import (
    insert_agent,
    insert_customer,
    insert_device,
    insert_manufacturer,
    insert_tariff,
)
from tests.support.cast import OPEN_SECRET, STS
from tests.support.scenario import NOW

JUMA, METER = "+254711000111", "01000000016"
PINS = Pins("pepper")
HASHED = hash_pin("4321", "pepper")


@pytest.fixture
def open_unit(engine: Engine) -> OpenUnit:
    """Juma with a limit of 2000, 5% on collections; Amina's meter."""
    with engine.begin() as connection:
        insert_agent(connection, msisdn=JUMA, pin_hash=HASHED, commission_collections_bp=500)
        amina = insert_customer(connection, msisdn="+254711000001")
        insert_device(
            connection,
            serial=METER,
            manufacturer_id=insert_manufacturer(connection, token_family="sts", sts=STS),
            owner_id=amina,
            tariff_id=insert_tariff(connection),
            assigned_on=NOW.date(),
            sts=STS,
        )
    return unit_opener(engine, lambda: NOW, pins=PINS)


def kes(amount: int) -> Money:
    return Money(amount * 100, "KES")


def collect(open_unit: OpenUnit, amount: int, pin: str = "4321", *, is_second: bool = False) -> Any:
    with open_unit() as unit:
        return collect_cash(unit, JUMA, pin, METER, kes(amount), is_second=is_second)


def figures(engine: Engine) -> tuple[int, int]:
    """(owed, commission) as kept on the row, and as the ledger has them."""
    with engine.connect() as connection:
        kept = connection.execute(
            text("SELECT float_used_minor, commission_minor FROM agents")
        ).one()
        ledger = connection.execute(
            text(
                "SELECT coalesce(sum(amount_minor * CASE side WHEN 'debit' THEN 1 ELSE -1 END)"
                " FILTER (WHERE account LIKE 'clearing:agent:%'), 0),"
                " coalesce(sum(amount_minor * CASE side WHEN 'debit' THEN -1 ELSE 1 END)"
                " FILTER (WHERE account LIKE 'commission:agent:%'), 0) FROM postings"
            )
        ).one()
    assert tuple(kept) == tuple(ledger)
    return tuple(kept)


def test_a_hand_over_pays_the_commission_out_with_it(engine: Engine, open_unit: OpenUnit) -> None:
    collect(open_unit, 100)
    assert figures(engine) == (100_00, 5_00)

    with open_unit() as unit:
        settled = settle_agent(unit, JUMA, kes(50), "R1")

    assert settled.owed == kes(45)
    assert figures(engine) == (45_00, 0)


def test_one_receipt_is_one_hand_over(engine: Engine, open_unit: OpenUnit) -> None:
    collect(open_unit, 100)

    for _ in range(2):
        with open_unit() as unit:
            assert settle_agent(unit, JUMA, kes(50), "R1").owed == kes(45)

    assert figures(engine) == (45_00, 0)
    with engine.connect() as connection:
        sent = connection.execute(text("SELECT body FROM sms WHERE kind = 'agent_sms.settled'"))
        assert [row.body for row in sent] == [
            "Handed over KES 50, commission KES 5 paid out with it. You owe KES 45. Receipt R1"
        ]


def test_handing_everything_over_keeps_the_commission_for_the_next_time(
    engine: Engine, open_unit: OpenUnit
) -> None:
    collect(open_unit, 100)

    with open_unit() as unit:
        assert settle_agent(unit, JUMA, kes(100), "R1").owed == kes(0)

    assert figures(engine) == (0, 5_00)


def test_the_account_tells_cash_taken_and_handed_over_the_newest_first(
    engine: Engine, open_unit: OpenUnit
) -> None:
    receipt = collect(open_unit, 100).receipt
    with open_unit() as unit:
        settle_agent(unit, JUMA, kes(50), "R1")
        account = agent_account(unit, JUMA)

    assert (account.owed, account.left, account.commission) == (kes(45), kes(1955), kes(0))
    assert [
        (movement.kind, movement.receipt, movement.amount) for movement in account.movements
    ] == [
        ("settled", "R1", kes(55)),
        ("received", receipt, kes(100)),
    ]


def test_more_than_is_owed_cannot_be_handed_over(engine: Engine, open_unit: OpenUnit) -> None:
    collect(open_unit, 100)

    with pytest.raises(Refused) as refused, open_unit() as unit:
        settle_agent(unit, JUMA, kes(101), "R1")

    assert refused.value.code == "settlement_too_large"
    assert figures(engine) == (100_00, 5_00)


def test_cash_past_the_limit_is_refused_and_leaves_no_trace(
    engine: Engine, open_unit: OpenUnit
) -> None:
    collect(open_unit, 1500)

    with pytest.raises(Refused) as refused:
        collect(open_unit, 501)

    assert (refused.value.code, refused.value.values) == ("float_exceeded", {"left": kes(500)})
    assert figures(engine) == (1500_00, 75_00)


def test_two_collections_at_once_cannot_both_take_the_last_of_the_limit(
    engine: Engine, open_unit: OpenUnit
) -> None:
    answers = []

    def work() -> None:
        try:
            answers.append(collect(open_unit, 1500, is_second=True).owed)
        except Refused as refused:
            answers.append(refused.code)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sorted(map(str, answers)) == ["KES 1500.00", *["float_exceeded"] * 3]
    assert figures(engine) == (1500_00, 75_00)


def test_three_misses_lock_for_half_an_hour_and_a_right_pin_resets_the_count(
    engine: Engine, open_unit: OpenUnit
) -> None:
    assert collect(open_unit, 100, pin="0000").values == {"left": 2}
    assert collect(open_unit, 100).owed == kes(100)
    for left in (2, 1):
        assert collect(open_unit, 100, pin="0000").values == {"left": left}
    assert collect(open_unit, 100, pin="0000").code == "pin_locked"

    assert collect(open_unit, 100).code == "pin_locked"
    later = unit_opener(engine, lambda: NOW + timedelta(minutes=31), pins=PINS)
    assert collect(later, 100).owed == kes(200)


@pytest.mark.parametrize(
    ("locks_before", "minutes"), [(0, 30), (1, 60), (5, 960), (6, 1440), (99, 1440)]
)
def test_each_lock_is_twice_as_long_until_the_right_pin(
    engine: Engine, open_unit: OpenUnit, locks_before: int, minutes: int
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE agents SET pin_misses = 2, pin_locks = :locks"), {"locks": locks_before}
        )

    refused = collect(open_unit, 100, pin="0000")

    assert (refused.code, refused.values) == ("pin_locked", {"minutes": minutes})
    later = unit_opener(engine, lambda: NOW + timedelta(minutes=minutes + 1), pins=PINS)
    assert collect(later, 100).owed == kes(100)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT pin_locks FROM agents")).scalar_one() == 0


@pytest.mark.parametrize("new_pin", ["1111", "1234", "98765", "4321"])
def test_a_pin_that_everybody_tries_is_refused(open_unit: OpenUnit, new_pin: str) -> None:
    with pytest.raises(Refused) as refused, open_unit() as unit:
        change_pin(unit, JUMA, f"4321 {new_pin}")

    assert refused.value.code == "pin_trivial"


def test_the_operators_pin_has_to_be_replaced_once(engine: Engine, open_unit: OpenUnit) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE agents SET pin_is_initial = true"))

    with open_unit() as unit:
        assert read_caller(unit, JUMA).has_first_pin
        change_pin(unit, JUMA, "4321 8027")
        assert not read_caller(unit, JUMA).has_first_pin
    with open_unit() as unit:
        agent = check_pin(unit, JUMA, "8027")
        assert not isinstance(agent, Refused)
        assert agent.msisdn == JUMA


def give_back(open_unit: OpenUnit, receipt: str, amount: int) -> bool:
    with open_unit() as unit:
        agent_id = unit.connection.execute(text("SELECT id FROM agents")).scalar_one()
        reason = "the customer has it back"
        back = NewReturn(amount * 100)
        return record_reversal(unit, f"agent:{agent_id}", receipt, back, "ops@jua", reason)


def check_ledger(engine: Engine) -> None:
    with engine.connect() as connection:
        found = {name: offenders(connection, sql, NOW) for name, sql in LEDGER.items()}
    assert not any(found.values()), found


def office(engine: Engine) -> int:
    with engine.connect() as connection:
        return balance(connection, "cash:office")


@pytest.mark.parametrize("used", [False, True])
def test_cash_that_is_given_back_is_not_owed_any_more_nor_its_commission(
    engine: Engine, open_unit: OpenUnit, used: bool
) -> None:
    receipt = collect(open_unit, 100).receipt
    collect(open_unit, 30)
    if used:
        with open_unit() as unit:
            apply_payments(unit, OPEN_SECRET)

    assert give_back(open_unit, receipt, 100)
    assert not give_back(open_unit, receipt, 100)

    assert figures(engine) == (30_00, 1_50)
    check_ledger(engine)


def test_what_of_it_was_handed_over_comes_back_from_the_office(
    engine: Engine, open_unit: OpenUnit
) -> None:
    receipt = collect(open_unit, 100).receipt
    with open_unit() as unit:
        settle_agent(unit, JUMA, kes(50), "R1")  # owes 45 then: 5 of commission were paid out
    assert office(engine) == 50_00

    give_back(open_unit, receipt, 100)

    assert figures(engine) == (0, 0)
    assert office(engine) == 0
    check_ledger(engine)


def test_the_agent_is_told_and_sees_it_in_the_account(engine: Engine, open_unit: OpenUnit) -> None:
    receipt = collect(open_unit, 100).receipt
    give_back(open_unit, receipt, 100)

    with open_unit() as unit:
        newest = agent_account(unit, JUMA).movements[0]
    assert (newest.kind, newest.receipt, newest.amount) == ("reversed", receipt, kes(100))
    with engine.connect() as connection:
        bodies = connection.execute(
            text("SELECT body FROM sms WHERE kind = 'agent_sms.cash_returned'")
        ).scalars()
        assert list(bodies) == [f"Cash KES 100, receipt {receipt}, given back. You owe KES 0."]


def test_a_part_of_the_cash_takes_its_share_of_the_commission(
    engine: Engine, open_unit: OpenUnit
) -> None:
    receipt = collect(open_unit, 100).receipt
    with open_unit() as unit:
        payment_id = unit.connection.execute(text("SELECT id FROM payments")).scalar_one()

    assert give_back(open_unit, receipt, 33)
    assert figures(engine) == (67_00, 3_35)
    check_ledger(engine)

    with open_unit() as unit:  # from the office: the agent still owes the cash
        back = NewReturn(27_00, "office", "V1")
        assert reverse_by_hand(unit, payment_id, back, "ops@jua", "the rest is for her kit")
    assert figures(engine) == (67_00, 2_00)
    assert office(engine) == -27_00

    with open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(), "ops@jua", "all of it after all")
    assert figures(engine) == (27_00, 0)
    check_ledger(engine)


def test_cash_on_its_way_back_is_not_owed_once_it_is_back(
    engine: Engine, open_unit: OpenUnit
) -> None:
    receipt = collect(open_unit, 100).receipt
    with open_unit() as unit:
        payment_id = unit.connection.execute(text("SELECT id FROM payments")).scalar_one()
        request_refund(unit, payment_id, "ops@jua", "paid twice")

    assert give_back(open_unit, receipt, 100)

    assert figures(engine) == (0, 0)
    check_ledger(engine)


WAITING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        found: int = connection.execute(text(WAITING)).scalar_one()
        return found


def test_cash_goes_back_while_its_agent_is_at_work_for_the_same_customer(
    engine: Engine, open_unit: OpenUnit
) -> None:
    collect(open_unit, 100)
    with open_unit() as unit:
        apply_payments(unit, OPEN_SECRET)
        payment_id, customer_id = unit.connection.execute(
            text("SELECT id, customer_id FROM payments")
        ).one()

    def go_back() -> None:
        with open_unit() as unit:
            reverse_by_hand(unit, payment_id, NewReturn(), "ops@jua", "the customer has it back")

    office = threading.Thread(target=go_back)
    with open_unit() as unit:
        check_pin(unit, JUMA, "4321")
        office.start()
        while not waiting(engine):
            assert office.is_alive()
        lock_customers(unit.connection, [customer_id])
    office.join()

    assert figures(engine) == (0, 0)
    check_ledger(engine)
