"""Customers at the console: found, registered with a device, edited, their timeline."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.gateway.console.conftest import Browser, Console
from tests.gateway.console.test_listing import exported
from tests.support.cast import AMINA, METER, READY_KIT, STOCK_KIT, STOCK_METER

NEW = "+254722000077"
_CONFIRM = re.compile(r'name="confirmed" value="([^"]+)"')


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("0711000001", ["Amina Odhiambo"]),
        (METER, ["Amina Odhiambo"]),
        ("lamp 100", ["Baraka Mwangi"]),
        ("ami", ["Amina Odhiambo"]),
        ("odh", ["Amina Odhiambo"]),
        ("Amina Odh", ["Amina Odhiambo"]),
        ("Amina Mwa", []),
        ("mina", []),
        ("%", []),
        ("0799999999", []),
    ],
)
def test_a_customer_is_found_by_number_serial_and_the_beginning_of_a_name(
    console: Console, typed: str, names: list[str]
) -> None:
    answer = console.login().get("/customers.csv", search=typed)

    assert [line[0] for line in exported(answer)[1:]] == names


def test_the_timeline_has_payments_allocations_tokens_and_sms(console: Console) -> None:
    page = console.login("read_only").get(f"/customers/{console.ids['customer_id']}").text

    kinds = re.findall(r'<li class="(\w+)">', page)
    assert kinds == ["payment", "allocation", "allocation", "token", "sms"]
    assert "Paid KES 500.00" in page


def test_a_long_timeline_is_shown_in_parts(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.console.pages.customers._EVENTS", 2)
    browser, path = console.login(), f"/customers/{console.ids['customer_id']}"

    short = browser.get(path).text
    long = browser.get(path, events="8").text

    assert short.count("<time") == 2
    assert f"{path}?events=8" in short
    assert long.count("<time") == 5


def register(browser: Browser, **typed: str) -> tuple[TestResponse, TestResponse]:
    """Fill the form in, look at what it would do, and confirm that."""
    looked = browser.post("/customers/new", **typed)
    assert looked.status_code == 200, looked.text
    confirmed = _CONFIRM.findall(looked.text)[0]
    return looked, browser.post("/customers/new", **typed, confirmed=confirmed)


def test_a_customer_and_a_meter_are_registered_together(console: Console) -> None:
    typed = {"number": "0722 000 077", "name": "Wanja", "serial": STOCK_METER, "tariff": "home"}

    looked, done = register(console.login("support"), **typed)

    assert "Wanja" in looked.text
    assert "Home: KES 200.00 buys 2.0 kWh" in looked.text
    (owner,) = console.rows(
        "SELECT c.name, t.code FROM devices d JOIN customers c ON c.id = d.owner_id"
        " JOIN tariffs t ON t.id = d.tariff_id WHERE serial = :serial",
        serial=STOCK_METER,
    )
    assert owner == ("Wanja", "home")
    assert done.status_code == 302
    assert console.audit() == [("support", "register", "customer", "registered by an operator")]
    assert console.rows("SELECT kind FROM sms WHERE msisdn = :new", new=NEW) == [
        ("agent_sms.welcome",)
    ]


def test_a_preview_writes_nothing(console: Console) -> None:
    before = console.rows("SELECT count(*) FROM customers")

    looked = console.login().post(
        "/customers/new", number=NEW, name="Wanja", serial=STOCK_METER, tariff="home"
    )

    assert looked.status_code == 200
    assert console.rows("SELECT count(*) FROM customers") == before
    assert console.audit() == []


def test_the_plan_of_a_kit_is_previewed(console: Console) -> None:
    kit = {"appliance": "tv", "scheme": "amount", "instalment": "400", "cadence": "monthly"}
    typed = {"number": NEW, "name": "Wanja", "serial": STOCK_KIT} | kit

    looked, _ = register(console.login(), **typed, down_payment="50")

    assert "Down payment KES 50.00, due 24 Nov 2026" in looked.text
    assert "2 instalments of KES 400.00, due 24 Dec 2026 to 24 Jan 2027" in looked.text
    assert "1 instalment of KES 50.00, due 24 Feb 2027" in looked.text
    assert "Total KES 900.00" in looked.text
    assert console.rows("SELECT total_minor FROM sales ORDER BY id DESC LIMIT 1") == [(900_00,)]
    kinds = console.rows("SELECT kind FROM sms WHERE msisdn = :new ORDER BY id", new=NEW)
    assert kinds == [("agent_sms.agreed_plan",), ("agent_sms.welcome",)]
    console.scenario.check_invariants()


def test_a_kit_with_a_preset_plan_needs_no_terms(console: Console) -> None:
    looked, _ = register(console.login(), number=AMINA, serial=READY_KIT)

    assert "6 instalments of KES 150.00" in looked.text
    assert console.rows(
        "SELECT c.name FROM devices d JOIN customers c ON c.id = d.owner_id WHERE serial = :serial",
        serial=READY_KIT,
    ) == [("Amina",)]


def test_a_confirmation_is_valid_only_for_what_was_previewed(console: Console) -> None:
    browser = console.login()
    typed = {"number": NEW, "name": "Wanja", "serial": STOCK_METER, "tariff": "home"}
    confirmed = _CONFIRM.findall(browser.post("/customers/new", **typed).text)[0]

    other = browser.post("/customers/new", **(typed | {"name": "Wanza"}), confirmed=confirmed)

    assert other.status_code == 200
    assert "Wanza" in other.text
    assert console.audit() == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"number": "12", "name": "Wanja"}, "12"),
        ({"number": NEW, "serial": STOCK_METER, "tariff": "home"}, f"the number {NEW}"),
        ({"number": NEW}, "A customer has a name"),
        ({"number": AMINA, "name": "Zawadi"}, "the database says Amina"),
        ({"number": AMINA, "serial": "NONE1"}, "NONE1"),
        ({"number": AMINA, "serial": STOCK_METER}, "needs one"),
        ({"number": AMINA, "serial": "LAMP200", "appliance": "tv", "count": "3"}, "another owner"),
        ({"number": AMINA, "serial": STOCK_KIT, "appliance": "tv", "count": "x"}, "whole number"),
        ({"number": AMINA, "serial": STOCK_KIT, "appliance": "tv"}, "1 to 520 instalments"),
        ({"number": AMINA, "serial": STOCK_KIT}, "no appliance"),
    ],
)
def test_problems_are_shown_before_a_preview(
    console: Console, typed: dict[str, str], expected: str
) -> None:
    answer = console.login().post("/customers/new", **typed)

    assert answer.status_code == 422
    assert expected.lower() in answer.text.lower()
    assert console.audit() == []


def test_the_details_of_a_customer_are_edited(console: Console) -> None:
    path = f"/customers/{console.ids['customer_id']}/edit"
    browser = console.login("support")
    assert 'value="Amina"' in browser.get(path).text

    answer = browser.post(path, name="Aminah", surname="", language="sw")

    assert answer.status_code == 302
    assert console.rows(
        "SELECT name, surname, language FROM customers WHERE id = :id",
        id=console.ids["customer_id"],
    ) == [("Aminah", "", "sw")]
    assert console.audit() == [("support", "edit", "customer", "details put right")]


def test_a_number_of_another_customer_cannot_be_added(console: Console) -> None:
    browser, path = console.login(), f"/customers/{console.ids['customer_id']}/number"

    taken = browser.post(path, number="0711000002")
    added = browser.post(path, number="0722 000 077")

    assert "another customer has the number +254711000002" in taken.text.lower()
    assert added.status_code == 302
    assert console.rows(
        "SELECT msisdn FROM customer_msisdns WHERE customer_id = :id ORDER BY position",
        id=console.ids["customer_id"],
    ) == [(AMINA,), (NEW,)]
    assert console.audit() == [("owner", "add_number", "customer", "a further number")]


def test_any_number_of_events_in_the_address_works(console: Console) -> None:
    path = f"/customers/{console.ids['customer_id']}"

    assert console.login().get(path, events="-5").status_code == 200


@pytest.fixture
def two_numbers(console: Console) -> str:
    """Amina has a second number; her path."""
    path = f"/customers/{console.ids['customer_id']}"
    assert console.login().post(f"{path}/number", number=NEW).status_code == 302
    return path


def numbers(console: Console) -> list[str]:
    return [
        row[0]
        for row in console.rows(
            "SELECT msisdn FROM customer_msisdns WHERE customer_id = :id ORDER BY position",
            id=console.ids["customer_id"],
        )
    ]


def test_sms_go_to_the_number_that_was_set_for_sms(console: Console, two_numbers: str) -> None:
    done = console.login("support").post(
        f"{two_numbers}/number/first", number=NEW, reason="the old phone is at home"
    )

    assert done.status_code == 302
    assert numbers(console) == [NEW, AMINA]
    assert console.audit()[-1] == (
        "support", "set_sms_number", "customer", "the old phone is at home",
    )  # fmt: skip
    console.scenario.pay("N1", METER, 100_00)
    console.scenario.apply()
    assert console.rows("SELECT msisdn FROM sms ORDER BY id DESC LIMIT 1") == [(NEW,)]


def test_a_removed_number_keeps_its_sms_in_the_history(
    console: Console, two_numbers: str, later: Callable[..., None]
) -> None:
    browser = console.login("support")
    before = browser.get(two_numbers).text.count(f"to {AMINA}")
    later(minutes=5)

    done = browser.post(f"{two_numbers}/number/remove", number=AMINA, reason="phone was stolen")

    assert done.status_code == 302
    assert numbers(console) == [NEW]
    assert console.audit()[-1] == ("support", "remove_number", "customer", "phone was stolen")
    assert browser.get(two_numbers).text.count(f"to {AMINA}") == before > 0


def test_the_next_holder_of_a_number_gets_none_of_its_history(
    console: Console, two_numbers: str, later: Callable[..., None]
) -> None:
    browser = console.login()
    later(minutes=5)
    browser.post(f"{two_numbers}/number/remove", number=AMINA, reason="gave the SIM away")
    later(minutes=5)
    _, done = register(browser, number=AMINA, name="Zawadi", serial=STOCK_METER, tariff="home")
    page = browser.get(done.location.removeprefix("/console")).text

    assert page.count(f"to {AMINA}") == 1  # the welcome
    assert f"to {NEW}" not in page
    assert "welcome" not in browser.get(two_numbers).text


def test_stop_stays_with_the_customer_if_the_number_is_removed(
    console: Console, two_numbers: str
) -> None:
    with console.scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO no_reminders (msisdn, since) VALUES ('{AMINA}', now())"
        )

    console.login().post(f"{two_numbers}/number/remove", number=AMINA, reason="gave it away")

    assert console.rows("SELECT msisdn FROM no_reminders") == [(NEW,)]


@pytest.mark.parametrize("action", ["remove", "first"])
def test_only_a_number_of_the_customer_can_be_chosen(
    console: Console, two_numbers: str, action: str
) -> None:
    answer = console.login().post(
        f"{two_numbers}/number/{action}", number="+254711000002", reason="a mistake"
    )

    assert answer.status_code == 422
    assert numbers(console) == [AMINA, NEW]


def test_the_last_number_cannot_be_removed(console: Console) -> None:
    path = f"/customers/{console.ids['customer_id']}"
    browser = console.login()

    answer = browser.post(f"{path}/number/remove", number=AMINA, reason="a mistake")

    assert answer.status_code == 422
    assert "keeps one number" in answer.text
    assert numbers(console) == [AMINA]
    assert "Remove a number" not in browser.get(path).text
