"""Unmatched money: suggested, matched by a person with a reason, then applied like any other."""

from __future__ import annotations

import pytest

from core.errors import Refused
from core.usecases.refunds.suspense import match_suspense, suggest_matches, within_edit_distance_one
from tests.support.cast import AMINA, BARAKA, KIT, METER
from tests.support.scenario import Scenario

TYPO = "01000000061"  # two digits of the meter's serial swapped


def match(
    scenario: Scenario,
    payment_id: int,
    serial: str = METER,
    operator: str = "ops@jua",
    reason: str = "payer called",
) -> None:
    with scenario.open_unit() as unit:
        match_suspense(unit, payment_id, serial, operator, reason)


def test_matched_money_is_applied_and_the_books_agree(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", TYPO, 500_00)
    scenario.check_invariants()

    match(scenario, payment_id)
    scenario.check_invariants()
    scenario.apply()

    scenario.check_invariants()
    assert scenario.states() == ["applied"]
    assert scenario.rows("SELECT kind, units FROM tokens") == [("energy", 20)]
    assert scenario.balances()["clearing:daraja:600123"] == 500_00
    assert "suspense" not in scenario.balances()


def test_a_match_leaves_who_and_why(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", TYPO, 500_00)

    match(scenario, payment_id)

    assert scenario.rows("SELECT operator, action, subject, subject_id, reason FROM audit_log") == [
        ("ops@jua", "match", "payment", payment_id, "payer called")
    ]


def test_the_audit_log_cannot_be_changed(scenario: Scenario) -> None:
    match(scenario, scenario.pay("R1", TYPO, 500_00))

    with pytest.raises(Exception, match="append-only"), scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_log SET reason = 'another'")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"serial": "NOTHING"}, "unknown_serial"),
        ({"reason": " "}, "reason_missing"),
        ({"operator": ""}, "reason_missing"),
    ],
)
def test_a_match_that_is_refused_moves_nothing(
    scenario: Scenario, changed: dict[str, str], code: str
) -> None:
    payment_id = scenario.pay("R1", TYPO, 500_00)

    with pytest.raises(Refused, match=code):
        match(scenario, payment_id, **changed)

    assert scenario.states() == ["suspense"]
    scenario.check_invariants()


def test_money_is_matched_once(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", TYPO, 500_00)
    match(scenario, payment_id)

    with pytest.raises(Refused, match="not_in_suspense"):
        match(scenario, payment_id, serial=KIT)


def test_an_unknown_payment_cannot_be_matched(scenario: Scenario) -> None:
    with pytest.raises(Refused, match="payment_unknown"):
        match(scenario, 4711)


def suggested(scenario: Scenario, payment_id: int) -> list[tuple[str, str]]:
    with scenario.open_unit() as unit:
        return [(device.serial, device.why) for device in suggest_matches(unit, payment_id)]


def test_a_serial_with_two_digits_swapped_is_suggested_and_not_applied(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", TYPO, 500_00)

    assert suggested(scenario, payment_id) == [(METER, "similar_serial")]
    scenario.apply()
    assert scenario.states() == ["suspense"]


@pytest.mark.parametrize("typed", ["0100000016", "010000000166", "01000000018", "01O00000016"])
def test_a_serial_one_letter_wrong_missing_or_too_many_is_suggested(
    scenario: Scenario, typed: str
) -> None:
    assert suggested(scenario, scenario.pay("R1", typed, 500_00)) == [(METER, "similar_serial")]


def test_the_payers_own_devices_are_suggested(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", "?", 500_00, payer_kind="msisdn", payer=BARAKA)

    assert suggested(scenario, payment_id) == [(KIT, "payers_device")]


def test_what_the_same_payer_paid_for_before_is_suggested(scenario: Scenario) -> None:
    stranger = {"payer_kind": "sha256", "payer": "ab" * 32}
    scenario.pay("R1", METER, 500_00, **stranger)

    assert suggested(scenario, scenario.pay("R2", "?", 500_00, **stranger)) == [
        (METER, "paid_before")
    ]


def test_a_masked_number_says_nothing_about_who_paid(scenario: Scenario) -> None:
    masked = {"payer_kind": "masked", "payer": "2547 ***** 001"}
    scenario.pay("R1", METER, 500_00, **masked)

    assert suggested(scenario, scenario.pay("R2", "?", 500_00, **masked)) == []


def test_each_device_is_suggested_once(scenario: Scenario) -> None:
    payment_id = scenario.pay("R1", TYPO, 500_00, payer_kind="msisdn", payer=AMINA)

    assert suggested(scenario, payment_id) == [(METER, "payers_device")]


def test_a_slip_is_one_letter_or_one_swap() -> None:
    assert {"AB", "ACB", "BAC", "ABD", "ABCD"} < within_edit_distance_one("ABC")
    assert not within_edit_distance_one("ABC") & {"ABC", "A", "CAB", "ABCDE"}
