"""The ends of a sale: the plan, the ledger, the device and the customer all hear the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from core.errors import Refused
from core.money import Money
from core.refund import NewReturn
from core.usecases.payments.quote import quote_payment
from core.usecases.refunds.reversal import record_reversal
from core.usecases.registration.show_customer import show_customer
from core.usecases.sales.change_sale import discount_sale
from core.usecases.sales.default_sale import (
    default_late_sale,
    default_sale,
    find_late_sales,
    undo_default,
)
from core.usecases.sales.end_sale import (
    agree_rest,
    cancel_sale,
    repossess_sale,
    settle_sale,
    write_off_sale,
)
from core.usecases.sales.pause_sale import pause_sale, resume_sale
from tests.support.cast import AMINA, BARAKA, KIT, METER
from tests.support.scenario import ACCOUNT, Scenario

WHO, WHY = "grace@jua.example", "the harvest failed"


@pytest.fixture
def sale_id(scenario: Scenario) -> int:
    """Baraka's kit: 4 x 150.00, one of them paid."""
    scenario.pay("A1", KIT, 150_00)
    scenario.apply()
    return sale_of(scenario, KIT)


def sale_of(scenario: Scenario, serial: str) -> int:
    found: int = scenario.rows(
        "SELECT s.id FROM sales s JOIN devices d ON d.id = s.device_id WHERE d.serial = :serial",
        serial=serial,
    )[0][0]
    return found


def stove_of(scenario: Scenario) -> int:
    """Amina's stove: 2 x 300.00, the first overdue; it has no serial number."""
    found: int = scenario.rows("SELECT id FROM sales WHERE device_id IS NULL")[0][0]
    return found


def change(scenario: Scenario, do: Callable[..., object], sale_id: int, *values: object) -> None:
    with scenario.open_unit() as unit:
        do(unit, sale_id, *values, WHO, WHY)
    scenario.check_invariants()


def state_of(scenario: Scenario, sale_id: int) -> str:
    found: str = scenario.rows("SELECT state FROM sales WHERE id = :id", id=sale_id)[0][0]
    return found


def entry(scenario: Scenario) -> list[tuple[str, str, int]]:
    """The postings of the newest entry."""
    return scenario.rows(
        "SELECT account, side, amount_minor FROM postings"
        " WHERE entry_id = (SELECT max(id) FROM journal_entries) ORDER BY account"
    )


def last_text(scenario: Scenario, msisdn: str) -> str:
    rows = scenario.rows(
        "SELECT body FROM sms WHERE msisdn = :msisdn ORDER BY id DESC LIMIT 1", msisdn=msisdn
    )
    return str(rows[0][0])


def lines_of(scenario: Scenario, receipt: str) -> list[tuple[str, int]]:
    return scenario.rows(
        "SELECT l.kind, l.amount_minor FROM payment_lines l JOIN payments p ON p.id = l.payment_id"
        " WHERE p.receipt = :receipt ORDER BY l.number",
        receipt=receipt,
    )


def owes(scenario: Scenario, msisdn: str) -> list[int]:
    with scenario.open_unit() as unit:
        return [debt.amount_minor for debt in show_customer(unit, msisdn).debts.lines]


def kes(major: int) -> Money:
    return Money(major * 100, "KES")


ENDS = [
    (cancel_sale, "cancelled", "income:sales", "cancelled", ["lock"]),
    (repossess_sale, "repossessed", "expense:bad_debt", "taken back", ["lock"]),
    (settle_sale, "settled", "expense:discount", "settled", ["unlock"]),
    (write_off_sale, "written_off", "expense:bad_debt", "not asked for", []),
]


@pytest.mark.parametrize(("end", "state", "account", "words", "codes"), ENDS)
def test_an_end_has_its_state_entry_text_audit_row_and_code(
    scenario: Scenario,
    sale_id: int,
    end: Callable[..., object],
    state: str,
    account: str,
    words: str,
    codes: list[str],
) -> None:
    change(scenario, end, sale_id)
    assert state_of(scenario, sale_id) == state
    assert entry(scenario) == [
        (account, "debit", 450_00), ("receivable:sales", "credit", 450_00)
    ]  # fmt: skip
    assert words in last_text(scenario, BARAKA)
    assert scenario.rows("SELECT DISTINCT operator, reason FROM audit_log") == [(WHO, WHY)]
    assert [row[0] for row in scenario.rows("SELECT kind FROM token_orders")] == codes
    assert owes(scenario, BARAKA) == []


@pytest.mark.parametrize("end", [end for end, *_ in ENDS])
def test_what_has_ended_is_not_ended_again_nor_while_money_is_on_its_way(
    scenario: Scenario, sale_id: int, end: Callable[..., object]
) -> None:
    scenario.pay("A2", KIT, 150_00)
    with pytest.raises(Refused, match="payment_waiting"):
        change(scenario, end, sale_id)
    scenario.apply()
    change(scenario, end, sale_id)
    with pytest.raises(Refused, match="sale_not_open"):
        change(scenario, end, sale_id)


def test_money_taken_back_after_the_end_is_a_claim(scenario: Scenario, sale_id: int) -> None:
    change(scenario, settle_sale, sale_id)
    with scenario.open_unit() as unit:
        record_reversal(unit, ACCOUNT, "A1", NewReturn(), WHO, "the provider took it back")
    scenario.check_invariants()
    assert scenario.balances()["receivable:clawback"] == 150_00


def test_the_device_of_a_settled_sale_is_paid_off(scenario: Scenario, sale_id: int) -> None:
    change(scenario, settle_sale, sale_id)
    with scenario.open_unit() as unit:
        (kit,) = show_customer(unit, BARAKA).device_states
        assert (kit.is_paid_off, kit.plan_left_minor) == (True, None)
        with pytest.raises(Refused, match="nothing_to_pay"):
            quote_payment(unit, KIT, 100_00)


def test_an_appliance_without_a_device_is_not_repossessed(scenario: Scenario) -> None:
    with pytest.raises(Refused, match="sale_without_device"):
        change(scenario, repossess_sale, stove_of(scenario))


def test_a_discount_is_spread_and_is_no_negative_income(scenario: Scenario, sale_id: int) -> None:
    change(scenario, discount_sale, sale_id, kes(150))
    assert owes(scenario, BARAKA) == [100_00] * 3
    assert entry(scenario) == [
        ("expense:discount", "debit", 150_00), ("receivable:sales", "credit", 150_00)
    ]  # fmt: skip
    assert state_of(scenario, sale_id) == "open"
    assert "KES 150 is forgiven. KES 300 is left" in last_text(scenario, BARAKA)
    with pytest.raises(Refused, match="discount_too_large"):
        change(scenario, discount_sale, sale_id, kes(300))


def test_an_agreed_rest_is_one_last_payment_and_unlocks(scenario: Scenario, sale_id: int) -> None:
    change(scenario, agree_rest, sale_id, kes(200), None)
    assert owes(scenario, BARAKA) == [200_00]
    assert scenario.balances()["expense:discount"] == 250_00
    scenario.pay("A2", KIT, 200_00)
    scenario.apply()
    assert state_of(scenario, sale_id) == "complete"
    assert ("unlock",) in scenario.rows("SELECT kind FROM tokens")
    scenario.check_invariants()


def test_a_rest_that_lies_on_a_begun_instalment_is_agreed_too(
    scenario: Scenario, sale_id: int
) -> None:
    scenario.pay("A2", KIT, 50_00)
    scenario.apply()
    change(scenario, agree_rest, sale_id, kes(100), None)
    assert owes(scenario, BARAKA) == [100_00]
    with pytest.raises(Refused, match="rest_too_large"):
        change(scenario, agree_rest, sale_id, kes(100), None)


def test_nothing_falls_due_in_a_pause_and_the_days_move_by_it(scenario: Scenario) -> None:
    stove = stove_of(scenario)
    due = scenario.rows("SELECT due_on FROM instalments WHERE sale_id = :id ORDER BY 1", id=stove)
    change(scenario, pause_sale, stove)
    scenario.ahead = timedelta(days=10)
    with scenario.open_unit() as unit:
        debts = show_customer(unit, AMINA).debts
        assert (debts.due, debts.next_due) == ([], None)
        assert debts.paused == {"Kit-Stove": 600_00}
        assert quote_payment(unit, METER, 500_00).outcome.energy_tenths == 50
    scenario.pay("A1", METER, 500_00)
    scenario.apply()
    assert lines_of(scenario, "A1") == [("energy", 500_00)]
    with pytest.raises(Refused, match="sale_paused"):
        change(scenario, pause_sale, stove)
    change(scenario, resume_sale, stove)
    moved = scenario.rows("SELECT due_on FROM instalments WHERE sale_id = :id ORDER BY 1", id=stove)
    assert moved == [(day + timedelta(days=10),) for (day,) in due]
    assert state_of(scenario, stove) == "open"
    with pytest.raises(Refused, match="sale_not_paused"):
        change(scenario, resume_sale, stove)


def test_a_paused_plan_may_be_paid_ahead_to_its_end(scenario: Scenario, sale_id: int) -> None:
    change(scenario, pause_sale, sale_id)
    scenario.pay("A2", KIT, 450_00)
    scenario.apply()
    assert state_of(scenario, sale_id) == "complete"
    scenario.check_invariants()


def test_a_default_is_declared_shown_and_undone(scenario: Scenario, sale_id: int) -> None:
    with pytest.raises(Refused, match="sale_not_late"):
        change(scenario, default_sale, sale_id)
    scenario.ahead = timedelta(days=30)
    change(scenario, default_sale, sale_id)
    assert state_of(scenario, sale_id) == "defaulted"
    assert owes(scenario, BARAKA) == [150_00] * 3
    assert "KES 450 is long overdue" in last_text(scenario, BARAKA)
    change(scenario, undo_default, sale_id)
    assert state_of(scenario, sale_id) == "open"


def test_a_defaulter_who_pays_is_served_and_completes(scenario: Scenario, sale_id: int) -> None:
    scenario.ahead = timedelta(days=30)
    change(scenario, default_sale, sale_id)
    scenario.pay("A2", KIT, 450_00)
    scenario.apply()
    assert state_of(scenario, sale_id) == "complete"
    scenario.check_invariants()


def by_rule(scenario: Scenario) -> int:
    with scenario.open_unit() as unit:
        late = find_late_sales(unit)
    for sale_id in late:
        with scenario.open_unit() as unit:
            default_late_sale(unit, sale_id)
    return len(late)


def test_the_market_may_have_a_rule_for_late_payers(scenario: Scenario) -> None:
    stove = stove_of(scenario)  # due three days ago
    scenario.ahead = timedelta(days=40)
    assert by_rule(scenario) == 0
    scenario.run("UPDATE market SET default_after_days = 42")
    assert by_rule(scenario) == 1
    assert state_of(scenario, stove) == "defaulted"
    assert scenario.rows("SELECT operator, reason FROM audit_log") == [
        ("rule", "more than 42 days late")
    ]
    change(scenario, undo_default, stove)
    assert by_rule(scenario) == 0  # it counts from the day it was undone
    scenario.ahead += timedelta(days=43)
    assert by_rule(scenario) > 0


def test_money_for_a_written_off_device_is_a_recovery(scenario: Scenario, sale_id: int) -> None:
    change(scenario, write_off_sale, sale_id)
    with scenario.open_unit() as unit:
        assert quote_payment(unit, KIT, 200_00).outcome.credit_minor == 0
    scenario.pay("A2", KIT, 200_00)
    scenario.apply()
    assert lines_of(scenario, "A2") == [("recovery", 200_00)]
    assert scenario.balances()["income:recovery"] == -200_00
    scenario.check_invariants()
    scenario.pay("A3", KIT, 300_00)
    scenario.apply()
    assert lines_of(scenario, "A3") == [("recovery", 250_00), ("credit", 50_00)]
    assert ("unlock",) in scenario.rows("SELECT kind FROM tokens")
    scenario.check_invariants()
    with scenario.open_unit() as unit, pytest.raises(Refused, match="nothing_to_pay"):
        quote_payment(unit, KIT, 100_00)


def test_a_recovery_may_be_reversed(scenario: Scenario, sale_id: int) -> None:
    change(scenario, write_off_sale, sale_id)
    scenario.pay("A2", KIT, 200_00)
    scenario.apply()
    with scenario.open_unit() as unit:
        record_reversal(unit, ACCOUNT, "A2", NewReturn(), WHO, "the provider took it back")
    assert "income:recovery" not in scenario.balances()
    scenario.check_invariants()


def test_money_for_the_loan_recovers_what_has_no_device(scenario: Scenario) -> None:
    change(scenario, write_off_sale, stove_of(scenario))
    scenario.pay("A1", METER, 500_00)  # buys energy: nothing is owed
    scenario.pay("A2", METER + "LOAN", 500_00)
    scenario.apply()
    assert lines_of(scenario, "A1") == [("energy", 500_00)]
    assert lines_of(scenario, "A2") == [("recovery", 500_00)]
    scenario.check_invariants()


def test_fees_that_fell_due_before_an_end_are_kept(scenario: Scenario) -> None:
    """A meter on a plan goes back; its fees were due, the daily job had not run yet."""
    meter = scenario.device_id(METER)
    scenario.run(
        "UPDATE tariff_versions SET access_rate_minor = 10000, access_every_days = 30,"
        " valid_from = :day",
        day=date(2026, 9, 1),
    )
    scenario.run("UPDATE devices SET access_anchor_on = :day", day=date(2026, 9, 20))
    stove = stove_of(scenario)
    scenario.run("UPDATE sales SET device_id = :meter WHERE id = :id", meter=meter, id=stove)
    change(scenario, cancel_sale, stove)
    assert scenario.rows("SELECT amount_minor FROM access_charges") == [(100_00,)] * 2
    assert owes(scenario, AMINA) == [100_00] * 2


def test_a_paused_plan_is_not_changed_before_it_runs_again(
    scenario: Scenario, sale_id: int
) -> None:
    change(scenario, pause_sale, sale_id)
    with pytest.raises(Refused, match="sale_paused"):
        change(scenario, discount_sale, sale_id, kes(100))


def test_no_reason_no_end(scenario: Scenario, sale_id: int) -> None:
    with pytest.raises(Refused, match="reason_missing"), scenario.open_unit() as unit:
        settle_sale(unit, sale_id, WHO, " ")
    assert state_of(scenario, sale_id) == "open"
