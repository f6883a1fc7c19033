"""Unmatched money: suggested, matched by a person with a reason, then applied like any other."""

from __future__ import annotations

import pytest

from core.errors import Refused
from core.usecases.refunds.suspense import match_suspense, suggest_matches, within_edit_distance_one
from tests.support.cast import AMINA, BARAKA, KIT, METER

TYPO = "01000000061"  # two digits of the meter's serial swapped


def match(book, payment_id, serial=METER, operator="ops@jua", reason="payer called"):
    with book.open_unit() as unit:
        match_suspense(unit, payment_id, serial, operator, reason)


def test_matched_money_is_applied_and_the_books_agree(book):
    payment_id = book.pay("R1", TYPO, 500_00)
    book.prove()

    match(book, payment_id)
    book.prove()
    book.apply()

    book.prove()
    assert book.states() == ["applied"]
    assert book.rows("SELECT kind, units FROM tokens") == [("energy", 20)]
    assert book.balances()["clearing:daraja:600123"] == 500_00
    assert "suspense" not in book.balances()


def test_a_match_leaves_who_and_why(book):
    payment_id = book.pay("R1", TYPO, 500_00)

    match(book, payment_id)

    assert book.rows("SELECT operator, action, subject, subject_id, reason FROM audit_log") == [
        ("ops@jua", "match", "payment", payment_id, "payer called")
    ]


def test_the_audit_log_cannot_be_changed(book):
    match(book, book.pay("R1", TYPO, 500_00))

    with pytest.raises(Exception, match="append-only"), book.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_log SET reason = 'another'")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"serial": "NOTHING"}, "unknown_serial"),
        ({"reason": " "}, "reason_missing"),
        ({"operator": ""}, "reason_missing"),
    ],
)
def test_a_match_that_is_refused_moves_nothing(book, changed, code):
    payment_id = book.pay("R1", TYPO, 500_00)

    with pytest.raises(Refused, match=code):
        match(book, payment_id, **changed)

    assert book.states() == ["suspense"]
    book.prove()


def test_money_is_matched_once(book):
    payment_id = book.pay("R1", TYPO, 500_00)
    match(book, payment_id)

    with pytest.raises(Refused, match="not_in_suspense"):
        match(book, payment_id, serial=KIT)


def test_an_unknown_payment_cannot_be_matched(book):
    with pytest.raises(Refused, match="payment_unknown"):
        match(book, 4711)


def suggested(book, payment_id):
    with book.open_unit() as unit:
        return [(one.serial, one.why) for one in suggest_matches(unit, payment_id)]


def test_a_serial_with_two_digits_swapped_is_suggested_and_not_applied(book):
    payment_id = book.pay("R1", TYPO, 500_00)

    assert suggested(book, payment_id) == [(METER, "similar_serial")]
    book.apply()
    assert book.states() == ["suspense"]


@pytest.mark.parametrize("typed", ["0100000016", "010000000166", "01000000018", "01O00000016"])
def test_a_serial_one_letter_wrong_missing_or_too_many_is_suggested(book, typed):
    assert suggested(book, book.pay("R1", typed, 500_00)) == [(METER, "similar_serial")]


def test_the_payers_own_devices_are_suggested(book):
    payment_id = book.pay("R1", "?", 500_00, payer_kind="msisdn", payer=BARAKA)

    assert suggested(book, payment_id) == [(KIT, "payers_device")]


def test_what_the_same_payer_paid_for_before_is_suggested(book):
    stranger = {"payer_kind": "sha256", "payer": "ab" * 32}
    book.pay("R1", METER, 500_00, **stranger)

    assert suggested(book, book.pay("R2", "?", 500_00, **stranger)) == [(METER, "paid_before")]


def test_a_masked_number_says_nothing_about_who_paid(book):
    masked = {"payer_kind": "masked", "payer": "2547 ***** 001"}
    book.pay("R1", METER, 500_00, **masked)

    assert suggested(book, book.pay("R2", "?", 500_00, **masked)) == []


def test_each_device_is_suggested_once(book):
    payment_id = book.pay("R1", TYPO, 500_00, payer_kind="msisdn", payer=AMINA)

    assert suggested(book, payment_id) == [(METER, "payers_device")]


def test_a_slip_is_one_letter_or_one_swap():
    assert {"AB", "ACB", "BAC", "ABD", "ABCD"} < within_edit_distance_one("ABC")
    assert not within_edit_distance_one("ABC") & {"ABC", "A", "CAB", "ABCDE"}
