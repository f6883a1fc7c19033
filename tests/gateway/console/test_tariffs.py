"""Tariffs at the console: prices from a day on, never in the past; meters moved."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.gateway.console.conftest import Console
from tests.gateway.console.test_listing import exported, shown
from tests.support.builders import insert_tariff
from tests.support.cast import METER, READY_METER
from tests.support.scenario import NOW

WHY = {"reason": "fuel is dearer"}


@pytest.fixture
def path(console: Console) -> str:
    """The tariff of Amina's meter: 100.00 a kWh, nothing else."""
    return f"/tariffs/{console.ids['tariff_id']}"


@pytest.fixture
def shop(console: Console) -> int:
    """A tariff with an access rate of 20.00 every 3 days."""
    with console.scenario.engine.begin() as connection:
        return insert_tariff(connection, code="shop", access_rate_minor=20_00, access_every_days=3)


def versions(console: Console) -> list[tuple[str, object]]:
    return [
        (day.isoformat(), price)
        for day, price in console.rows(
            "SELECT valid_from, price_per_kwh_thousandths / 1000 FROM tariff_versions"
            " WHERE tariff_id = :id ORDER BY valid_from",
            id=console.ids["tariff_id"],
        )
    ]


def test_the_list_has_todays_prices_and_the_day_of_the_next(console: Console, path: str) -> None:
    browser = console.login()
    browser.confirm(f"{path}/prices", valid_from="2026-12-01", price="120", **WHY)

    (line,) = exported(console.login("read_only").get("/tariffs.csv"))[1:]

    assert line == ["home", "Home", "100.00", "0.00", "", "0.00", line[6], "2026-12-01", "2"]


def test_new_prices_are_previewed_and_start_on_their_day(console: Console, path: str) -> None:
    browser = console.login()

    looked, done = browser.confirm(
        f"{path}/prices", valid_from="2026-12-01", price="120", access="50", every_days="30", **WHY
    )

    assert "From 1 Dec 2026: KES 120.00 a kWh, access rate KES 50.00 every 30 days" in looked.text
    assert versions(console)[1:] == [("2026-12-01", 120_00)]
    page = browser.get(done.location.removeprefix("/console")).text
    cells = shown(page)
    assert (cells[0], cells[5]) == ("1 Dec 2026", "future")
    assert cells[11] == "in force"
    assert console.audit() == [("owner", "change", "tariff", WHY["reason"])]


def test_a_price_may_have_parts_of_a_cent(console: Console, path: str) -> None:
    browser = console.login()

    looked, done = browser.confirm(
        f"{path}/prices", valid_from="2026-12-01", price="1,120.125", **WHY
    )

    assert "From 1 Dec 2026: KES 1120.125 a kWh" in looked.text
    assert "1,120.125" in shown(browser.get(done.location.removeprefix("/console")).text)
    assert 'value="1120.125"' in browser.get(f"{path}/prices").text


def test_future_prices_can_be_changed(console: Console, path: str) -> None:
    browser = console.login()

    for price in ("120", "130"):
        browser.confirm(f"{path}/prices", valid_from="2026-12-01", price=price, **WHY)

    assert versions(console)[1:] == [("2026-12-01", 130_00)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"valid_from": NOW.date().isoformat()}, "a change never rewrites the past"),
        ({"valid_from": "2026-11-01"}, "a change never rewrites the past"),
        ({"valid_from": "9999-12-31"}, "a day within ten years"),
        ({"price": "0"}, "must be more than 0"),
        ({"price": "cheap"}, "not an amount"),
        ({"access": "50"}, "number of days"),
        ({"access": "50", "every_days": "9999"}, "at most 3650"),
        ({"reason": "x"}, "give a reason"),
    ],
)
def test_invalid_prices_are_refused(
    console: Console, path: str, typed: dict[str, str], expected: str
) -> None:
    before = versions(console)
    good = {"valid_from": "2026-12-01", "price": "120"} | WHY

    answer = console.login().post(f"{path}/prices", **(good | typed))

    assert answer.status_code == 422
    assert expected in answer.text.lower()
    assert versions(console) == before
    assert console.audit() == []


def test_a_tariff_is_added_and_its_code_is_unique(console: Console) -> None:
    browser = console.login()
    typed = {"code": "mill", "name": "Mills", "valid_from": "2026-11-24", "price": "80"} | WHY

    looked, done = browser.confirm("/tariffs/new", **typed)
    again = browser.post("/tariffs/new", **typed)

    assert "From 24 Nov 2026: KES 80.00 a kWh" in looked.text
    assert "Mills" in browser.get(done.location.removeprefix("/console")).text
    assert "there is a &#34;mill&#34; already" in again.text.lower()
    assert console.audit() == [("owner", "add", "tariff", WHY["reason"])]


def test_renaming_a_tariff_keeps_its_prices(console: Console, path: str) -> None:
    before = versions(console)

    console.login().post(f"{path}/name", name="Homes", **WHY)

    assert console.rows("SELECT name FROM tariffs WHERE code = 'home'") == [("Homes",)]
    assert versions(console) == before


def test_due_access_rates_are_charged_before_meters_move(
    console: Console, shop: int, later: Callable[..., None]
) -> None:
    with console.scenario.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE devices SET tariff_id = %s, access_anchor_on = %s WHERE serial = %s",
            (shop, NOW.date(), METER),
        )
    later(days=7)

    looked, _ = console.login().confirm(f"/tariffs/{shop}/move", tariff="home", **WHY)

    assert "1 meter was moved from shop to home" in looked.text
    charged = console.rows("SELECT due_on FROM access_charges ORDER BY due_on")
    assert [(due_on - NOW.date()).days for (due_on,) in charged] == [3, 6]
    ((tariff, anchor_on),) = console.rows(
        "SELECT t.code, d.access_anchor_on FROM devices d JOIN tariffs t ON t.id = d.tariff_id"
        " WHERE serial = :serial",
        serial=METER,
    )
    assert (tariff, (anchor_on - NOW.date()).days) == ("home", 7)
    assert console.audit() == [("owner", "move_meters", "tariff", WHY["reason"])]
    console.scenario.check_invariants()


def test_past_prices_of_moved_meters_cannot_change(console: Console, path: str, shop: int) -> None:
    browser = console.login()
    browser.confirm(f"{path}/move", tariff="shop", **WHY)

    answer = browser.post(f"{path}/prices", valid_from="2026-11-20", price="120", **WHY)

    assert answer.status_code == 422
    assert "its meters were moved away" in answer.text


def test_a_moved_meter_in_stock_owes_no_access_rate(console: Console, path: str, shop: int) -> None:
    console.login().confirm(f"{path}/move", tariff="shop", **WHY)

    assert console.rows(
        "SELECT tariff_id, access_anchor_on FROM devices WHERE serial = :serial", serial=READY_METER
    ) == [(shop, None)]


@pytest.mark.parametrize(
    ("tariff", "expected"),
    [("home", "on that tariff already"), ("later", "no price yet"), ("none", "choose a value")],
)
def test_meters_move_only_to_another_tariff_in_force(
    console: Console, path: str, tariff: str, expected: str
) -> None:
    with console.scenario.engine.begin() as connection:
        insert_tariff(connection, code="later", valid_from=NOW.date().replace(year=2027))

    answer = console.login().post(f"{path}/move", tariff=tariff, **WHY)

    assert answer.status_code == 422
    assert expected in answer.text.lower()
    assert console.audit() == []


def test_the_preview_of_prices_has_what_payments_buy(console: Console, path: str) -> None:
    browser = console.login()

    looked = browser.post(
        f"{path}/prices", valid_from="2026-12-01", price="30", minimum="40", **WHY
    )

    purchases = [line for line in looked.text.split("<p>") if " buys " in line]
    assert [line.partition("</p>")[0] for line in purchases] == [
        "KES 40.00 buys 1.3 kWh, KES 1.00 becomes credit",
        "KES 50.00 buys 1.6 kWh, KES 2.00 becomes credit",
        "KES 100.00 buys 3.3 kWh, KES 1.00 becomes credit",
        "KES 200.00 buys 6.6 kWh, KES 2.00 becomes credit",
        "KES 500.00 buys 16.6 kWh, KES 2.00 becomes credit",
        "KES 1,000.00 buys 33.3 kWh, KES 1.00 becomes credit",
    ]


@pytest.mark.parametrize(
    ("pays", "gives"),
    [
        ("555", ["555.00", "5.5 kWh", "5.00"]),
        ("5", ["5.00", "0.0 kWh", "5.00"]),
        ("", ["100.00", "1.0 kWh", "0.00"]),
    ],
)
def test_the_page_of_a_tariff_has_what_a_payment_buys(
    console: Console, path: str, pays: str, gives: list[str]
) -> None:
    page = console.login("read_only").get(path, pays=pays).text

    table = page.partition("What a payment buys")[2]
    assert shown(table)[:3] == gives
    scenario = console.scenario
    if pays == "555":  # the same rule that applies the money
        scenario.pay("T1", METER, 555_00)
        scenario.apply()
        assert console.rows("SELECT units FROM tokens ORDER BY id DESC LIMIT 1") == [(55,)]


def test_an_invalid_amount_is_refused_on_the_page(console: Console, path: str) -> None:
    answer = console.login().get(path, pays="much")

    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
