"""A provider takes money back: mirrored entries, debts owed again, a claim for what was used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import BadCallback, Refused
from core.refund import NewReturn
from core.usecases.refunds.reversal import record_reversal
from tests.support.builders import give_device
from tests.support.cast import AMINA, BARAKA, KIT, LAST_KIT, METER
from tests.support.scenario import ACCOUNT, Scenario


def reverse(scenario: Scenario, receipt: str = "R1", amount_minor: int = 500_00) -> bool:
    with scenario.open_unit() as unit:
        back = NewReturn(amount_minor)
        return record_reversal(unit, ACCOUNT, receipt, back, "statement", "told by M-Pesa")


def owed(scenario: Scenario, serial: str) -> int | None:
    found: int | None = scenario.rows(
        "SELECT CAST(sum(i.amount_minor - i.paid_minor) AS bigint) FROM instalments i"
        " JOIN sales s ON s.id = i.sale_id JOIN devices d ON d.id = s.device_id"
        " WHERE d.serial = :serial AND s.state = 'open'",
        serial=serial,
    )[0][0]
    return found


@pytest.mark.parametrize("account", ["?", METER])
def test_money_that_bought_nothing_yet_just_leaves(scenario: Scenario, account: str) -> None:
    scenario.pay("R1", account, 500_00)
    before = scenario.balances().keys() - {f"clearing:{ACCOUNT}", "suspense", "unapplied"}

    assert reverse(scenario) is True

    assert scenario.states() == ["reversed"]
    assert scenario.balances().keys() == before
    assert scenario.rows("SELECT count(*) FROM cases") == [(0,)]
    scenario.check_invariants()
    scenario.apply()
    assert scenario.states() == ["reversed"]


def test_what_it_had_paid_is_owed_again_and_the_owner_is_told(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 200_00)  # all of it goes to Amina's overdue loan
    scenario.apply()
    before = scenario.rows("SELECT CAST(sum(paid_minor) AS bigint) FROM instalments")
    assert before == [(200_00,)]

    reverse(scenario, amount_minor=200_00)

    assert scenario.rows("SELECT CAST(sum(paid_minor) AS bigint) FROM instalments") == [(0,)]
    assert scenario.rows("SELECT msisdn FROM sms WHERE kind = 'refund.reversed'") == [(AMINA,)]
    assert scenario.rows("SELECT count(*) FROM clawbacks") == [(0,)]
    scenario.check_invariants()


def test_a_reversal_before_its_payment_was_applied_leaves_the_month_at_nothing(
    scenario: Scenario,
) -> None:
    scenario.start = datetime(2026, 11, 30, 20, 50, tzinfo=UTC)  # 23:50 in Nairobi
    scenario.pay("R1", METER, 500_00)
    gone_at = scenario.now() + timedelta(minutes=2)
    scenario.ahead = timedelta(minutes=20)
    scenario.apply()
    with scenario.open_unit() as unit:
        back = NewReturn(500_00, "provider", "B1", gone_at)
        record_reversal(unit, ACCOUNT, "R1", back, "statement", "told by M-Pesa")

    assert scenario.rows(
        "SELECT e.kind, e.value_on::text FROM journal_entries e WHERE e.kind IN"
        " ('received', 'applied', 'unapplied', 'reversed') ORDER BY e.id"
    ) == [
        ("received", "2026-11-30"),
        ("applied", "2026-12-01"),
        ("unapplied", "2026-12-01"),
        ("reversed", "2026-11-30"),
    ]
    scenario.check_invariants()


def test_energy_whose_code_is_out_becomes_a_claim_and_a_case(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 500_00)  # 300 to the loan, 200 to 2.0 kWh
    scenario.apply()

    reverse(scenario)

    assert scenario.rows("SELECT amount_minor FROM clawbacks") == [(200_00,)]
    assert scenario.rows("SELECT kind FROM cases") == [("reversed_after_use",)]
    assert scenario.balances()["income:energy"] == -200_00
    assert scenario.balances()["receivable:clawback"] == 200_00
    scenario.check_invariants()


def test_a_plan_that_was_complete_runs_on_after_a_reversal(scenario: Scenario) -> None:
    scenario.pay("R1", LAST_KIT, 150_00)
    scenario.apply()
    assert scenario.rows("SELECT kind FROM tokens") == [("unlock",)]

    reverse(scenario, amount_minor=150_00)

    assert owed(scenario, LAST_KIT) == 150_00
    assert scenario.rows("SELECT kind FROM cases") == [("reversed_after_use",)]
    scenario.check_invariants()


def test_money_for_a_plan_that_was_followed_by_another_becomes_a_claim(scenario: Scenario) -> None:
    scenario.pay("R1", LAST_KIT, 150_00)
    scenario.apply()
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO sales (customer_id, appliance_id, device_id, scheme, cadence, total_minor,"
            " sold_on) SELECT customer_id, appliance_id, device_id, scheme, cadence, 0, sold_on"
            " FROM sales WHERE state = 'complete'"
        )

    reverse(scenario, amount_minor=150_00)

    assert scenario.rows("SELECT amount_minor FROM clawbacks") == [(150_00,)]
    scenario.check_invariants()


def test_credit_is_taken_back_and_what_it_had_used_is_given_back(scenario: Scenario) -> None:
    scenario.pay("R0", METER, 307_00)  # 300 to the loan, 7 left
    scenario.pay("R1", METER, 100_00)  # with the 7: 1.0 kWh, 7 left
    scenario.apply()
    assert scenario.rows("SELECT credit_minor FROM customers WHERE credit_minor > 0") == [(7_00,)]

    reverse(scenario, amount_minor=100_00)

    assert scenario.rows("SELECT credit_minor FROM customers WHERE credit_minor > 0") == [(7_00,)]
    scenario.check_invariants()


def test_credit_that_was_spent_since_becomes_a_claim(scenario: Scenario) -> None:
    scenario.pay("R1", KIT, 650_00)  # the whole plan of 600, 50 left
    scenario.apply()
    with scenario.engine.begin() as connection:
        give_device(connection, METER, BARAKA)
    scenario.pay("R2", METER, 60_00)  # with the 50: 1.1 kWh
    scenario.apply()

    reverse(scenario, amount_minor=650_00)

    assert scenario.rows("SELECT amount_minor FROM clawbacks") == [(50_00,)]
    scenario.check_invariants()


def test_a_reversal_told_again_changes_nothing(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 500_00)
    scenario.apply()

    assert [reverse(scenario) for _ in range(3)] == [True, False, False]
    scenario.check_invariants()


def test_reversed_debts_can_be_paid_again(scenario: Scenario) -> None:
    scenario.pay("R1", LAST_KIT, 150_00)
    scenario.apply()
    reverse(scenario, amount_minor=150_00)

    scenario.pay("R2", LAST_KIT, 150_00)
    scenario.apply()

    assert scenario.states() == ["reversed", "applied"]
    assert owed(scenario, LAST_KIT) is None
    scenario.check_invariants()


def test_a_receipt_nobody_booked_cannot_be_reversed(scenario: Scenario) -> None:
    with pytest.raises(Refused, match="receipt_unknown"):
        reverse(scenario)


def test_more_than_was_paid_is_a_case_and_not_booked(scenario: Scenario) -> None:
    scenario.pay("R1", METER, 500_00)

    assert reverse(scenario, amount_minor=501_00) is False
    with pytest.raises(BadCallback):
        reverse(scenario, amount_minor=0)

    assert scenario.states() == ["received"]
    [(kind, detail)] = scenario.rows("SELECT kind, detail FROM cases")
    assert kind == "return_unclear"
    assert "KES 501.00 of R1 went back, but only KES 500.00 of it can" in detail
