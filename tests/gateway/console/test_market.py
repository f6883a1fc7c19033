"""An empty database: no page before an owner has set up the market, then every page."""

from __future__ import annotations

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from tests.gateway.console.conftest import PASSWORD, Browser, Console, add_users, make_console
from tests.support.scenario import Scenario

MARKET = {
    "operator": "Jua Energy",
    "country": "ug",
    "currency": "ugx",
    "cash_unit": "100",
    "timezone": "Africa/Kampala",
    "languages": "EN, sw",
    "service_code": "*384*96#",
    "payment_max": "",
    "default_after": "90",
    "help_line": "0700 000 000",
    "help_hours": "8-18",
    "tax_number": "P051234567X",
    "reason": "the beginning",
}


@pytest.fixture
def empty(engine: Engine, redis: Redis, redis_url: str) -> Console:
    console = make_console(engine, redis, redis_url, Scenario(engine), {})
    add_users(console.app.extensions["console"].open_unit)
    return console


def logged_in(console: Console, role: str) -> Browser:
    browser = console.browser()
    browser.log_in(role, PASSWORD)
    return browser


def test_an_owner_of_an_empty_database_is_sent_to_the_market(empty: Console) -> None:
    owner = logged_in(empty, "owner")

    assert owner.get("/").location == "/console/market"
    assert owner.get("/market").status_code == 200
    assert owner.get("/users/").status_code == 200


def test_other_roles_see_no_page_of_an_empty_database(empty: Console) -> None:
    answer = logged_in(empty, "finance").get("/payments/")

    assert answer.status_code == 409
    assert "There is no market yet" in answer.text


def test_a_new_market_is_used_at_once(empty: Console, engine: Engine) -> None:
    owner = logged_in(empty, "owner")

    assert owner.post("/market", **MARKET).location == "/console/"

    assert "Africa/Kampala" in owner.get("/").text
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM market")).one()
        audit = connection.execute(
            text("SELECT action FROM audit_log WHERE operator = 'owner' AND action <> 'log_in'")
        ).all()
    assert (row.country, row.currency, row.cash_unit_minor) == ("UG", "UGX", 100)
    assert row.languages == ["en", "sw"]
    assert row.payment_max_minor > 0
    assert row.default_after_days == 90
    assert (row.help_line, row.help_hours) == ("+256700000000", "8-18")
    assert row.tax_number == "P051234567X"
    assert audit == [("set_up",)]


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"country": "Uganda"}, "two capital letters"),
        ({"currency": "Shilling"}, "three capital letters"),
        ({"cash_unit": "1.50"}, "UGX has 0 decimal digits"),
        ({"cash_unit": "0"}, "must be more than 0"),
        ({"timezone": "Africa/Kampla"}, "Africa/Kampala"),
        ({"languages": "en tlh"}, "tlh is not available"),
        ({"service_code": "384"}, "*384*96#"),
        ({"payment_max": "much"}, "not an amount"),
        ({"help_line": "call us"}, "not a telephone number"),
        ({"help_hours": "all day"}, "not hours"),
    ],
)
def test_an_invalid_market_is_refused(empty: Console, wrong: dict[str, str], expected: str) -> None:
    owner = logged_in(empty, "owner")

    answer = owner.post("/market", **(MARKET | wrong))

    assert answer.status_code == 422
    assert expected.lower() in answer.text.lower()
    assert owner.get("/").location == "/console/market"


def test_the_currency_of_existing_payments_cannot_change(console: Console) -> None:
    answer = console.login().post("/market", **MARKET)

    assert answer.status_code == 422
    assert "payments in KES already" in answer.text
    assert console.audit() == []


def test_a_market_is_edited(console: Console) -> None:
    owner = console.login()
    kenya = {"country": "KE", "currency": "KES", "cash_unit": "1", "timezone": "Africa/Nairobi"}
    assert 'value="Jua Energy"' in owner.get("/market").text

    answer = owner.post("/market", **(MARKET | kenya | {"operator": "Jua Power"}))

    assert answer.status_code == 302
    assert console.rows("SELECT operator FROM market") == [("Jua Power",)]
