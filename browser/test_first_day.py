"""The first day at the console, as in docs/first-day-console.md: from an empty database to the
month export. Each test continues where the one before ended."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from browser.chromium import BrowserErrors
from browser.conftest import browser_context
from browser.console_page import ConsolePage
from browser.installation import Installation
from browser.phone import Phone

AMINA, AMINA_TYPED = "+254722100001", "0722100001"
METER, KIT = "37000100018", "LAMP31001"
STS = "ea=11;dkga=04;sgc=600000;krn=1;ti=01;kt=2;ken=255;base=2014"
KEY = {"Device key": "3f0a6d51c2b84e97a10d5b7c88e2f946", "Starting code": "407113382"}
REASON = {"Reason": "our first day"}


@pytest.fixture(scope="module")
def console(browser: Browser, empty_installation: Installation) -> Iterator[ConsolePage]:
    with browser_context(browser, empty_installation.url, BrowserErrors()) as context:
        console = ConsolePage(context.new_page())
        console.log_in("owner", empty_installation.password)
        yield console


@pytest.fixture(scope="module")
def phone(browser: Browser, empty_installation: Installation) -> Iterator[Phone]:
    with browser_context(browser, empty_installation.url, BrowserErrors()) as context:
        yield Phone(context.new_page())


@pytest.fixture(scope="module")
def receipts() -> dict[str, str]:
    """The receipts of the payments, by kind of device."""
    return {}


def test_an_empty_database_leads_its_owner_to_the_market(console: ConsolePage) -> None:
    expect(console.page).to_have_title("The market · Dialwatt")
    console.fill(
        {
            "Operator": "Jua Energy",
            "Country": "KE",
            "Currency": "KES",
            "Smallest cash amount": "1.00",
            "Time zone": "Africa/Nairobi",
            "Languages": "en sw",
            "Service code": "*384*96#",
        }
        | REASON
    )
    console.press("Save")
    console.sees("The market is saved.", "Jua Energy, Africa/Nairobi", "KES 0.00")


def test_a_village_manufacturers_a_tariff_and_appliances_are_added(console: ConsolePage) -> None:
    console.follow("Villages")
    console.follow("Add a village")
    console.fill({"Code": "KIB", "Name": "Kibwezi"} | REASON)
    console.press("Add")
    console.follow("Manufacturers")
    for code, name, kind, family, sts in (
        ("sunlite", "SunLite", "shs", "openpaygo", ""),
        ("umeme", "Umeme Meters", "meter", "sts", STS),
    ):
        console.follow("Add a manufacturer")
        console.fill(
            {"Code": code, "Name": name, "Device kinds": kind, "Token family": family} | REASON
        )
        console.fill({"STS data of new meters": sts})
        console.press("Add")
    console.follow("Tariffs")
    console.follow("Add a tariff")
    console.fill({"Code": "home", "Name": "Home", "Price of a kWh": "25"} | REASON)
    console.fill({"Access rate": "100", "Access rate due every (days)": "30"})
    console.press("Preview")
    console.sees("KES 25.00 a kWh, access rate KES 100.00 every 30 days")
    console.press("Add")
    console.sees("The tariff was added.", "in force")
    console.follow("Appliances")
    for code, name, kind, price in (
        ("lamp3", "Three-lamp kit", "solar kit", "7800"),
        ("cooker", "Electric cooker", "other", "1800"),
    ):
        console.follow("Add an appliance")
        console.fill({"Code": code, "Name": name, "Kind": kind, "Price on a plan": price} | REASON)
        console.press("Add")
    assert [row[1] for row in console.rows()] == ["Electric cooker", "Three-lamp kit"]


def test_a_meter_and_a_kit_with_its_key_are_entered_into_stock(console: ConsolePage) -> None:
    for kind, manufacturer, fields in (
        ("meter", "Umeme Meters", {"Serial number": METER, "Tariff": "Home"}),
        ("solar kit", "SunLite", {"Serial number": "LAMP3-1001"} | KEY),
    ):
        console.follow("Devices")
        console.follow("Enter a device")
        console.fill({"Kind": kind, "Manufacturer": manufacturer} | fields | REASON)
        console.press("Enter it")
        console.sees("The device is in stock.")
    console.follow("Devices")
    assert {row[0] for row in console.rows()} == {METER, KIT}


def test_a_customer_is_registered_with_a_meter_and_gets_an_sms(
    console: ConsolePage, phone: Phone
) -> None:
    console.follow("Customers")
    console.follow("Register a customer")
    console.fill({"Phone number": AMINA_TYPED, "Name": "Amina", "Surname": "Odhiambo"})
    console.fill({"Village": "Kibwezi", "Language": "en", "Serial number": METER})
    console.press("Preview")
    console.sees(f"Amina Odhiambo, {AMINA}, Kibwezi", f"Devices: {METER}")
    console.press("Register")
    console.sees("Registered. The customer gets an SMS.", METER)
    phone.take(AMINA)
    assert METER in phone.open_text(METER)


def test_an_appliance_is_sold_with_each_scheme_after_a_preview(
    console: ConsolePage,
) -> None:
    console.follow("Sell")
    console.fill({"Appliance": "Electric cooker", "Scheme": "by number of instalments"} | REASON)
    console.fill({"Number of instalments": "6", "Cadence": "every month"})
    console.press("Preview")
    console.sees("6 instalments of KES 300.00", "Total KES 1,800.00")
    console.press("Sell")
    console.sees("The appliance is sold.")
    assert [row[2] for row in console.rows()] == ["300.00"] * 6

    console.follow("Amina Odhiambo")
    console.follow("Sell")
    console.fill({"Serial number": "LAMP3-1001", "Appliance": "Three-lamp kit"} | REASON)
    console.fill({"Scheme": "by amount of an instalment", "Amount of an instalment": "160"})
    console.fill({"Cadence": "every week", "Down payment": "300"})
    console.press("Preview")
    console.sees(
        "Down payment KES 300.00", "46 instalments of KES 160.00", "1 instalment of KES 140.00"
    )
    console.press("Sell")
    console.sees("The appliance is sold.")
    assert [row[2] for row in console.rows()] == ["300.00", *["160.00"] * 46, "140.00"]


def test_a_payment_from_the_phone_is_followed_to_its_token(
    console: ConsolePage, phone: Phone, receipts: dict[str, str]
) -> None:
    phone.take(AMINA)
    receipts["kit"] = phone.pay_bill("LAMP3-1001", "780")
    assert receipts["kit"] in phone.open_text(receipts["kit"])
    phone.type_in(KIT)
    expect(phone.device(KIT)).to_contain_text("Accepted")
    expect(phone.device(KIT).get_by_role("img")).to_have_accessible_name("21")

    console.follow("Payments")
    console.wait_for(receipts["kit"])
    console.follow(receipts["kit"])
    console.wait_for("delivered")
    console.sees("KES 780.00", "applied", "down payment", "300.00", "160.00", "21 days")
    console.follow("Reveal")
    console.fill({"Reason": "she asks for it on the phone"})
    console.press("Reveal it")
    console.sees("shown only once")
    console.follow("Audit log")
    console.sees("she asks for it on the phone")


def test_money_for_no_device_waits_in_suspense_until_it_is_matched(
    console: ConsolePage, phone: Phone, receipts: dict[str, str]
) -> None:
    phone.key("End")
    receipts["meter"] = phone.pay_bill("37000100081", "250", how="Pay bill without validation")
    console.follow("Suspense")
    console.wait_for(receipts["meter"])
    console.follow(receipts["meter"])
    console.sees("Possible matches", METER)
    suggestion = console.main.locator("tr").filter(has_text=METER)
    console.follow("Match", at=suggestion)
    console.fill({"Reason": "two digits changed places"})
    console.press("Preview")
    console.sees("The money serves")
    console.press("Match")
    console.sees(f"The payment is matched to {METER}")
    console.wait_for("10.0 kWh")
    assert receipts["meter"] in phone.open_text("kWh")
    phone.type_in(METER)
    expect(phone.device(METER)).to_contain_text("Accepted")
    expect(phone.device(METER).get_by_role("img")).to_have_accessible_name("10.0")


def test_the_month_is_exported_and_its_sums_agree(
    console: ConsolePage, receipts: dict[str, str]
) -> None:
    console.open("/")
    console.sees("KES 1,030.00 2 payments today")
    console.follow("Month export")
    console.fill({"Month": f"{datetime.now(ZoneInfo('Africa/Nairobi')):%Y-%m}"})
    files = ZipFile(console.download("Export"))
    payments = table_in(files, "payments")
    assert {row["Receipt"]: row["Amount"] for row in payments} == {
        receipts["kit"]: "780.00",
        receipts["meter"]: "250.00",
    }
    checks = table_in(files, "checks")
    assert checks
    assert [row for row in checks if row["List"] != row["Ledger"]] == []


def table_in(files: ZipFile, name: str) -> list[dict[str, str]]:
    [path] = [path for path in files.namelist() if path.startswith(f"{name}-")]
    return list(csv.DictReader(io.StringIO(files.read(path).decode("utf-8-sig"))))
