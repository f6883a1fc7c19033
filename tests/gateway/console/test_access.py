"""What is looked at, exported and refused at the console leaves rows in the audit log."""

from __future__ import annotations

import re

from core.db.console.persons import OF_NO_PERSON, OF_PERSONS, person_of
from gateway.console.app import PUBLIC
from tests.gateway.console.conftest import Console
from tests.support.cast import AMINA, METER


def test_an_export_leaves_its_rows_and_filters(console: Console) -> None:
    browser = console.login("read_only")
    browser.get("/customers.csv")
    browser.get("/payments.csv", state="applied", search=AMINA, since="2020-01-01")
    assert browser.get("/payments.csv", since="never").status_code == 400

    count = console.rows("SELECT count(*) FROM customers")[0][0]
    filters = {"state": "applied", "search": "given", "since": "2020-01-01"}
    assert console.noted("export") == [
        ("read_only", "list", 0, {"list": "customers", "rows": count, "filters": {}}),
        ("read_only", "list", 0, {"list": "payments", "rows": 1, "filters": filters}),
    ]


def test_looking_at_a_person_is_noted_once_an_hour(console: Console) -> None:
    ids = console.ids
    browser = console.login("support")
    for _ in range(2):
        browser.get(f"/customers/{ids['customer_id']}")
        browser.get(f"/agents/{ids['agent_id']}")
        browser.get(f"/payments/{ids['suspense_id']}")
        browser.get(f"/customers/{ids['customer_id']}/edit")
    assert browser.get("/customers/999999999").status_code == 404

    assert [row[:3] for row in console.noted("look")] == [
        ("support", "customer", ids["customer_id"]),
        ("support", "agent", ids["agent_id"]),
        ("support", "payment", ids["suspense_id"]),
    ]
    assert console.audit() == []
    assert "a page was shown" not in browser.get(f"/customers/{ids['customer_id']}").text


def test_every_id_in_an_address_is_known_to_be_a_persons_or_not(console: Console) -> None:
    names = {
        name
        for rule in console.app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC
        for name in rule.arguments
    }

    assert names <= OF_PERSONS | OF_NO_PERSON
    with console.scenario.open_unit() as unit:
        found = {name: person_of(unit.connection, name, console.ids[name]) for name in OF_PERSONS}
    assert {noun for noun, _ in filter(None, found.values())} == {
        "customer",
        "agent",
        "device_request",
        "sms",
    }


def test_a_refused_act_is_noted(console: Console) -> None:
    console.login("finance").post("/manual-tokens/new", serial=METER, kind="lock", reason="because")
    browser = console.login("support")
    for _ in range(2):
        browser.post("/manual-tokens/new", serial="LAMP0", kind="lock", amount="", reason="because")

    assert console.noted("refused") == [
        ("finance", "page", 0, {"act": "tokens.new_order", "code": "role_not_allowed"}),
        ("support", "page", 0, {"act": "tokens.new_order", "code": "unknown_serial"}),
    ]


def test_numbers_are_masked_for_read_only_and_found_all_the_same(console: Console) -> None:
    ids = console.ids
    reader, support = console.login("read_only"), console.login("support")
    addresses = (
        "/customers/",
        "/customers.csv",
        f"/customers/{ids['customer_id']}",
        f"/payments/{ids['payment_id']}",
        "/agents.csv",
        "/device-requests.csv",
        "/sms/",
    )

    for address in addresses:
        seen = reader.get(address).text
        assert not re.search(r"254[0-9]{9}", seen), address
        assert re.search(r"07xx xxx [0-9]{3}", seen), address
        assert re.search(r"\+254[0-9]{9}", support.get(address).text), address
    for typed in (AMINA, AMINA.replace("+254", "0")):
        found = reader.get("/customers/", search=typed).text
        assert f'value="{typed}"' in found
        assert "Amina Odhiambo" in found
        assert "Baraka" not in found
