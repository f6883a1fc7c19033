"""Sales at the console: a preview first, and the same in the database afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.gateway.console.conftest import SALE_OF, Console
from tests.gateway.console.test_listing import exported, shown
from tests.support.cast import AMINA, CHIDI, DAY_KIT, KIT, LAST_KIT, READY_KIT, STOCK_KIT

WHY = {"reason": "agreed with the customer"}


@pytest.fixture
def path(console: Console) -> str:
    """Baraka's kit: 4 x 150.00, by the week."""
    return f"/sales/{console.ids['sale_id']}"


def plan_of(console: Console) -> list[tuple[object, ...]]:
    return console.rows(
        "SELECT amount_minor, paid_minor FROM instalments WHERE sale_id = :id ORDER BY number",
        id=console.ids["sale_id"],
    )


def test_sales_are_found_by_state_and_by_overdue_instalments(
    console: Console, later: Callable[..., None]
) -> None:
    def serials(**asked: str) -> list[str]:
        answer = console.login("read_only").get("/sales.csv", **asked)
        return [line[3] for line in exported(answer)[1:]]

    everything = serials()
    console.scenario.pay("A1", LAST_KIT, 150_00)
    console.scenario.apply()
    later(days=30)

    assert sorted(everything) == ["", KIT, LAST_KIT]
    assert serials(state="complete") == [LAST_KIT]
    assert serials(late="yes", state="complete") == []
    assert KIT in serials(late="yes")
    assert console.login().get("/sales.csv", late="perhaps").status_code == 400


def test_the_page_of_a_sale_has_its_instalments(console: Console, path: str) -> None:
    console.scenario.pay("A1", KIT, 200_00)
    console.scenario.apply()

    page = console.login("read_only").get(path).text

    assert shown(page)[:10] == [
        "1", "1 Dec 2026", "150.00", "150.00", "7",
        "2", "8 Dec 2026", "150.00", "50.00", "7",
    ]  # fmt: skip
    assert "Baraka Mwangi" in page
    device_id = console.rows("SELECT id FROM devices WHERE serial = :serial", serial=KIT)[0][0]
    assert f'href="/console/devices/{device_id}"' in page
    assert f'href="/console{path}"' in console.login().get(f"/devices/{device_id}").text
    assert "The terms have not changed since" in page
    assert "Change price" not in page


def test_an_unknown_sale_has_no_page(console: Console) -> None:
    browser = console.login()

    assert {browser.get(f"/sales/99999{tail}").status_code for tail in ("", "/price")} == {404}


def test_an_appliance_is_sold_after_a_preview(console: Console) -> None:
    terms = {"appliance": "cooker", "scheme": "count", "count": "3", "cadence": "monthly"}
    browser = console.login("support")

    looked, done = browser.confirm(
        "/sales/new", number="0711 000 001", down_payment="100", **terms, **WHY
    )

    assert "Down payment KES 100.00, due 24 Nov 2026" in looked.text
    assert "3 instalments of KES 300.00, due 24 Dec 2026 to 24 Feb 2027" in looked.text
    assert "Cooker, for Amina Odhiambo" in looked.text
    assert console.audit() == [("support", "sell", "sale", WHY["reason"])]
    page = browser.get(done.location.removeprefix("/console")).text
    assert "an operator" in page
    assert WHY["reason"] in page
    assert console.rows("SELECT kind FROM sms WHERE msisdn = :to ORDER BY id DESC", to=AMINA)[
        0
    ] == ("agent_sms.agreed_plan",)
    console.scenario.check_invariants()


@pytest.mark.parametrize(
    ("serial", "typed", "expected"),
    [
        (STOCK_KIT, {"appliance": "kit", "instalment": "200"}, "3 instalments of KES 200.00"),
        (READY_KIT, {}, "6 instalments of KES 150.00"),
        (
            DAY_KIT,
            {"appliance": "sun", "scheme": "service"},
            "KES 50.00 a day, minimum payment KES 100.00",
        ),
    ],
)
def test_a_sale_registers_its_device_from_stock(
    console: Console, serial: str, typed: dict[str, str], expected: str
) -> None:
    looked, _ = console.login().confirm("/sales/new", number=CHIDI, serial=serial, **typed, **WHY)

    assert expected in looked.text
    assert console.rows(
        "SELECT c.name FROM devices d JOIN customers c ON c.id = d.owner_id WHERE serial = :serial",
        serial=serial,
    ) == [("Chidi",)]
    assert ("agent_sms.welcome",) in console.rows(
        "SELECT kind FROM sms WHERE msisdn = :to", to=CHIDI
    )
    console.scenario.check_invariants()


def test_the_preview_of_a_sale_writes_nothing(console: Console) -> None:
    before = console.rows("SELECT count(*) FROM sales")

    console.login().post("/sales/new", number=AMINA, appliance="cooker", count="3", **WHY)

    assert console.rows("SELECT count(*) FROM sales") == before
    assert console.audit() == []


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"number": "0799 000 000", "appliance": "cooker", "count": "3"}, "no customer has"),
        ({"number": AMINA, "count": "3"}, "there is no appliance"),
        ({"number": AMINA, "appliance": "kit", "count": "3"}, "sold with its device"),
        ({"number": AMINA, "appliance": "kit", "count": "3", "serial": KIT}, "another owner"),
        ({"number": AMINA, "appliance": "cooker", "count": "600"}, "1 to 520 instalments"),
        ({"number": AMINA, "appliance": "cooker", "scheme": "service"}, "price_per_day"),
        ({"number": AMINA, "appliance": "cooker", "count": "3", "reason": ""}, "this is required"),
    ],
)
def test_an_invalid_sale_is_refused(console: Console, typed: dict[str, str], expected: str) -> None:
    answer = console.login().post("/sales/new", **(WHY | typed))

    assert answer.status_code == 422
    assert expected.lower() in answer.text.lower()
    assert console.audit() == []


def test_a_new_price_is_spread_over_the_unpaid_instalments(console: Console, path: str) -> None:
    console.scenario.pay("A1", KIT, 150_00)
    console.scenario.apply()
    browser = console.login("finance")
    assert 'value="600.00"' in browser.get(f"{path}/price").text

    looked, done = browser.confirm(f"{path}/price", total="750", **WHY)

    assert "3 instalments of KES 200.00" in looked.text
    assert "Paid so far: KES 150.00" in looked.text
    assert plan_of(console) == [(150_00, 150_00)] + [(200_00, 0)] * 3
    assert console.audit() == [("finance", "reprice", "sale", WHY["reason"])]
    assert "Original price" in browser.get(done.location.removeprefix("/console")).text
    console.scenario.check_invariants()


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        ("600", "the plan as it is"),
        ("100", "less than has been paid"),
    ],
)
def test_an_invalid_price_is_refused(
    console: Console, path: str, total: str, expected: str
) -> None:
    console.scenario.pay("A1", KIT, 150_00)
    console.scenario.apply()

    answer = console.login().post(f"{path}/price", total=total, **WHY)

    assert answer.status_code == 422
    assert expected in answer.text
    assert console.audit() == []


def test_the_unpaid_instalments_are_rescheduled(console: Console, path: str) -> None:
    console.scenario.pay("A1", KIT, 150_00)
    console.scenario.apply()

    looked, _ = console.login("finance").confirm(
        f"{path}/schedule", count="2", cadence="monthly", first_on="2027-01-15", **WHY
    )

    assert "2 instalments of KES 225.00, due 15 Jan 2027 to 15 Feb 2027" in looked.text
    assert plan_of(console) == [(150_00, 150_00), (225_00, 0), (225_00, 0)]
    assert console.audit() == [("finance", "reschedule", "sale", WHY["reason"])]
    console.scenario.check_invariants()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({}, "either how many"),
        ({"count": "2", "instalment": "100"}, "either how many"),
        ({"count": "0"}, "1 to 520"),
        ({"instalment": "5000"}, "more than the financed amount"),
        ({"count": "2", "first_on": "2026-11-23"}, "today or later"),
        ({"count": "2", "first_on": "9999-12-31"}, "today or later"),
        ({"count": "2", "first_on": "soon"}, "enter the day"),
    ],
)
def test_an_invalid_schedule_is_refused(
    console: Console, path: str, typed: dict[str, str], expected: str
) -> None:
    answer = console.login().post(f"{path}/schedule", cadence="weekly", **typed, **WHY)

    assert answer.status_code == 422
    assert expected in answer.text.lower()
    assert console.audit() == []


def test_a_cancellation_is_previewed_and_returns_the_device_to_stock(
    console: Console, path: str
) -> None:
    console.scenario.pay("A1", KIT, 150_00)
    console.scenario.apply()
    browser = console.login("finance")

    looked, done = browser.confirm(f"{path}/cancel", **WHY)

    assert "KES 450.00 is no longer owed" in looked.text
    assert f"{KIT} goes back to stock" in looked.text
    assert f"A token that locks {KIT} is ordered" in looked.text
    assert console.rows("SELECT owner_id FROM devices WHERE serial = :s", s=KIT) == [(None,)]
    assert console.rows("SELECT kind FROM token_orders WHERE operator = 'finance'") == [("lock",)]
    page = browser.get(done.location.removeprefix("/console")).text
    assert "cancelled" in page
    assert f"{path}/cancel" not in page
    console.scenario.check_invariants()


def test_a_closed_sale_cannot_be_changed(console: Console) -> None:
    console.scenario.pay("A1", LAST_KIT, 150_00)
    console.scenario.apply()
    sale_id = console.rows(SALE_OF, serial=LAST_KIT)[0][0]

    answer = console.login().post(f"/sales/{sale_id}/cancel", **WHY)

    assert answer.status_code == 422
    assert "he sale has ended" in answer.text


def test_a_sale_by_the_day_has_no_plan_to_change(console: Console) -> None:
    browser = console.login()
    _, done = browser.confirm("/sales/new", number=CHIDI, serial=DAY_KIT, **WHY)
    path = done.location.removeprefix("/console")

    page = browser.get(path).text
    refused = browser.post(f"{path}/schedule", count="2", cadence="weekly", **WHY)

    assert "KES 50.00" in page
    assert f"{path}/cancel" in page
    assert f"{path}/price" not in page
    assert "no plan to change" in refused.text
