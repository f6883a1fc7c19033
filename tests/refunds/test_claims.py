"""What a reversal leaves behind: days that are given once, claims that are debts, locks again."""

from __future__ import annotations

from datetime import timedelta

from core.db.invariants import LEDGER, offenders
from core.plan import ByCount
from core.refund import NewReturn
from core.usecases.devices.replace_device import replace_device
from core.usecases.payments.quote import quote_payment
from core.usecases.refunds.reversal import record_reversal
from core.usecases.refunds.suspense import match_suspense
from core.usecases.sales.change_sale import NewSchedule, reschedule_sale
from core.usecases.sales.debts import list_debts
from core.usecases.sales.end_sale import settle_sale
from core.wording.payment_words import describe_allocation
from core.wording.product import product_wording
from tests.support.cast import KIT, LAST_KIT, METER
from tests.support.scenario import ACCOUNT, NOW, Scenario


def reverse(scenario: Scenario, receipt: str, amount_minor: int) -> None:
    with scenario.open_unit() as unit:
        assert record_reversal(
            unit, ACCOUNT, receipt, NewReturn(amount_minor), "statement", "by M-Pesa"
        )


def pay(scenario: Scenario, receipt: str, serial: str, amount_minor: int) -> None:
    scenario.pay(receipt, serial, amount_minor)
    scenario.apply()


def lines(scenario: Scenario, receipt: str) -> list[tuple[str, int]]:
    return [
        (kind, minor)
        for kind, minor in scenario.rows(
            "SELECT l.kind, l.amount_minor FROM payment_lines l JOIN payments p ON p.id ="
            " l.payment_id WHERE p.receipt = :receipt ORDER BY l.number",
            receipt=receipt,
        )
    ]


def tokens(scenario: Scenario, receipt: str) -> list[tuple[str, int]]:
    return [
        (kind, units)
        for kind, units in scenario.rows(
            "SELECT t.kind, t.units FROM tokens t JOIN payments p ON p.id = t.payment_id"
            " WHERE p.receipt = :receipt ORDER BY t.id",
            receipt=receipt,
        )
    ]


def claims(scenario: Scenario) -> list[tuple[int, int]]:
    return [
        (amount, paid)
        for amount, paid in scenario.rows(
            "SELECT amount_minor, paid_minor FROM clawbacks ORDER BY id"
        )
    ]


def clear_loan(scenario: Scenario) -> None:
    """Amina's overdue loan, which takes the first 300 of her money."""
    pay(scenario, "R0", METER, 300_00)


def test_a_clawback_is_paid_by_older_money_that_a_person_matches(scenario: Scenario) -> None:
    clear_loan(scenario)
    pay(scenario, "R1", METER, 500_00)
    payment_id = scenario.pay("R2", "?", 700_00)
    scenario.ahead = timedelta(days=1)
    reverse(scenario, "R1", 500_00)

    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, METER, "ops", "she called")
    scenario.apply()

    assert lines(scenario, "R2") == [("clawback", 500_00), ("energy", 200_00)]
    scenario.check_invariants()


def test_q_days_are_given_once(scenario: Scenario) -> None:
    for again in range(3):
        pay(scenario, f"R{again}", KIT, 150_00)
        reverse(scenario, f"R{again}", 150_00)
    pay(scenario, "R9", KIT, 150_00)

    given = [tokens(scenario, receipt) for receipt in ("R0", "R1", "R2", "R9")]
    assert given == [[("days", 7)], [], [], []]
    assert lines(scenario, "R9") == [("instalment", 150_00)]
    pay(scenario, "R10", KIT, 150_00)
    assert tokens(scenario, "R10") == [("days", 7)]
    scenario.check_invariants()


def test_days_are_given_once_in_parts_too(scenario: Scenario) -> None:
    pay(scenario, "R1", KIT, 100_00)
    pay(scenario, "R2", KIT, 50_00)
    assert tokens(scenario, "R1") + tokens(scenario, "R2") == [("days", 4), ("days", 3)]
    reverse(scenario, "R1", 100_00)

    pay(scenario, "R3", KIT, 100_00)

    assert tokens(scenario, "R3") == []
    scenario.check_invariants()


def test_r_a_claim_is_a_debt_and_paid_first(scenario: Scenario) -> None:
    clear_loan(scenario)
    pay(scenario, "R1", METER, 500_00)
    reverse(scenario, "R1", 500_00)
    (customer_id,) = scenario.rows("SELECT customer_id FROM clawbacks")[0]
    with scenario.open_unit() as unit:
        first = list_debts(unit, customer_id).due[0]
    assert (first.kind, first.description, first.amount_minor) == ("clawback", "R1", 500_00)

    pay(scenario, "R2", METER, 700_00)

    assert lines(scenario, "R2") == [("clawback", 500_00), ("energy", 200_00)]
    assert tokens(scenario, "R2") == [("energy", 20)]
    assert scenario.balances().get("receivable:clawback") is None
    scenario.check_invariants()


def test_a_claim_is_named_before_it_is_paid_and_in_the_receipt(scenario: Scenario) -> None:
    clear_loan(scenario)
    pay(scenario, "R1", METER, 500_00)
    reverse(scenario, "R1", 500_00)

    with scenario.open_unit() as unit:
        quote = quote_payment(unit, METER, 700_00)
        words = describe_allocation(unit.market, quote.outcome)
        described = ", ".join(product_wording().render(part, "en") for part in words)
    pay(scenario, "R2", METER, 700_00)

    assert described == "taken back 500, 2.0 kWh"
    ((receipt,),) = scenario.rows("SELECT body FROM sms WHERE body LIKE '%Ref R2%'")
    assert "Paid KES 700: taken back 500, 2.0 kWh. Due now KES 0" in receipt
    ((body,),) = scenario.rows("SELECT body FROM sms WHERE kind = 'refund.reversed'")
    assert "Due now KES 500" in body


def test_what_paid_a_claim_can_be_taken_back_too(scenario: Scenario) -> None:
    clear_loan(scenario)
    pay(scenario, "R1", METER, 500_00)
    reverse(scenario, "R1", 500_00)
    pay(scenario, "R2", METER, 700_00)

    reverse(scenario, "R2", 700_00)

    assert claims(scenario) == [(500_00, 0), (200_00, 0)]
    assert scenario.balances()["receivable:clawback"] == 700_00
    scenario.check_invariants()


def test_a_claim_can_be_paid_for_a_kit_without_debts_and_as_a_loan(scenario: Scenario) -> None:
    clear_loan(scenario)
    pay(scenario, "R1", METER, 500_00)
    reverse(scenario, "R1", 500_00)

    pay(scenario, "R2", f"{METER}LOAN", 200_00)
    pay(scenario, "R3", METER, 300_00)

    assert claims(scenario) == [(500_00, 500_00)]
    assert lines(scenario, "R2") == [("clawback", 200_00)]
    scenario.check_invariants()


def test_a_kit_unlocked_for_money_that_went_back_is_locked_again(scenario: Scenario) -> None:
    pay(scenario, "R1", LAST_KIT, 150_00)
    assert tokens(scenario, "R1") == [("unlock", 0)]

    reverse(scenario, "R1", 150_00)

    assert scenario.rows("SELECT kind, state FROM token_orders") == [("lock", "waiting")]
    ((detail,),) = scenario.rows("SELECT detail FROM cases WHERE kind = 'reversed_after_use'")
    assert "KES 150.00 of its plan is open again" in detail
    assert "a lock code is being made" in detail
    pay(scenario, "R2", LAST_KIT, 150_00)
    assert tokens(scenario, "R2") == [("unlock", 0)]
    scenario.check_invariants()


def test_a_kit_unlocked_when_its_sale_was_settled_is_locked_again(scenario: Scenario) -> None:
    pay(scenario, "R1", KIT, 150_00)
    ((sale_id,),) = scenario.rows(
        "SELECT s.id FROM sales s JOIN devices d ON d.id = s.device_id WHERE d.serial = :serial",
        serial=KIT,
    )
    with scenario.open_unit() as unit:
        settle_sale(unit, sale_id, "test", "the rest is forgiven")
    scenario.run("UPDATE token_orders SET state = 'made'")

    reverse(scenario, "R1", 150_00)

    orders = scenario.rows("SELECT kind, state FROM token_orders ORDER BY id")
    assert orders == [("unlock", "made"), ("lock", "waiting")]
    ((detail,),) = scenario.rows("SELECT detail FROM cases WHERE kind = 'reversed_after_use'")
    assert "the customer owes KES 150.00 for it" in detail
    assert "unlocked when its sale was settled: order an unlock when that debt is paid" in detail
    scenario.check_invariants()


def test_where_no_code_locks_the_case_says_so(scenario: Scenario) -> None:
    pay(scenario, "R1", LAST_KIT, 150_00)
    scenario.run(
        "UPDATE manufacturers SET token_family = 'none' WHERE id = (SELECT manufacturer_id"
        " FROM devices WHERE serial = :serial)",
        serial=LAST_KIT,
    )

    reverse(scenario, "R1", 150_00)

    assert scenario.rows("SELECT count(*) FROM token_orders") == [(0,)]
    ((detail,),) = scenario.rows("SELECT detail FROM cases WHERE kind = 'reversed_after_use'")
    assert detail.endswith("no code locks this device: lock it by hand, or fetch it")


def test_days_given_survive_new_instalments_and_another_device(scenario: Scenario) -> None:
    pay(scenario, "R1", KIT, 150_00)
    reverse(scenario, "R1", 150_00)
    (sale_id, device_id, spare) = scenario.rows(
        "SELECT s.id, d.id, (SELECT serial FROM devices WHERE kind = 'shs' AND owner_id IS NULL"
        " AND plan_offer_id IS NULL LIMIT 1) FROM sales s JOIN devices d ON d.id = s.device_id"
        " WHERE d.serial = :serial",
        serial=KIT,
    )[0]
    with scenario.open_unit() as unit:
        new = NewSchedule(ByCount(9), "weekly")
        reschedule_sale(unit, sale_id, new, "test", "smaller instalments")
        replace_device(unit, device_id, spare, "test", "it was broken")

    pay(scenario, "R2", spare, 150_00)
    pay(scenario, "R3", spare, 50_00)

    assert tokens(scenario, "R2") == []
    assert tokens(scenario, "R3") == [("days", 7)]
    scenario.check_invariants()


def test_doctor_names_days_that_were_given_twice(scenario: Scenario) -> None:
    pay(scenario, "R1", KIT, 150_00)
    scenario.run("UPDATE instalments SET days_given = 0")

    with scenario.open_unit() as unit:
        found = offenders(unit.connection, LEDGER["no days are given twice"], unit.now)

    assert "codes gave 7 days, its instalments 0" in found


def test_a_payment_follows_the_order_of_its_day_however_late_it_is_applied(
    scenario: Scenario,
) -> None:
    scenario.run(
        "INSERT INTO waterfalls (valid_from, steps, lifeline_percent) VALUES"
        " (:day, '{device,arrears,access_rate}', NULL)",
        day=NOW.date() + timedelta(days=1),
    )
    scenario.pay("R1", METER, 400_00)
    scenario.ahead = timedelta(days=2)
    scenario.pay("R2", METER, 400_00)
    scenario.apply()

    assert lines(scenario, "R1") == [("instalment", 300_00), ("energy", 100_00)]
    assert lines(scenario, "R2") == [("energy", 400_00)]
    scenario.check_invariants()
