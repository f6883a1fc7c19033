"""Payments for which no code, or not the whole of one, can ever be made: debts are paid all the
same, the rest is the customer's, a person is asked. What may still be made is waited for."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core.tokens.keys import VendingKeys
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.quote import quote_payment
from core.usecases.tokens.device_keys import secret_opener
from tests.support.builders import give_device
from tests.support.cast import AMINA, BARAKA, KIT, METER, RING
from tests.support.scenario import Scenario


def run_out(scenario: Scenario, serial: str) -> None:
    """Its counter has come to the end of what OpenPAYGO tokens can say."""
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE devices SET token_counter = 65535 WHERE serial = %s", (serial,)
        )


def forget_sts(scenario: Scenario) -> None:
    """Amina's meter lost what its codes are made from."""
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE devices SET sts = NULL WHERE serial = %s", (METER,))


def lines(scenario: Scenario) -> list[tuple[str, int]]:
    return scenario.rows("SELECT kind, amount_minor FROM payment_lines ORDER BY payment_id, number")


def tokens(scenario: Scenario) -> list[tuple[str, str, int]]:
    return scenario.rows(
        "SELECT serial, t.kind, units FROM tokens t JOIN devices d ON d.id = t.device_id"
        " ORDER BY t.id"
    )


def cases(scenario: Scenario) -> list[tuple[str, str]]:
    return scenario.rows("SELECT kind, detail FROM cases ORDER BY id")


def texts_to(scenario: Scenario, msisdn: str) -> list[str]:
    return [body for (body,) in scenario.rows("SELECT body FROM sms WHERE msisdn = :m ORDER BY id",
                                          m=msisdn)]  # fmt: skip


def credit_of(scenario: Scenario, msisdn: str) -> int:
    [(credit,)] = scenario.rows(
        "SELECT credit_minor FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id"
        " WHERE msisdn = :m",
        m=msisdn,
    )
    found: int = credit
    return found


def test_one_code_gives_what_it_can_and_the_rest_is_credit(scenario: Scenario) -> None:
    """1638.3 kWh is the most in single steps of 0.1; above, a code counts whole kWh."""
    scenario.pay("R1", METER, 300_00 + 2000_50 * 100)

    scenario.apply()

    assert tokens(scenario) == [(METER, "energy", 20004)]
    assert lines(scenario) == [("instalment", 300_00), ("energy", 2000_40 * 100), ("credit", 10_00)]
    assert cases(scenario) == []
    scenario.check_invariants()


def test_what_a_code_cannot_carry_is_said_before_the_money_moves(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        outcome = quote_payment(unit, METER, 300_00 + 2000_50 * 100).outcome

    assert (outcome.energy_tenths, outcome.credit_minor) == (20004, 10_00)


def test_days_as_a_service_are_as_many_as_one_code_gives(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE sales SET scheme = 'service', total_minor = 0, price_per_day_minor = 1000"
            " WHERE device_id = (SELECT id FROM devices WHERE serial = 'LAMP100')"
        )
        connection.exec_driver_sql(
            "DELETE FROM instalments i USING sales s, devices d WHERE i.sale_id = s.id"
            " AND d.id = s.device_id AND d.serial = 'LAMP100'"
        )
    scenario.pay("R1", KIT, 1000 * 10_00)

    scenario.apply()

    assert tokens(scenario) == [(KIT, "days", 995)]
    assert credit_of(scenario, BARAKA) == 5 * 10_00


def test_debts_are_paid_and_the_rest_is_credit_when_no_code_can_ever_be_made(
    scenario: Scenario,
) -> None:
    forget_sts(scenario)
    scenario.pay("R1", METER, 500_00)

    scenario.apply()

    assert scenario.states() == ["applied"]
    assert lines(scenario) == [("instalment", 300_00), ("credit", 200_00)]
    assert tokens(scenario) == []
    assert credit_of(scenario, AMINA) == 200_00
    scenario.check_invariants()


def test_a_person_is_asked_and_the_owner_is_told(scenario: Scenario) -> None:
    forget_sts(scenario)
    scenario.pay("R1", METER, 500_00)

    scenario.apply()

    [(kind, detail)] = cases(scenario)
    assert kind == "no_code"
    assert "R1" in detail
    assert METER in detail
    assert "the meter has no STS data" in detail
    receipt, apology = texts_to(scenario, AMINA)
    assert "loan 300, credit 200" in receipt
    assert METER in apology
    assert "Jua Energy" in apology


def test_a_payer_who_is_not_the_owner_is_told_too(scenario: Scenario) -> None:
    forget_sts(scenario)
    scenario.pay("R1", METER, 500_00, payer_kind="msisdn", payer=BARAKA)

    scenario.apply()

    paid_for, apology = texts_to(scenario, BARAKA)
    assert "You paid" in paid_for
    assert "Jua Energy" in apology
    assert "credit 200" not in apology


def test_the_credit_is_used_once_codes_can_be_made_again(scenario: Scenario) -> None:
    sts = scenario.rows("SELECT sts FROM devices WHERE serial = :s", s=METER)[0][0]
    forget_sts(scenario)
    scenario.pay("R1", METER, 500_00)
    scenario.apply()
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE devices SET sts = %s::jsonb WHERE serial = %s",
            (json.dumps(sts), METER),
        )
    scenario.pay("R2", METER, 100_00)

    scenario.apply()

    assert tokens(scenario) == [(METER, "energy", 30)]


def test_a_due_instalment_is_paid_without_its_days_and_the_case_says_which_are_owed(
    scenario: Scenario,
) -> None:
    run_out(scenario, KIT)
    scenario.ahead = timedelta(days=8)
    scenario.pay("R1", KIT, 400_00)

    scenario.apply()

    assert lines(scenario) == [("instalment", 150_00), ("credit", 250_00)]
    assert tokens(scenario) == []
    [(_, detail)] = cases(scenario)
    assert "7 days" in detail
    scenario.check_invariants()


def test_nothing_is_paid_ahead_on_a_device_without_codes_even_when_the_loan_is_meant(
    scenario: Scenario,
) -> None:
    run_out(scenario, KIT)
    scenario.pay("R1", f"{KIT}LOAN", 400_00)

    scenario.apply()

    assert lines(scenario) == [("credit", 400_00)]
    assert scenario.states() == ["applied"]


def test_the_last_instalment_is_paid_and_the_case_says_that_the_device_is_to_be_unlocked(
    scenario: Scenario,
) -> None:
    run_out(scenario, KIT)
    scenario.ahead = timedelta(days=40)
    scenario.pay("R1", KIT, 600_00)

    scenario.apply()

    [(_, detail)] = cases(scenario)
    assert "unlock" in detail
    assert scenario.rows("SELECT state FROM sales s JOIN devices d ON d.id = s.device_id"
                     " WHERE serial = :s", s=KIT) == [("complete",)]  # fmt: skip


def test_the_other_device_a_payment_served_gets_its_code(scenario: Scenario) -> None:
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE sales SET customer_id = (SELECT owner_id FROM devices WHERE serial = %s)"
            " WHERE device_id = (SELECT id FROM devices WHERE serial = %s)",
            (METER, KIT),
        )
        give_device(connection, KIT, AMINA)
    forget_sts(scenario)
    scenario.ahead = timedelta(days=8)
    scenario.pay("R1", METER, 900_00)

    scenario.apply()

    assert lines(scenario) == [
        ("instalment", 300_00),
        ("instalment", 300_00),
        ("instalment", 150_00),
        ("credit", 150_00),
    ]
    assert tokens(scenario) == [(KIT, "days", 7)]


def test_neighbours_in_the_batch_are_applied_as_ever(scenario: Scenario) -> None:
    forget_sts(scenario)
    scenario.pay("R1", METER, 500_00)
    scenario.pay("R2", KIT, 150_00)

    scenario.apply()

    assert scenario.states() == ["applied", "applied"]
    assert tokens(scenario) == [(KIT, "days", 7)]


@pytest.mark.parametrize("keys", [{}, {"STS_VENDING_KEY_600000": "ab" * 8}])
def test_a_key_that_is_missing_or_wrong_is_waited_for(
    scenario: Scenario, keys: dict[str, str]
) -> None:
    """It is the operator's to set: nothing is given up, and the debts wait with the payment."""
    scenario.pay("R1", METER, 500_00)

    with scenario.open_unit() as unit:
        apply_payments(unit, secret_opener(RING, VendingKeys(keys)))

    [(state, attempts, problem)] = scenario.rows("SELECT state, attempts, problem FROM payments")
    assert (state, attempts) == ("received", 1)
    assert problem
    assert cases(scenario) == []

    scenario.ahead = timedelta(minutes=1)
    scenario.apply()

    assert tokens(scenario) == [(METER, "energy", 20)]
