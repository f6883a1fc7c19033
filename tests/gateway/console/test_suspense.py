"""Suspense at the console: suggestions, then a match or a refund with its reason."""

from __future__ import annotations

from typing import cast

from tests.gateway.console.conftest import Console


def test_a_suggestion_links_to_a_prefilled_match(console: Console) -> None:
    finance, lost = console.login("finance"), console.ids["suspense_id"]

    page = finance.get(f"/payments/{lost}").text

    assert "one character differs from what was typed" in page
    assert f"/console/suspense/{lost}/match?serial=LAMP100" in page
    assert 'value="LAMP100"' in finance.get(f"/suspense/{lost}/match", serial="LAMP100").text


def test_a_matched_payment_is_applied_to_the_device(console: Console) -> None:
    finance, lost = console.login("finance"), console.ids["suspense_id"]

    path = f"/suspense/{lost}/match"
    looked, answer = finance.confirm(path, serial="lamp 100", reason="he called us")
    console.scenario.apply()

    assert "The money serves Baraka Mwangi" in looked.text

    assert answer.location == f"/console/payments/{lost}"
    assert console.rows("SELECT state FROM payments WHERE id = :id", id=lost) == [("applied",)]
    assert console.audit() == [("finance", "match", "payment", "he called us")]
    assert {cast(bytes, key).decode() for key in console.redis.keys("wake:*")} >= {"wake:payments"}
    console.scenario.check_invariants()


def test_an_invalid_match_changes_nothing(console: Console) -> None:
    finance, lost = console.login("finance"), console.ids["suspense_id"]
    path = f"/suspense/{lost}/match"

    no_reason = finance.post(path, serial="LAMP100")
    no_device = finance.post(path, serial="LAMP999", reason="a guess")

    assert "This is required" in no_reason.text
    assert "LAMP999" in no_device.text
    assert {no_reason.status_code, no_device.status_code} == {422}
    assert console.rows("SELECT state FROM payments WHERE id = :id", id=lost) == [("suspense",)]
    assert console.audit() == []


def test_a_refund_needs_a_reason(console: Console) -> None:
    finance, lost = console.login("finance"), console.ids["suspense_id"]

    assert finance.post(f"/payments/{lost}/refund", reason="not for us").status_code == 302

    assert console.rows("SELECT state FROM refunds") == [("requested",)]
    assert console.audit() == [("finance", "refund", "payment", "not for us")]
    assert "refund requested" in finance.get(f"/payments/{lost}").text
    console.scenario.check_invariants()


def test_an_applied_payment_is_not_refunded(console: Console) -> None:
    path = f"/payments/{console.ids['payment_id']}/refund"

    answer = console.login().post(path, reason="a change of mind")

    assert answer.status_code == 422
    assert "RA1 has been applied" in answer.text


def test_the_list_has_only_payments_in_suspense(console: Console) -> None:
    page = console.login("read_only").get("/suspense/").text

    assert "RS1" in page
    assert "RA1" not in page


def test_money_returned_by_hand_is_recorded(console: Console) -> None:
    finance, lost = console.login("finance"), console.ids["suspense_id"]
    path = f"/payments/{lost}/returned"
    assert f"/console{path}" in finance.get(f"/payments/{lost}").text
    assert f"/console{path}" not in console.login("support").get(f"/payments/{lost}").text

    assert finance.post(path, source="office", reason="").status_code == 422
    assert finance.post(path, source="office", reason="sent it by hand").status_code == 302

    assert console.rows("SELECT state FROM payments WHERE id = :id", id=lost) == [("reversed",)]
    assert console.audit() == [("finance", "reverse", "payment", "sent it by hand")]
    assert "cannot be sent back" in finance.post(path, source="office", reason="again").text
    console.scenario.check_invariants()


def test_an_applied_payment_that_the_provider_took_back_is_reversed(console: Console) -> None:
    finance, paid = console.login("finance"), console.ids["payment_id"]

    finance.post(f"/payments/{paid}/returned", source="provider", reason="letter of Safaricom")

    assert console.rows("SELECT state FROM payments WHERE id = :id", id=paid) == [("reversed",)]
    console.scenario.check_invariants()
