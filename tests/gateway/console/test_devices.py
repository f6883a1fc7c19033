"""Devices at the console: listed, shown, entered into stock, given a plan, moved, replaced."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.tokens.sealing import bound_to
from tests.gateway.console.conftest import Browser, Console
from tests.gateway.console.test_listing import exported
from tests.support.cast import AMINA, KIT, METER, NEEMA, NEW_METER, RING, STOCK_KIT, STOCK_METER
from tests.support.cast import READY_KIT as TV


def path(console: Console, serial: str, action: str = "") -> str:
    [(device_id,)] = console.rows("SELECT id FROM devices WHERE serial = :serial", serial=serial)
    return f"/devices/{device_id}{action}"


def serials(browser: Browser, **asked: str) -> list[str]:
    return [line[0] for line in exported(browser.get("/devices.csv", **asked))[1:]]


def test_devices_are_found_by_serial_kind_manufacturer_tariff_and_state(console: Console) -> None:
    browser = console.login("read_only")

    assert serials(browser, serial="lamp 100") == [KIT]
    assert METER in serials(browser, kind="meter", place="owned")
    assert STOCK_METER not in serials(browser, kind="meter", place="owned")
    assert set(serials(browser, manufacturer="umeme")) == set(serials(browser, kind="meter"))
    assert STOCK_METER not in serials(browser, tariff="home")
    assert STOCK_KIT in serials(browser, place="in_stock")


def test_the_page_of_a_device_has_payments_and_hidden_tokens(console: Console) -> None:
    [(code,)] = console.rows("SELECT text FROM tokens")

    page = console.login("support").get(path(console, METER)).text

    assert "Amina Odhiambo" in page
    assert "RA1" in page
    assert "Reveal" in page
    assert code not in page.replace(" ", "").replace("-", "")


def test_the_page_of_a_kit_has_its_sale(console: Console) -> None:
    page = console.login("read_only").get(path(console, KIT)).text

    assert "Baraka Mwangi" in page
    assert "600.00" in page


def test_a_meter_is_entered_by_its_number(console: Console) -> None:
    typed = {"serial": NEW_METER, "kind": "meter", "manufacturer": "umeme", "tariff": "home"}

    done = console.login("support").post("/devices/new", **typed, reason="one more in the box")

    assert done.status_code == 302
    assert console.rows(
        "SELECT d.owner_id, d.sts = m.sts, t.code FROM devices d JOIN tariffs t"
        " ON t.id = d.tariff_id JOIN manufacturers m ON m.id = d.manufacturer_id"
        " WHERE serial = :serial",
        serial=NEW_METER,
    ) == [(None, True, "home")]
    assert console.audit() == [("support", "enter", "device", "one more in the box")]


LAMP = {"serial": "LAMP900", "kind": "shs", "manufacturer": "sunlite", "reason": "a new box"}
KEY = "00112233445566778899AABBCCDDEEFF"


def test_a_kit_is_entered_with_its_key_and_gets_tokens(console: Console) -> None:
    browser = console.login("support")

    done = browser.post("/devices/new", **LAMP, secret_key=f"{KEY} ", starting_code="123456789")

    assert done.status_code == 302
    [(sealed, starting_code)] = console.rows(
        "SELECT sealed_key, starting_code FROM devices WHERE serial = 'LAMP900'"
    )
    assert starting_code == 123456789
    assert RING.open(bytes(sealed), bound_to("LAMP900")) == bytes.fromhex(KEY)
    assert bytes.fromhex(KEY) not in bytes(sealed)
    assert console.rows("SELECT details FROM audit_log ORDER BY id DESC LIMIT 1") == [
        ({"serial": "LAMP900"},)
    ]
    assert KEY not in browser.get(path(console, "LAMP900")).text.upper()
    terms = {"appliance": "kit", "scheme": "count", "count": "4", "cadence": "weekly"}
    browser.confirm("/sales/new", number=NEEMA, serial="LAMP900", **terms, reason="sold")
    console.scenario.pay("K1", "LAMP900", 150_00)
    console.scenario.apply()
    assert console.rows(
        "SELECT t.kind, t.units FROM tokens t JOIN devices d ON d.id = t.device_id"
        " WHERE d.serial = 'LAMP900'"
    ) == [("days", 7)]


def test_a_device_key_is_never_sent_back(console: Console) -> None:
    answer = console.login().post("/devices/new", **LAMP | {"serial": KIT}, secret_key=KEY)

    assert answer.status_code == 422
    assert "registered already" in answer.text
    assert KEY not in answer.text


def test_without_a_sealing_key_no_device_key_is_accepted(console: Console) -> None:
    application = console.app.extensions
    application["console"] = replace(application["console"], sealing_key=None)

    answer = console.login().post("/devices/new", **LAMP, secret_key=KEY)

    assert answer.status_code == 422
    assert "DEVICE_KEY_PUBLIC" in answer.text
    assert console.rows("SELECT id FROM devices WHERE serial = 'LAMP900'") == []


def test_a_meter_is_entered_with_sts_data_of_its_own(console: Console) -> None:
    typed = {"serial": NEW_METER, "kind": "meter", "manufacturer": "umeme", "reason": "an old one"}

    done = console.login().post(
        "/devices/new", **typed, sts="ea=11;dkga=04;sgc=600000;krn=2;ti=03;kt=2"
    )

    assert done.status_code == 302
    assert console.rows(
        "SELECT sts ->> 'krn', sts ->> 'ti' FROM devices WHERE serial = :new", new=NEW_METER
    ) == [("2", "03")]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            {"manufacturer": "sunlite", "kind": "shs", "serial": "L9", "secret_key": "xy"},
            "hexadecimal",
        ),
        (
            {"manufacturer": "sunlite", "kind": "shs", "serial": "L9", "secret_key": "00"},
            "has 1 bytes",
        ),
        ({"secret_key": KEY}, "do not belong"),
        ({"sts": "ea=11"}, "the STS data of a meter is written as"),
        ({"sts": "ea=11;dkga=04;sgc=600000;krn=2;ti=03;kt=1"}, "key type 1"),
        ({"serial": METER}, "registered already"),
        ({"serial": "01000000058"}, "check digit"),
        ({"kind": "shs"}, "this manufacturer makes meter"),
        ({"manufacturer": "sunlite", "kind": "shs", "serial": "LAMP900"}, "needs the device"),
        ({"plan": "tv6"}, "only a kit or an e-bike"),
    ],
)
def test_an_invalid_device_is_refused_beside_its_field(
    console: Console, typed: dict[str, str], expected: str
) -> None:
    given = {"serial": NEW_METER, "kind": "meter", "manufacturer": "umeme", "reason": "new"} | typed

    answer = console.login().post("/devices/new", **given)

    assert answer.status_code == 422
    assert expected.lower() in answer.text.lower()
    assert console.audit() == []
    assert console.rows("SELECT id FROM devices WHERE serial = :new", new=NEW_METER) == []


def test_a_product_is_set_on_a_device_and_found_by_it(console: Console) -> None:
    browser = console.login("support")
    where = path(console, STOCK_KIT)

    done = browser.post(f"{where}/product", product="kit", reason="as on the box")
    other = browser.post(path(console, KIT, "/product"), product="tv", reason="a slip")
    bike = browser.post(f"{where}/product", product="bike", reason="a slip")

    assert (done.status_code, other.status_code, bike.status_code) == (302, 422, 422)
    assert "end that sale first" in other.text
    assert "Lamp kit" in browser.get(where).text
    assert serials(browser, product="kit") == [STOCK_KIT]
    assert STOCK_KIT not in serials(browser, product="-")
    assert console.audit() == [("support", "set_product", "device", "as on the box")]


def test_a_device_whose_product_is_known_is_sold_without_naming_it(console: Console) -> None:
    browser = console.login("support")
    browser.post(path(console, STOCK_KIT, "/product"), product="kit", reason="as on the box")
    terms = {"scheme": "count", "count": "4", "cadence": "weekly"}

    refused = browser.post(
        "/sales/new", number=NEEMA, serial=STOCK_KIT, appliance="tv", **terms, reason="a slip"
    )
    looked, _ = browser.confirm(
        "/sales/new", number=NEEMA, serial=STOCK_KIT, **terms, reason="agreed on"
    )

    assert f"Lamp kit, {STOCK_KIT}, for Neema Achieng" in looked.text
    assert f"{STOCK_KIT} is Lamp kit, not Solar TV" in refused.text


def test_a_plan_can_be_preset_only_on_a_kit_in_stock(console: Console) -> None:
    browser = console.login("support")

    done = browser.post(path(console, STOCK_KIT, "/plan"), plan="tv6", reason="for walk-ins")
    owned = browser.post(path(console, KIT, "/plan"), plan="tv6", reason="for walk-ins")
    meter = browser.post(path(console, STOCK_METER, "/plan"), plan="tv6", reason="for walk-ins")

    assert (done.status_code, owned.status_code, meter.status_code) == (302, 422, 422)
    assert "has an owner already" in owned.text
    plans = "SELECT count(*) FROM devices WHERE plan_offer_id = (SELECT plan_offer_id FROM devices"
    assert console.rows(f"{plans} WHERE serial = :tv)", tv=TV) == [(2,)]
    assert console.audit() == [("support", "set_plan", "device", "for walk-ins")]


def test_a_preset_plan_is_removed(console: Console) -> None:
    browser = console.login("support")
    where = path(console, TV)
    assert "Remove the plan" in browser.get(where).text

    done = browser.post(f"{where}/plan/remove", reason="the offer ended")
    again = browser.post(f"{where}/plan/remove", reason="the offer ended")

    assert (done.status_code, again.status_code) == (302, 422)
    assert "no plan is set" in again.text.lower()
    assert console.rows("SELECT plan_offer_id FROM devices WHERE serial = :tv", tv=TV) == [(None,)]
    assert console.audit() == [("support", "remove_plan", "device", "the offer ended")]
    assert "Remove the plan" not in browser.get(where).text


def test_a_broken_kit_is_replaced_after_a_preview(console: Console) -> None:
    console.scenario.pay("K1", KIT, 150_00)
    console.scenario.apply()
    browser = console.login("support")
    where = path(console, KIT)
    assert '/replace"' in browser.get(where).text

    looked, done = browser.confirm(f"{where}/replace", serial=STOCK_KIT, reason="water got in")

    ordered = "A token for the 7 remaining days is ordered."
    assert f"{STOCK_KIT} replaces {KIT}. {ordered}" in looked.text
    assert console.rows(
        "SELECT kind, units FROM token_orders WHERE state = 'waiting' ORDER BY id DESC LIMIT 1"
    ) == [("days", 7)]
    page = browser.get(done.location.removeprefix("/console")).text
    assert ordered in page
    assert "Baraka Mwangi" in page
    old = browser.get(where).text
    assert "retired" in old
    assert f">{STOCK_KIT}</a>" in old
    assert "Register for a customer" not in old
    assert [action[:3] for action in console.audit()][-2:] == [
        ("support", "replace", "device"),
        ("support", "replace", "customer"),
    ]
    assert serials(browser, place="retired") == [KIT]
    assert KIT not in serials(browser, place="in_stock")


def test_a_meter_is_transferred_and_both_customers_get_an_sms(console: Console) -> None:
    support = console.login("support")

    looked, done = support.confirm(
        path(console, METER, "/transfer"), number=NEEMA, reason="sold the house"
    )

    assert f"meter, {METER}, for Neema Achieng" in looked.text
    assert done.status_code == 302
    assert "Neema Achieng" in support.get(path(console, METER)).text
    assert console.audit() == [("support", "transfer_meter", "device", "sold the house")]
    recipients = (
        "SELECT msisdn FROM sms WHERE dedupe_key LIKE 'moved:%' OR dedupe_key LIKE 'welcome:%'"
    )
    assert {row[0] for row in console.rows(recipients)} == {AMINA, NEEMA}


@pytest.mark.parametrize(
    ("serial", "number", "expected"),
    [
        (METER, AMINA, "is theirs already"),
        (METER, "+254799999999", "no customer has the number"),
        (STOCK_METER, NEEMA, "not registered to anybody"),
        (KIT, NEEMA, "is not a meter"),
    ],
)
def test_an_invalid_transfer_is_refused(
    console: Console, serial: str, number: str, expected: str
) -> None:
    answer = console.login().post(path(console, serial, "/transfer"), number=number, reason="moved")

    assert answer.status_code == 422
    assert expected.lower() in answer.text.lower()
    assert console.audit() == []


@pytest.mark.parametrize(
    "action", ["", "/product", "/plan", "/plan/remove", "/transfer", "/replace"]
)
def test_an_unknown_device_has_no_page(console: Console, action: str) -> None:
    assert console.login().get(f"/devices/999999{action}").status_code == 404
