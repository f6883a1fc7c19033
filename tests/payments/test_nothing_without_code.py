"""Where no code can be made, a channel that asks first refuses; debts can be paid."""

from __future__ import annotations

import pytest

from core.errors import Refused
from core.money import Money
from core.usecases.agents.collect_cash import collect_cash
from core.usecases.payments.quote import quote_payment
from core.usecases.payments.request import request_payment
from tests.support.cast import AMINA, JUMA, KIT, METER
from tests.support.scenario import Scenario

VENDORS = ("calin", "stron", "gomelong", "sunking")
FAMILY = (
    "UPDATE manufacturers SET token_family = :family, sts = NULL"
    " WHERE id = (SELECT manufacturer_id FROM devices WHERE serial = :serial)"
)
STS = "UPDATE devices SET sts = sts || CAST(:change AS jsonb) WHERE serial = :serial"
# How a device may be without codes: the statement, its values.
METER_FAULTS = {
    **{vendor: (FAMILY, {"family": vendor}) for vendor in VENDORS},
    "no meter data": ("UPDATE devices SET sts = NULL WHERE serial = :serial", {}),
    "key past its life": (STS, {"change": '{"ken": 90}'}),
    "base year over": (STS, {"change": '{"base": 1993}'}),
    "key type": (STS, {"change": '{"kt": 3}'}),
    "key type 1": (STS, {"change": '{"kt": 1}'}),
    "kits' codes": (FAMILY, {"family": "openpaygo"}),
}
KIT_FAULTS = {
    **{vendor: (FAMILY, {"family": vendor}) for vendor in VENDORS},
    "no key": ("UPDATE devices SET sealed_key = NULL WHERE serial = :serial", {}),
    "counter at its end": ("UPDATE devices SET token_counter = 65535 WHERE serial = :serial", {}),
    "meters' codes": (FAMILY, {"family": "sts"}),
}


def break_device(scenario: Scenario, serial: str, fault: tuple[str, dict[str, str]]) -> None:
    statement, values = fault
    scenario.run(statement, serial=serial, **values)


def refusal(scenario: Scenario, serial: str, shillings: int, *, loan_only: bool = False) -> str:
    with scenario.open_unit() as unit, pytest.raises(Refused) as refused:
        quote_payment(unit, serial, shillings * 100, loan_only=loan_only)
    return refused.value.code


def lines(scenario: Scenario, serial: str, shillings: int) -> list[tuple[str, int]]:
    with scenario.open_unit() as unit:
        outcome = quote_payment(unit, serial, shillings * 100).outcome
    assert not outcome.days
    assert not outcome.energy_tenths
    return [(line.kind, line.amount_minor) for line in outcome.lines]


@pytest.mark.parametrize("fault", METER_FAULTS.values(), ids=METER_FAULTS)
def test_energy_without_a_code_is_refused_and_debts_are_not(
    scenario: Scenario, fault: tuple[str, dict[str, str]]
) -> None:
    break_device(scenario, METER, fault)

    assert refusal(scenario, METER, 500) == "no_code"
    assert lines(scenario, METER, 300) == [("instalment", 300_00)]
    assert lines(scenario, f"{METER}LOAN", 500) == [("instalment", 300_00), ("instalment", 200_00)]


@pytest.mark.parametrize("fault", KIT_FAULTS.values(), ids=KIT_FAULTS)
def test_days_without_a_code_are_refused(
    scenario: Scenario, fault: tuple[str, dict[str, str]]
) -> None:
    break_device(scenario, KIT, fault)
    assert refusal(scenario, KIT, 150) == "no_code"
    assert refusal(scenario, f"{KIT}LOAN", 150) == "no_code"

    scenario.run("UPDATE instalments SET due_on = due_on - 7")
    assert refusal(scenario, KIT, 150) == "no_code"
    assert refusal(scenario, KIT, 300) == "no_code"
    assert lines(scenario, f"{KIT}LOAN", 150) == [("instalment", 150_00)]


def test_no_amount_is_named_that_would_buy_a_code_when_none_does(scenario: Scenario) -> None:
    """A minimum purchase, and a lifeline that keeps it from being reached by the amount named."""
    break_device(scenario, METER, METER_FAULTS["no meter data"])
    scenario.run("UPDATE tariff_versions SET minimum_purchase_minor = 5000")
    scenario.run(
        "INSERT INTO waterfalls (valid_from, steps, lifeline_percent)"
        " VALUES ('2026-01-01', '{arrears,device,access_rate}', 30)"
    )
    assert [refusal(scenario, METER, shillings) for shillings in (1, 50, 60, 500)] == [
        "no_code"
    ] * 4


def test_every_channel_that_asks_first_refuses_with_the_reason(scenario: Scenario) -> None:
    break_device(scenario, METER, METER_FAULTS["calin"])
    with scenario.open_unit() as unit, pytest.raises(Refused, match="no_code"):
        request_payment(unit, AMINA, METER, Money(500_00, "KES"))
    with scenario.open_unit() as unit, pytest.raises(Refused, match="no_code") as refused:
        collect_cash(unit, JUMA, "4321", METER, Money(500_00, "KES"))
    assert refused.value.values == {"serial": METER}
    assert scenario.traces()["payments"] == scenario.traces()["prompts"] == 0


def test_a_device_that_takes_no_codes_is_paid_for_as_before(scenario: Scenario) -> None:
    break_device(scenario, METER, (FAMILY, {"family": "none"}))
    with scenario.open_unit() as unit:
        assert quote_payment(unit, METER, 500_00).outcome.energy_tenths == 20


@pytest.mark.parametrize("shillings", [10, 100, 150, 400])
def test_what_is_quoted_for_a_loan_beside_a_broken_kit_is_booked(
    scenario: Scenario, shillings: int
) -> None:
    """The broken kit is passed over when the loan is paid ahead, unless the money gives no day."""
    break_device(scenario, KIT, KIT_FAULTS["no key"])
    scenario.run(
        "UPDATE sales SET customer_id = (SELECT customer_id FROM sales WHERE device_id ="
        " (SELECT id FROM devices WHERE serial = :kit)) WHERE device_id IS NULL",
        kit=KIT,
    )
    scenario.run("UPDATE instalments SET due_on = due_on + 60")
    account = f"{KIT}LOAN"
    with scenario.open_unit() as unit:
        outcome = quote_payment(unit, account, shillings * 100).outcome
    scenario.pay("P1", account, shillings * 100)
    scenario.apply()
    booked = scenario.rows("SELECT kind, amount_minor FROM payment_lines ORDER BY number")
    assert booked == [(line.kind, line.amount_minor) for line in outcome.lines]
