"""`dialwatt show`: the shapes that scripts rely on, and lines for people."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.operations.conftest import Ran
from tests.support.cast import AMINA, BARAKA, KIT, LAST_KIT, METER
from tests.support.scenario import Scenario, make_scenario


@pytest.fixture
def scenario(engine: Engine, environment: dict[str, str]) -> Scenario:
    return make_scenario(engine)


@pytest.fixture
def shown(dialwatt: Callable[..., Ran]) -> Callable[..., dict[str, Any]]:
    def show(what: str, key: str, *options: str) -> dict[str, Any]:
        ran = dialwatt("show", what, key, "--json", *options)
        assert ran.code == 0, ran.err
        found: dict[str, Any] = json.loads(ran.out)
        return found

    return show


def without(shown: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in shown.items() if name not in names}


def test_a_payment_that_waits_has_done_nothing_yet(
    scenario: Scenario, shown: Callable[..., dict[str, Any]]
) -> None:
    scenario.pay("R1", METER, 500_00)
    assert without(shown("payment", "R1"), "paid_at") == {
        "receipt": "R1",
        "amount": "500.00",
        "credit_used": "0.00",
        "state": "received",
        "account": METER,
        "lines": [],
        "tokens": [],
    }


def test_a_payment_shows_where_the_money_fell_and_its_token(
    scenario: Scenario, shown: Callable[..., dict[str, Any]], engine: Engine
) -> None:
    scenario.pay("R1", METER, 555_00)
    scenario.apply()
    story = shown("payment", "R1")
    assert story["state"] == "applied"
    assert story["lines"] == [
        {"kind": "instalment", "amount": "300.00"},
        {"kind": "energy", "amount": "250.00", "serial": METER},
        {"kind": "credit", "amount": "5.00"},
    ]
    (token,) = story["tokens"]
    assert without(token, "text") == {"serial": METER, "kind": "energy", "kwh": 2.5, "sent": False}
    assert len(token["text"]) == 20


def test_credit_that_was_used_is_part_of_the_sum(
    scenario: Scenario, shown: Callable[..., dict[str, Any]]
) -> None:
    scenario.pay("R1", METER, 305_00)
    scenario.apply()
    scenario.pay("R2", METER, 95_00)
    scenario.apply()
    story = shown("payment", "R2")
    assert (story["credit_used"], story["lines"]) == (
        "5.00",
        [{"kind": "energy", "amount": "100.00", "serial": METER}],
    )


@pytest.mark.parametrize(
    ("serial", "token"),
    [
        (KIT, {"serial": KIT, "kind": "days", "days": 7}),
        (LAST_KIT, {"serial": LAST_KIT, "kind": "unlock"}),
    ],
)
def test_days_stand_on_the_token_and_an_unlock_has_no_number(
    scenario: Scenario, shown: Callable[..., dict[str, Any]], serial: str, token: dict[str, Any]
) -> None:
    scenario.pay("R1", serial, 150_00)
    scenario.apply()
    story = shown("payment", "R1")
    assert story["lines"] == [{"kind": "instalment", "amount": "150.00", "serial": serial}]
    assert [without(bought, "text", "sent") for bought in story["tokens"]] == [token]


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        ("waiting", False),
        ("sending", False),
        ("failed", False),
        ("sent", True),
        ("delivered", True),
    ],
)
def test_a_token_is_sent_when_a_text_took_it_along(
    scenario: Scenario, shown: Callable[..., dict[str, Any]], engine: Engine, state: str, sent: bool
) -> None:
    scenario.pay("R1", KIT, 150_00)
    scenario.apply()
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE sms SET state = '{state}'")
    assert shown("payment", "R1")["tokens"][0]["sent"] is sent


def test_money_nobody_can_match_is_in_suspense(
    scenario: Scenario, shown: Callable[..., dict[str, Any]]
) -> None:
    scenario.pay("R1", "NOSUCH", 70_00)
    story = shown("payment", "R1")
    assert (story["state"], story["lines"], story["tokens"]) == (
        "suspense",
        [{"kind": "suspense", "amount": "70.00"}],
        [],
    )


def test_an_unknown_receipt_is_refused(scenario: Scenario, dialwatt: Callable[..., Ran]) -> None:
    ran = dialwatt("show", "payment", "NONE", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert "no payment with the receipt NONE is booked" in ran.err


def test_a_receipt_of_two_providers_needs_the_account(
    scenario: Scenario, dialwatt: Callable[..., Ran], shown: Callable[..., dict[str, Any]]
) -> None:
    scenario.pay("R1", METER, 100_00)
    scenario.pay("R1", METER, 200_00, provider_account="mtn:1")
    ran = dialwatt("show", "payment", "R1")
    assert ran.code == 1
    assert "--account (daraja:600123, mtn:1)" in ran.err
    assert shown("payment", "R1", "--account", "mtn:1")["amount"] == "200.00"


def test_a_customer_owes_the_oldest_first_and_also_what_is_not_due(
    scenario: Scenario, shown: Callable[..., dict[str, Any]]
) -> None:
    story = shown("customer", AMINA)
    assert without(story, "owes") == {
        "msisdn": AMINA,
        "name": "Amina Odhiambo",
        "language": "en",
        "account": scenario.account_of(AMINA),
        "credit": "0.00",
        "devices": [{"serial": METER, "kind": "meter"}],
    }
    owed = {"kind": "instalment", "amount": "300.00"}
    assert [without(debt, "about", "due") for debt in story["owes"]] == [
        owed | {"due_on": "2026-11-21"},
        owed | {"due_on": "2026-11-28"},
    ]
    assert all(debt["about"].startswith("Kit") for debt in story["owes"])


def test_a_number_is_read_as_people_write_it(
    scenario: Scenario, shown: Callable[..., dict[str, Any]]
) -> None:
    assert shown("customer", "0711 000 001")["msisdn"] == AMINA


def test_a_part_that_was_paid_is_owed_no_more(
    scenario: Scenario, shown: Callable[..., dict[str, Any]]
) -> None:
    scenario.pay("R1", KIT, 100_00)
    scenario.apply()
    story = shown("customer", BARAKA)
    assert [debt["amount"] for debt in story["owes"]] == ["50.00", "150.00", "150.00", "150.00"]
    assert story["devices"] == [
        {"serial": KIT, "kind": "shs", "plan_left": "500.00", "unlocked": False}
    ]


def test_a_device_whose_plan_is_done_is_unlocked_and_the_rest_is_credit(
    scenario: Scenario, shown: Callable[..., dict[str, Any]]
) -> None:
    scenario.pay("R1", LAST_KIT, 350_00)
    scenario.apply()
    story = shown("customer", "+254711000003")
    assert (story["credit"], story["owes"]) == ("200.00", [])
    assert story["devices"] == [{"serial": LAST_KIT, "kind": "shs", "unlocked": True}]


@pytest.mark.parametrize(
    ("number", "wanted"),
    [("+254722999999", "no customer has the number"), ("12", "not a phone number: '12'")],
)
def test_a_number_without_a_customer_is_refused(
    scenario: Scenario, dialwatt: Callable[..., Ran], number: str, wanted: str
) -> None:
    ran = dialwatt("show", "customer", number)
    assert ran.code == 1
    assert wanted in ran.err


def test_people_get_lines(scenario: Scenario, dialwatt: Callable[..., Ran]) -> None:
    scenario.pay("R1", METER, 555_00)
    scenario.apply()
    payment = dialwatt("show", "payment", "R1").out
    assert payment.startswith(f"R1: KES 555.00 for {METER}, applied\n")
    assert "2.5 kWh, not sent yet" in payment
    customer = dialwatt("show", "customer", AMINA).out
    assert re.match(
        rf"Amina Odhiambo \({re.escape(AMINA)}\), account AC[0-9]{{8}}, credit KES 5.00\n", customer
    )
    assert f"meter {METER}" in customer
    done = dialwatt("show", "customer", "+254711000004").out
    assert "owes nothing" in done


def test_showing_changes_nothing(
    scenario: Scenario, dialwatt: Callable[..., Ran], rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """Fees that fell due this morning are shown, but not written."""
    before = rows("SELECT count(*) FROM access_charges"), rows("SELECT * FROM devices ORDER BY id")
    dialwatt("show", "customer", AMINA)
    after = rows("SELECT count(*) FROM access_charges"), rows("SELECT * FROM devices ORDER BY id")
    assert after == before
