"""Device requests: listed, granted on a tariff or a plan, declined; the callers get an SMS."""

from __future__ import annotations

import pytest

from core.usecases.customers.register_customers import NewCustomer
from core.usecases.registration.self_service import request_device
from tests.gateway.console.conftest import Console
from tests.gateway.console.test_agents import confirmed
from tests.gateway.console.test_listing import exported
from tests.support.cast import NEEMA, STOCK_KIT, STOCK_METER, STRANGER


def path(console: Console, action: str) -> str:
    return f"/device-requests/{console.ids['request_id']}/{action}"


def owner_of(console: Console, serial: str) -> list[tuple[object, ...]]:
    return console.rows(
        "SELECT n.msisdn, c.name, c.language FROM devices d JOIN customers c ON c.id = d.owner_id"
        " JOIN customer_msisdns n ON n.customer_id = c.id WHERE d.serial = :serial",
        serial=serial,
    )


def recipients(console: Console, kind: str) -> set[object]:
    dedupe_key = f"{kind}:%"
    rows = console.rows(
        "SELECT msisdn FROM sms WHERE dedupe_key LIKE :dedupe_key", dedupe_key=dedupe_key
    )
    return {row[0] for row in rows}


@pytest.fixture
def kit_asked(console: Console) -> Console:
    """Neema, who is a customer, wants a kit on which no plan is set."""
    with console.scenario.open_unit() as unit:
        request_device(unit, NewCustomer(NEEMA), STOCK_KIT)
    console.ids["request_id"] = console.rows("SELECT max(id) FROM device_requests")[0][0]
    return console


def test_a_request_is_listed_until_the_device_has_an_owner(kit_asked: Console) -> None:
    browser = kit_asked.login("support")

    lines = exported(browser.get("/device-requests.csv"))[1:]

    assert [(line[1], line[2], line[4]) for line in lines] == [
        (STRANGER, "Wanjiku Kamau", STOCK_METER),
        (NEEMA, "Neema Achieng", STOCK_KIT),
    ]
    assert len(exported(browser.get("/device-requests.csv", msisdn=NEEMA))) == 2


def test_a_request_for_a_meter_is_granted_with_a_tariff(console: Console) -> None:
    with console.scenario.open_unit() as unit:
        request_device(unit, NewCustomer(NEEMA), STOCK_METER)
    support = console.login("support")

    shown, done = confirmed(support, path(console, "grant"), tariff="home", reason="paid the fee")

    assert "Home: KES 100.00 buys 1.0 kWh" in shown.text
    assert done.status_code == 302
    assert owner_of(console, STOCK_METER) == [(STRANGER, "Wanjiku", "en")]
    assert recipients(console, "welcome") == {STRANGER}
    assert recipients(console, "not_granted") == {NEEMA}
    assert console.rows("SELECT count(*) FROM device_requests") == [(0,)]
    assert ("support", "grant", "device", "paid the fee") in console.audit()


def test_a_request_for_a_kit_is_granted_with_a_previewed_plan(kit_asked: Console) -> None:
    support = kit_asked.login("support")

    shown, done = confirmed(support, path(kit_asked, "grant"), plan="tv6", reason="agreed by phone")

    assert "Total KES 900.00" in shown.text
    assert done.status_code == 302
    assert owner_of(kit_asked, STOCK_KIT) == [(NEEMA, "Neema", "sw")]
    assert kit_asked.rows(
        "SELECT a.code, s.state FROM sales s JOIN devices d ON d.id = s.device_id"
        " JOIN appliances a ON a.id = s.appliance_id WHERE d.serial = :kit",
        kit=STOCK_KIT,
    ) == [("tv", "open")]


def test_a_kit_whose_product_has_no_plans_is_granted_on_figures_of_its_own(
    kit_asked: Console,
) -> None:
    lamp = "(SELECT id FROM appliances WHERE code = 'kit')"
    kit_asked.scenario.run(
        f"UPDATE devices SET product_id = {lamp} WHERE serial = :kit", kit=STOCK_KIT
    )
    support = kit_asked.login("support")
    form = support.get(path(kit_asked, "grant")).text
    others = support.post(path(kit_asked, "grant"), plan="tv6", reason="agreed by phone")

    shown, done = confirmed(
        support, path(kit_asked, "grant"), scheme="count", count="4", reason="agreed by phone"
    )

    assert "Solar TV" not in form
    assert others.status_code == 422
    assert f"Lamp kit, {STOCK_KIT}, for Neema Achieng" in shown.text
    assert "Total KES 600.00" in shown.text
    assert done.status_code == 302
    kit_asked.scenario.check_invariants()


def test_a_grant_needs_terms_and_a_reason(kit_asked: Console) -> None:
    support = kit_asked.login("support")

    without_plan = support.post(path(kit_asked, "grant"), reason="agreed by phone")
    without_reason = support.post(path(kit_asked, "grant"), plan="tv6")

    assert (without_plan.status_code, without_reason.status_code) == (422, 422)
    assert owner_of(kit_asked, STOCK_KIT) == []
    assert kit_asked.audit() == []


def test_the_preview_of_a_grant_writes_nothing(console: Console) -> None:
    shown = console.login("support").post(path(console, "grant"), tariff="home", reason="paid")

    assert shown.status_code == 200
    assert owner_of(console, STOCK_METER) == []
    assert recipients(console, "welcome") == set()


def test_a_declined_request_is_deleted_and_the_caller_gets_an_sms(console: Console) -> None:
    support = console.login("support")

    done = support.post(path(console, "decline"), reason="the meter is broken")

    assert done.location == "/console/device-requests/"
    assert recipients(console, "not_granted") == {STRANGER}
    assert owner_of(console, STOCK_METER) == []
    assert console.audit() == [("support", "decline", "device", "the meter is broken")]
    assert support.get(path(console, "grant")).status_code == 404
    assert support.post(path(console, "decline"), reason="again").status_code == 404
