"""Account references of customers, and those of prompts: no slip leads to another customer."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Refused
from core.money import Money
from core.reference import is_account_reference, is_prompt_reference, is_reserved
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.devices.enter_device import enter_device
from core.usecases.devices.register_devices import DeviceEntry
from core.usecases.payments.find_account import match_account
from core.usecases.payments.quote import quote_payment
from core.usecases.payments.request import request_payment
from core.usecases.refunds.suspense import (
    match_suspense,
    suggest_matches,
    within_edit_distance_one,
)
from core.usecases.registration.show_customer import show_customer
from tests.support.builders import insert_sale
from tests.support.cast import AMINA, JUMA, METER, NEEMA, STRANGER
from tests.support.scenario import Scenario

CHECKED = (
    "SELECT typed FROM unnest(CAST(:typed AS text[])) AS typed"
    " WHERE left(typed, 2) || with_check_digit(substr(typed, 3, length(typed) - 3)) = typed"
)


def slips(reference: str) -> set[str]:
    """One character wrong, missing or added, or two neighbours swapped."""
    return within_edit_distance_one(reference)


@pytest.mark.parametrize(
    ("make", "form"),
    [("account_reference", is_account_reference), ("prompt_reference", is_prompt_reference)],
)
def test_no_slip_gives_another_reference(scenario: Scenario, make: str, form: Any) -> None:
    sample = [*range(1, 60), *random.Random(10).sample(range(1, 9_999_999), 200)]
    made = [
        row[0] for row in scenario.rows(f"SELECT {make}(n) FROM unnest(:numbers) n", numbers=sample)
    ]
    assert len(set(made)) == len(sample)
    assert all(form(reference) and len(reference) <= 12 for reference in made)
    assert len(scenario.rows(CHECKED, typed=made)) == len(made)

    mistyped = [typed for reference in made for typed in slips(reference) if form(typed)]
    assert len(mistyped) > 70 * len(made)
    assert scenario.rows(CHECKED, typed=mistyped) == []


def test_references_are_of_all_customers_and_no_two_alike(scenario: Scenario) -> None:
    """Numbers of customers are scattered, each to a place of its own."""
    [(made, different)] = scenario.rows(
        "SELECT count(*), count(DISTINCT account_reference(n)) FROM generate_series(1, 30000) n"
    )
    assert made == different == 30000


def test_no_device_is_registered_under_a_serial_that_could_be_a_reference() -> None:
    for reserved in ("AC12345678", "CA12345678", "AC1234567", "DW1234567890", "DW123456789"):
        assert is_reserved(reserved)
    for serial in ("01000000016", "LAMP100", "ACME12345678", "DW1", "AC1", "A12345678"):
        assert not is_reserved(serial)


def test_such_a_serial_is_refused_at_the_console_and_in_files(scenario: Scenario) -> None:
    entry = DeviceEntry("AC12345678", "meter", "umeme")
    with scenario.open_unit() as unit, pytest.raises(Refused, match="serial_reserved"):
        enter_device(unit, entry, "ops", "new")


def cooker_for(scenario: Scenario, msisdn: str) -> None:
    """A cooker on two instalments of 300, for a customer without any device; one is due."""
    with scenario.open_unit() as unit:
        [(customer_id,)] = unit.connection.exec_driver_sql(
            "SELECT customer_id FROM customer_msisdns WHERE msisdn = %s", (msisdn,)
        ).all()
        insert_sale(
            unit.connection,
            customer_id=customer_id,
            amounts_minor=(300_00, 300_00),
            appliance_kind="other",
            sold_on=unit.today - timedelta(days=8),
        )


def lines(scenario: Scenario) -> list[tuple[Any, ...]]:
    return scenario.rows("SELECT kind, amount_minor FROM payment_lines ORDER BY payment_id, number")


def test_who_has_no_device_pays_for_a_cooker(scenario: Scenario) -> None:
    cooker_for(scenario, NEEMA)
    account = scenario.account_of(NEEMA)

    scenario.pay("COOKER", f" {account[:4].lower()} {account[4:]}", 400_00)
    scenario.apply()

    assert scenario.rows("SELECT state, purpose, device_id FROM payments") == [
        ("applied", "loan", None)
    ]
    assert lines(scenario) == [("instalment", 300_00), ("instalment", 100_00)]
    [(receipt,)] = scenario.rows("SELECT body FROM sms WHERE kind = 'receipt'")
    assert account in receipt
    with scenario.open_unit() as unit:
        assert show_customer(unit, NEEMA).customer.account == account
    scenario.check_invariants()


def test_the_loan_is_paid_and_no_energy_bought_by_an_owner_of_a_meter(scenario: Scenario) -> None:
    with scenario.open_unit() as unit:
        quote = quote_payment(unit, scenario.account_of(AMINA), 400_00)
        assert [line.kind for line in quote.outcome.lines] == ["instalment", "instalment"]
        with pytest.raises(Refused, match="nothing_to_pay"):
            quote_payment(unit, scenario.account_of(NEEMA), 400_00)
        with pytest.raises(Refused, match="unknown_serial"):
            quote_payment(unit, "AC00000000", 400_00)


def test_cash_and_a_prompt_for_an_account(scenario: Scenario) -> None:
    cooker_for(scenario, NEEMA)
    account = scenario.account_of(NEEMA)
    with scenario.open_unit() as unit:
        collect_cash(unit, JUMA, "4321", account, Money(100_00, "KES"))
        request_payment(unit, STRANGER, account, Money(100_00, "KES"))
    scenario.apply()

    assert lines(scenario) == [("instalment", 100_00)]
    assert scenario.rows("SELECT account_reference, device_id, purpose FROM prompts") == [
        (account, None, "loan")
    ]
    scenario.check_invariants()


def asked_reference(scenario: Scenario) -> str:
    with scenario.open_unit() as unit:
        asked = request_payment(unit, AMINA, METER, Money(100_00, "KES"), loan_only=True)
    [(reference,)] = scenario.rows(
        "SELECT account_reference FROM prompts WHERE id = :id", id=asked.prompt_id
    )
    return str(reference)


def test_the_reference_of_a_prompt_expires_and_the_payer_is_told_what_to_type(
    scenario: Scenario,
) -> None:
    reference = asked_reference(scenario)
    made_at = scenario.now()
    scenario.ahead = timedelta(days=2)

    with scenario.open_unit() as unit, pytest.raises(Refused, match="reference_expired"):
        quote_payment(unit, reference, 100_00)
    scenario.pay("LATE", reference, 100_00, payer_kind="msisdn", payer=AMINA)
    scenario.pay(
        "KNOWN_LATE", reference, 100_00, paid_at=made_at + timedelta(minutes=1), source="pull"
    )
    scenario.apply()

    assert scenario.states() == ["suspense", "applied"]
    assert scenario.rows("SELECT problem FROM payments WHERE state = 'suspense'") == [
        ("the reference of the prompt had expired",)
    ]
    [(body,)] = scenario.rows("SELECT body FROM sms WHERE msisdn = :amina AND kind ="
                              " 'reference_expired'", amina=AMINA)  # fmt: skip
    assert "serial number" in body


def test_money_to_an_expired_reference_is_for_what_its_prompt_said(scenario: Scenario) -> None:
    """The payer is a stranger who was told: the loan. An operator finds whose prompt it was."""
    reference = asked_reference(scenario)
    scenario.ahead = timedelta(days=2)
    payment_id = scenario.pay("LATE", reference, 100_00, payer_kind="msisdn", payer=STRANGER)
    with scenario.open_unit() as unit:
        suggested = [suggestion.serial for suggestion in suggest_matches(unit, payment_id)]
        match_suspense(unit, payment_id, METER, "ops", "the prompt was for it")
    assert scenario.account_of(AMINA) in suggested
    scenario.apply()
    assert scenario.rows("SELECT kind FROM payment_lines") == [("instalment",)]


def test_one_prompts_reference_typed_wrong_is_nobody_elses(scenario: Scenario) -> None:
    references = {asked_reference(scenario) for _ in range(12)}
    with scenario.open_unit() as unit:
        for reference in references:
            for typed in slips(reference):
                if not re.fullmatch("DW[0-9]+", typed):
                    continue
                with pytest.raises(Refused, match="unknown_serial"):
                    match_account(unit, typed)
