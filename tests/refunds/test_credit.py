"""Credit is given back, moved or used by an operator: once, never more than there is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import Refused
from core.movement import Movement, Statement
from core.refund import MoneyBackFrom, NewReturn
from core.usecases.reconciliation.balance import assert_balance
from core.usecases.reconciliation.book_movements import open_cases
from core.usecases.reconciliation.compare import compare_statement
from core.usecases.reconciliation.explain import explain_movement
from core.usecases.refunds.credit import give_credit_back, transfer_credit
from core.usecases.refunds.refund import request_refund
from core.usecases.refunds.reversal import record_reversal, reverse_by_hand
from core.usecases.refunds.use_credit import use_credit
from tests.support.cast import KIT, LAST_KIT, METER
from tests.support.scenario import ACCOUNT, Scenario

WHY = "she moved away"


def customer(scenario: Scenario, name: str) -> int:
    return int(scenario.rows("SELECT id FROM customers WHERE name = :name", name=name)[0][0])


def credit(scenario: Scenario, name: str = "Chidi") -> int:
    return int(scenario.rows("SELECT credit_minor FROM customers WHERE name = :n", n=name)[0][0])


@pytest.fixture
def chidi(scenario: Scenario) -> int:
    """Chidi paid 1 150 for his last instalment of 150: the kit is free, 1 000 is credit."""
    scenario.pay("R1", LAST_KIT, 1150_00)
    scenario.apply()
    return customer(scenario, "Chidi")


def give(
    scenario: Scenario,
    customer_id: int,
    amount: int | None,
    source: MoneyBackFrom = "office",
    reference: str | None = "V1",
    account: str | None = None,
) -> bool:
    with scenario.open_unit() as unit:
        back = NewReturn(None if amount is None else amount * 100, source, reference)
        return give_credit_back(unit, customer_id, back, account, "ops@jua", WHY)


def move(scenario: Scenario, of: int, to: int, amount: int, reference: str | None = "M1") -> bool:
    with scenario.open_unit() as unit:
        back = NewReturn(amount * 100, reference=reference)
        return transfer_credit(unit, of, to, back, "ops@jua", WHY)


def use(scenario: Scenario, customer_id: int, account: str) -> str:
    with scenario.open_unit() as unit:
        return use_credit(unit, customer_id, account, "ops@jua", WHY)


@pytest.mark.parametrize(
    ("source", "ledger"),
    [("office", "cash:office"), ("bank", "bank"), ("provider", f"clearing:{ACCOUNT}")],
)
def test_credit_goes_back_in_part_or_whole_from_where_it_was_sent(
    scenario: Scenario, chidi: int, source: MoneyBackFrom, ledger: str
) -> None:
    before = scenario.balances().get(ledger, 0)

    assert give(scenario, chidi, 400, source, "v1", ACCOUNT) is True
    assert give(scenario, chidi, None, source, "V2", ACCOUNT) is True

    assert credit(scenario) == 0
    assert scenario.balances().get(ledger, 0) == before - 1000_00
    assert scenario.states() == ["applied"]
    assert (
        scenario.rows("SELECT kind FROM sms WHERE kind LIKE 'refund%'")
        == [("refund.credit_given_back",)] * 2
    )
    assert scenario.rows("SELECT action, reason FROM audit_log") == [("give_credit_back", WHY)] * 2
    scenario.check_invariants()


def test_the_same_act_is_booked_once(scenario: Scenario, chidi: int) -> None:
    amina = customer(scenario, "Amina")

    assert [give(scenario, chidi, 400) for _ in range(2)] == [True, False]
    assert [move(scenario, chidi, amina, 100) for _ in range(2)] == [True, False]

    assert credit(scenario) == 500_00
    assert credit(scenario, "Amina") == 100_00
    with pytest.raises(Refused, match="reference_used"):
        give(scenario, chidi, 300)
    scenario.check_invariants()


def test_moved_credit_is_the_others_and_both_are_told(scenario: Scenario, chidi: int) -> None:
    move(scenario, chidi, customer(scenario, "Baraka"), 600)

    assert credit(scenario) == 400_00
    assert credit(scenario, "Baraka") == 600_00
    sms = scenario.rows("SELECT kind, body FROM sms WHERE kind LIKE 'refund.credit%' ORDER BY id")
    assert [kind for kind, _ in sms] == ["refund.credit_moved_away", "refund.credit_moved_here"]
    assert "B***a M." in sms[0][1]
    assert "C***i W." in sms[1][1]
    assert len(scenario.rows("SELECT 1 FROM audit_log WHERE action = 'move_credit'")) == 2
    scenario.check_invariants()


@pytest.mark.parametrize(
    ("amount", "source", "reference", "account", "refusal"),
    [
        (1001, "office", "V1", None, "credit_too_small"),
        (0, "office", "V1", None, "amount_missing"),
        (5, "office", " ", None, "reference_missing"),
        (5, "provider", "Q1", None, "account_unknown"),
        (5, "provider", "Q1", "daraja:999999", "account_unknown"),
    ],
)
def test_what_cannot_be_given_back_is_refused(
    scenario: Scenario,
    chidi: int,
    amount: int,
    source: MoneyBackFrom,
    reference: str,
    account: str | None,
    refusal: str,
) -> None:
    with pytest.raises(Refused, match=refusal):
        give(scenario, chidi, amount, source, reference, account)
    assert credit(scenario) == 1000_00


def test_credit_waits_while_a_payment_is_not_settled(scenario: Scenario, chidi: int) -> None:
    baraka = customer(scenario, "Baraka")
    with scenario.open_unit() as unit:  # more than the provider can take back: a case
        record_reversal(unit, ACCOUNT, "R1", NewReturn(2000_00), "ops", "on the statement")

    for action in (
        lambda: give(scenario, chidi, 10),
        lambda: move(scenario, chidi, baraka, 10),
        lambda: use(scenario, chidi, LAST_KIT),
    ):
        with pytest.raises(Refused, match="credit_waits"):
            action()
    scenario.run("UPDATE cases SET closed_at = now()")
    assert give(scenario, chidi, 10) is True


def test_a_payment_whose_credit_was_given_back_is_claimed_when_it_is_reversed(
    scenario: Scenario, chidi: int
) -> None:
    give(scenario, chidi, 400)

    with scenario.open_unit() as unit:
        record_reversal(unit, ACCOUNT, "R1", NewReturn(1150_00), "ops", "M-Pesa did")

    assert credit(scenario) == 0
    assert scenario.balances()["receivable:clawback"] == 400_00
    scenario.check_invariants()


def test_credit_pays_without_new_money(scenario: Scenario, chidi: int) -> None:
    baraka = customer(scenario, "Baraka")
    move(scenario, chidi, baraka, 600)

    receipt = use(scenario, baraka, KIT)
    scenario.check_invariants()
    scenario.apply()

    assert receipt == "CR000001"
    assert credit(scenario, "Baraka") == 0
    assert scenario.rows("SELECT kind FROM tokens ORDER BY id") == [("unlock",), ("unlock",)]
    assert len(scenario.rows("SELECT 1 FROM sms WHERE body LIKE '%CR000001%'")) == 1
    assert scenario.balances()[f"clearing:{ACCOUNT}"] == 1150_00
    scenario.check_invariants()


def test_credit_that_buys_nothing_stays(scenario: Scenario, chidi: int) -> None:
    with pytest.raises(Refused, match="credit_buys_nothing"):
        use(scenario, chidi, LAST_KIT)
    with pytest.raises(Refused, match="device_of_other"):
        use(scenario, chidi, METER)
    with pytest.raises(Refused, match="credit_too_small"):
        use(scenario, customer(scenario, "Baraka"), KIT)
    assert credit(scenario) == 1000_00


def test_a_payment_from_credit_becomes_credit_again(scenario: Scenario, chidi: int) -> None:
    baraka = customer(scenario, "Baraka")
    move(scenario, chidi, baraka, 200)
    use(scenario, baraka, KIT)
    payment_id = scenario.rows("SELECT id FROM payments WHERE receipt = 'CR000001'")[0][0]

    with pytest.raises(Refused, match="credit_payment"), scenario.open_unit() as unit:
        request_refund(unit, payment_id, "ops", WHY)
    scenario.apply()
    with pytest.raises(Refused, match="credit_payment"), scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(source="office"), "ops", WHY)
    with scenario.open_unit() as unit:
        reverse_by_hand(unit, payment_id, NewReturn(), "ops", WHY)

    assert credit(scenario, "Baraka") == 200_00
    scenario.check_invariants()


def test_a_payout_that_waited_on_the_statement_is_explained_by_the_act(
    scenario: Scenario, chidi: int
) -> None:
    sent_at = scenario.now() + timedelta(minutes=1)
    movement = Movement("QB1", "other", "out", 400_00, sent_at, written="Business Payment")
    with scenario.open_unit() as unit:
        statement = Statement(ACCOUNT, "KES", [movement])
        open_cases(unit, statement, compare_statement(unit, statement))

    with pytest.raises(Refused, match="reference_used"):
        give(scenario, chidi, 300, "provider", "QB1", ACCOUNT)
    assert give(scenario, chidi, 400, "provider", "qb1", ACCOUNT) is True

    assert scenario.rows("SELECT closed_at IS NULL FROM cases") == [(False,)]
    with scenario.open_unit() as unit:
        assert compare_statement(unit, statement).agrees
    scenario.check_invariants()


def test_a_payout_recorded_a_day_late_does_not_upset_the_balance_before(
    scenario: Scenario, chidi: int
) -> None:
    paid_at, sent_at = scenario.now(), scenario.now() + timedelta(hours=1)
    scenario.ahead = timedelta(days=1)
    give(scenario, chidi, 400, "provider", "QB1", ACCOUNT)

    movements = [
        Movement("R1", "payment", "in", 1150_00, paid_at, account=LAST_KIT),
        Movement("QB1", "other", "out", 400_00, sent_at, written="Business Payment"),
    ]
    with scenario.open_unit() as unit:
        compared = compare_statement(unit, Statement(ACCOUNT, "KES", movements))
        assert compared.agrees
        assert assert_balance(unit, ACCOUNT, 750_00, sent_at, compared.late_minor) == 0


@pytest.mark.parametrize("charge_first", [True, False])
def test_a_payout_whose_charge_waits_under_the_same_receipt_is_recorded(
    scenario: Scenario, chidi: int, charge_first: bool
) -> None:
    sent_at = scenario.now() + timedelta(minutes=1)
    movements = [
        Movement("QB1", "other", "out", 400_00, sent_at, written="Business Payment"),
        Movement("QB1", "other", "out", 3_00, sent_at, written="Excise Duty"),
    ]
    statement = Statement(ACCOUNT, "KES", movements)
    with scenario.open_unit() as unit:
        open_cases(unit, statement, compare_statement(unit, statement))
    ((charge,),) = scenario.rows("SELECT id FROM held_movements WHERE amount_minor = 300")

    if not charge_first:
        assert give(scenario, chidi, 400, "provider", "QB1", ACCOUNT) is True
    with scenario.open_unit() as unit:
        explain_movement(unit, charge, "fee", "ops", "the duty")
    if charge_first:
        assert give(scenario, chidi, 400, "provider", "QB1", ACCOUNT) is True

    with scenario.open_unit() as unit:
        assert compare_statement(unit, statement).agrees
    assert scenario.balances()[f"clearing:{ACCOUNT}"] == 747_00
    scenario.check_invariants()
