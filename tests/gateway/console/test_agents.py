"""Agents at the console: their accounts, received cash, a reset PIN, the float limit."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import TestResponse

from core.money import Money
from core.pin import verify_pin
from core.usecases.agents.collect_cash import collect_cash
from tests.gateway.console.conftest import Browser, Console
from tests.gateway.console.test_listing import exported
from tests.support.cast import JUMA, METER, PEPPER, ZURI


@pytest.fixture
def indebted(console: Console) -> Console:
    """Juma took 500 in cash, earned 10 of it, and owes 500."""
    with console.app.extensions["console"].open_unit() as unit:
        collect_cash(unit, JUMA, "4321", METER, Money(500_00, "KES"))
    return console


def path(console: Console, action: str = "") -> str:
    return f"/agents/{console.ids['agent_id']}{action}"


def confirmed(browser: Browser, where: str, **typed: str) -> tuple[TestResponse, TestResponse]:
    """What was looked at first, then confirmed."""
    shown = browser.post(where, **typed)
    assert shown.status_code == 200
    digest = re.findall(r'name="confirmed" value="([^"]+)"', shown.text)[0]
    return shown, browser.post(where, **typed, confirmed=digest)


def figures(console: Console) -> tuple[int, int]:
    [row] = console.rows(
        "SELECT float_used_minor, commission_minor FROM agents WHERE msisdn = :juma", juma=JUMA
    )
    return row


def test_agents_are_listed_with_what_they_owe_and_have_earned(indebted: Console) -> None:
    browser = indebted.login("support")

    lines = exported(browser.get("/agents.csv", owing="owing"))

    assert [line[1:6] for line in lines[1:]] == [[JUMA, "2000.00", "500.00", "1500.00", "10.00"]]
    assert [line[1] for line in exported(browser.get("/agents.csv", search="zu"))[1:]] == [ZURI]
    assert [line[1] for line in exported(browser.get("/agents.csv", search=JUMA))[1:]] == [JUMA]
    assert exported(browser.get("/agents.csv", owing="full"))[1:] == []


def test_the_page_of_an_agent_has_the_account_movements(indebted: Console) -> None:
    page = indebted.login("read_only").get(path(indebted)).text

    assert "cash collected" in page
    assert "AG0000" in page
    assert "KES 1,500.00" in page


def test_cash_is_previewed_then_booked_and_the_agent_gets_an_sms(indebted: Console) -> None:
    finance = indebted.login("finance")
    typed = {"amount": "300", "receipt": "h 12", "reason": "weekly hand-over"}

    shown, done = confirmed(finance, path(indebted, "/settle"), **typed)

    assert "Owes afterwards: KES 190.00" in shown.text
    assert done.status_code == 302
    assert figures(indebted) == (190_00, 0)
    assert indebted.audit() == [("finance", "settle", "agent", "weekly hand-over")]
    assert indebted.rows("SELECT count(*) FROM sms WHERE dedupe_key = 'agent_settled:H12'") == [
        (1,)
    ]
    assert "cash paid in" in finance.get(path(indebted)).text
    indebted.scenario.check_invariants()


def test_a_receipt_number_is_used_once(indebted: Console) -> None:
    finance = indebted.login("finance")
    typed = {"amount": "100", "receipt": "H12", "reason": "weekly hand-over"}
    confirmed(finance, path(indebted, "/settle"), **typed)
    before = figures(indebted)

    again = finance.post(path(indebted, "/settle"), **typed)

    assert again.status_code == 422
    assert "booked under H12 already" in again.text
    assert figures(indebted) == before


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"amount": "0"}, "Must be more than 0"),
        ({"amount": "501"}, "does not owe that much"),
        ({"receipt": "a_b"}, "Letters, digits"),
        ({"reason": ""}, "This is required"),
    ],
)
def test_invalid_cash_books_nothing(
    indebted: Console, typed: dict[str, str], expected: str
) -> None:
    given = {"amount": "100", "receipt": "H12", "reason": "weekly hand-over"} | typed

    answer = indebted.login("finance").post(path(indebted, "/settle"), **given)

    assert answer.status_code == 422
    assert expected.lower() in answer.text.lower()
    assert figures(indebted) == (500_00, 10_00)
    assert indebted.audit() == []


def test_a_new_pin_is_shown_once_and_must_be_changed(console: Console) -> None:
    support = console.login("support")

    done = support.post(path(console, "/pin"), reason="forgot it, came to the office")

    [pin] = re.findall(r"<li>(\d{4})</li>", done.text)
    assert "The new PIN, shown only once." in done.text
    [(stored, is_initial)] = console.rows(
        "SELECT pin_hash, pin_is_initial FROM agents WHERE msisdn = :juma", juma=JUMA
    )
    assert verify_pin(stored, pin, PEPPER)
    assert is_initial
    assert "The new PIN" not in support.get(path(console)).text
    messages = console.rows("SELECT msisdn, body FROM sms WHERE kind = 'agent_sms.pin_reset'")
    assert [number for number, _ in messages] == [JUMA]
    assert pin not in messages[0][1]
    assert console.audit() == [("support", "reset_pin", "agent", "forgot it, came to the office")]


def test_the_float_limit_is_set_with_a_reason(console: Console) -> None:
    done = console.login("finance").post(path(console, "/limit"), limit="5,000", reason="busy area")

    assert done.status_code == 302
    assert console.rows("SELECT float_limit_minor FROM agents WHERE msisdn = :j", j=JUMA) == [
        (5000_00,)
    ]
    assert console.rows("SELECT details FROM audit_log WHERE action = 'set_float_limit'") == [
        ({"before_minor": 2000_00, "after_minor": 5000_00},)
    ]


@pytest.mark.parametrize("action", ["", "/settle", "/pin", "/limit"])
def test_an_unknown_agent_has_no_page(console: Console, action: str) -> None:
    assert console.login().get(f"/agents/999999{action}").status_code == 404


@pytest.mark.parametrize("typed", ["9" * 19, "-1", "5e3"])
def test_an_invalid_limit_is_refused_beside_its_field(console: Console, typed: str) -> None:
    answer = console.login().post(path(console, "/limit"), limit=typed, reason="busy area")

    assert answer.status_code == 422
    assert console.audit() == []


def test_a_receipt_number_that_is_too_long_for_an_sms_is_refused(indebted: Console) -> None:
    typed = {"amount": "100", "receipt": "1234567890123", "reason": "weekly hand-over"}

    assert indebted.login().post(path(indebted, "/settle"), **typed).status_code == 422


@pytest.mark.parametrize("asked", ["-5", "0", "many", "1"])
def test_any_number_of_movements_in_the_address_works(indebted: Console, asked: str) -> None:
    assert indebted.login().get(path(indebted), movements=asked).status_code == 200
