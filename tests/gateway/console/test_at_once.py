"""Two operators do the same at the same moment: one succeeds, the other gets the usual refusal.

Both requests have checked that nothing is in the way, and then write at the same time.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest
from werkzeug.test import TestResponse

from core.db.ledger import open_account
from tests.gateway.console.conftest import _CONFIRM, Browser, Console
from tests.support.builders import insert_agent
from tests.support.cast import KIT, NEW_METER, STOCK_METER

WHY = {"reason": "a new season"}
WAITING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
NUMBER, OTHER = "0722000077", "0722000078"


def both(
    console: Console, browsers: list[Browser], posts: list[tuple[str, dict[str, str]]], table: str
) -> list[TestResponse]:
    """Return the answers to two posts at the same time. A table lock holds both until both wait."""
    answers: list[Any] = [None, None]

    def action(which: int) -> None:
        path, typed = posts[which]
        answers[which] = browsers[which].post(path, **typed)

    with console.scenario.engine.begin() as lock:
        lock.exec_driver_sql(f"LOCK TABLE {table} IN SHARE MODE")
        operators = [threading.Thread(target=action, args=(which,)) for which in (0, 1)]
        for operator in operators:
            operator.start()
        while console.rows(WAITING)[0][0] < 2:
            assert all(operator.is_alive() for operator in operators)
    for operator in operators:
        operator.join()
    return answers


def previewed(browser: Browser, path: str, typed: dict[str, str]) -> dict[str, str]:
    """With the digest of its preview, where there is one."""
    found = _CONFIRM.findall(browser.post(path, **typed).text)
    return typed | ({"confirmed": found[0]} if found else {})


SAME = [
    ("/villages/new", {"code": "EMA", "name": "Emali"} | WHY, "villages", "already"),
    (
        "/manufacturers/new",
        {"code": "jua", "name": "Jua", "kinds": "shs", "token": "openpaygo"} | WHY,
        "manufacturers",
        "already",
    ),
    (
        "/appliances/new",
        {"code": "pump", "name": "Pump", "kind": "other", "price": "300"} | WHY,
        "appliances",
        "already",
    ),
    (
        "/devices/new",
        {"serial": NEW_METER, "kind": "meter", "manufacturer": "umeme", "tariff": "home"} | WHY,
        "devices",
        "registered already",
    ),
    (
        "/manual-tokens/new",
        {"serial": KIT, "kind": "days", "amount": "2"} | WHY,
        "token_orders",
        "being made",
    ),
]


@pytest.mark.parametrize(
    ("path", "typed", "table", "expected"), SAME, ids=lambda value: str(value)[:20]
)
def test_of_two_simultaneous_entries_the_second_is_refused(
    console: Console, path: str, typed: dict[str, str], table: str, expected: str
) -> None:
    operators = [console.login(), console.login()]

    answers = both(console, operators, [(path, typed)] * 2, table)

    assert sorted(answer.status_code for answer in answers) == [302, 422]
    [second] = [answer for answer in answers if answer.status_code == 422]
    assert expected in second.text
    assert expected in operators[0].post(path, **typed).text


def test_a_tariff_that_two_operators_add_exists_once(console: Console) -> None:
    operators, path = [console.login(), console.login()], "/tariffs/new"
    typed = {"code": "mill", "name": "Mills", "valid_from": "2026-11-24", "price": "80"} | WHY
    typed = previewed(operators[0], path, typed)

    answers = both(console, operators, [(path, typed)] * 2, "tariffs")

    assert sorted(answer.status_code for answer in answers) == [302, 422]
    assert console.rows("SELECT count(*) FROM tariffs WHERE code = 'mill'") == [(1,)]


@pytest.mark.parametrize("prices", [("120", "120"), ("120", "130")])
def test_two_simultaneous_prices_from_the_same_day_are_one_version(
    console: Console, prices: tuple[str, str]
) -> None:
    operators, path = (
        [console.login(), console.login()],
        f"/tariffs/{console.ids['tariff_id']}/prices",
    )
    posts = [
        (path, previewed(operators[0], path, {"valid_from": "2026-12-01", "price": price} | WHY))
        for price in prices
    ]

    answers = both(console, operators, posts, "tariff_versions")

    assert [answer.status_code for answer in answers] == [302, 302]
    versions = "SELECT count(*) FROM tariff_versions WHERE valid_from = '2026-12-01'"
    assert console.rows(versions) == [(1,)]


def test_a_receipt_number_for_two_agents_is_booked_once(console: Console) -> None:
    operators = [console.login("finance"), console.login("finance")]
    with console.scenario.engine.begin() as connection:
        ali = insert_agent(connection, msisdn="+254711000113", pin_hash="x")
        agents = (ali, console.ids["agent_id"])
        for agent in agents:
            open_account(connection, f"clearing:agent:{agent}", "debit")
        connection.exec_driver_sql("UPDATE agents SET float_used_minor = 10000")
    typed = {"amount": "100", "receipt": "H12"} | WHY
    posts = [(f"/agents/{agent}/settle", typed) for agent in agents]
    posts = [(path, previewed(operators[0], path, typed)) for path, typed in posts]

    answers = both(console, operators, posts, "journal_entries")

    assert sorted(answer.status_code for answer in answers) == [302, 422]
    [second] = [answer for answer in answers if answer.status_code == 422]
    assert "booked under H12 already" in second.text


@pytest.mark.parametrize(
    ("first", "second", "table"),
    [
        ({"number": NUMBER, "name": "Wanja"}, {"number": NUMBER, "name": "Zawadi"}, "customers"),
        (
            {"number": NUMBER, "name": "Wanja", "serial": STOCK_METER, "tariff": "home"},
            {"number": OTHER, "name": "Zawadi", "serial": STOCK_METER, "tariff": "home"},
            "customers",
        ),
    ],
    ids=["one number", "one device"],
)
def test_a_number_and_a_device_are_registered_once(
    console: Console, first: dict[str, str], second: dict[str, str], table: str
) -> None:
    operators = [console.login(), console.login()]
    posts = [
        ("/customers/new", previewed(operators[0], "/customers/new", typed))
        for typed in (first, second)
    ]

    answers = both(console, operators, posts, table)

    assert sorted(answer.status_code for answer in answers) == [302, 422]
    customers = "SELECT count(*) FROM customers WHERE name IN ('Wanja', 'Zawadi')"
    assert console.rows(customers) == [(1,)]
    console.scenario.check_invariants()


def test_a_user_and_a_phone_number_are_added_once(console: Console) -> None:
    operators = [console.login(), console.login()]
    user = {"name": "asha", "password": "a good horse", "again": "a good horse", "role": "support"}
    number = (f"/customers/{console.ids['customer_id']}/number", {"number": NUMBER})

    for posts, table in (
        ([("/users/new", user)] * 2, "console_users"),
        ([number] * 2, "customer_msisdns"),
    ):
        answers = both(console, operators, posts, table)
        assert sorted(answer.status_code for answer in answers) == [302, 422]
