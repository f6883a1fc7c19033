"""The first day at the console, as docs/first-day-console.md tells it: from an empty book to the
month's payments in a file. One story: each test goes on where the one before ended."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from browser.chromium import Complaints
from browser.conftest import visit
from browser.desk import Desk
from browser.phone import Phone
from browser.town import Town

AMINA, AMINA_TYPED = "+254722100001", "0722100001"
METER, KIT = "37000100018", "LAMP31001"
STS = "ea=11;dkga=04;sgc=600000;krn=1;ti=01;kt=2;ken=255;base=2014"
KEY = {"Key of its own": "3f0a6d51c2b84e97a10d5b7c88e2f946", "Starting code": "407113382"}
BECAUSE = {"Reason": "our first day"}


@pytest.fixture(scope="module")
def desk(browser: Browser, empty_town: Town) -> Iterator[Desk]:
    with visit(browser, empty_town.url, Complaints()) as context:
        desk = Desk(context.new_page())
        desk.log_in("owner", empty_town.password)
        yield desk


@pytest.fixture(scope="module")
def phone(browser: Browser, empty_town: Town) -> Iterator[Phone]:
    with visit(browser, empty_town.url, Complaints()) as context:
        yield Phone(context.new_page())


@pytest.fixture(scope="module")
def receipts() -> dict[str, str]:
    """What was paid on this day, by what for."""
    return {}


def test_an_empty_book_leads_its_owner_to_the_market(desk: Desk) -> None:
    expect(desk.page).to_have_title("The market · Dialwatt")
    desk.fill(
        {
            "Operator": "Jua Energy",
            "Country": "KE",
            "Currency": "KES",
            "Smallest cash amount": "1.00",
            "Time zone": "Africa/Nairobi",
            "Languages": "en sw",
            "Service code": "*384*96#",
        }
        | BECAUSE
    )
    desk.press("Save")
    desk.sees("The market is set up.", "Jua Energy, Africa/Nairobi", "KES 0.00")


def test_a_village_makers_a_tariff_and_appliances_are_added(desk: Desk) -> None:
    desk.follow("Villages")
    desk.follow("Add a village")
    desk.fill({"Code": "KIB", "Name": "Kibwezi"} | BECAUSE)
    desk.press("Add")
    desk.follow("Manufacturers")
    for code, name, kind, codes, sts in (
        ("sunlite", "SunLite", "shs", "openpaygo", ""),
        ("umeme", "Umeme Meters", "meter", "sts", STS),
    ):
        desk.follow("Add a manufacturer")
        desk.fill({"Code": code, "Name": name, "Makes": kind, "Codes": codes} | BECAUSE)
        desk.fill({"STS data of new meters": sts})
        desk.press("Add")
    desk.follow("Tariffs")
    desk.follow("Add a tariff")
    desk.fill({"Code": "home", "Name": "Home", "Price of a kWh": "25"} | BECAUSE)
    desk.fill({"Access rate": "100", "Due every so many days": "30"})
    desk.press("Show what it does")
    desk.sees("KES 25.00 a kWh, access KES 100.00 every 30 days")
    desk.press("Add")
    desk.sees("The tariff was added.", "in force")
    desk.follow("Appliances")
    for code, name, kind, price in (
        ("lamp3", "Three-lamp kit", "solar kit", "7800"),
        ("cooker", "Electric cooker", "other", "1800"),
    ):
        desk.follow("Add an appliance")
        desk.fill({"Code": code, "Name": name, "Kind": kind, "Price on a plan": price} | BECAUSE)
        desk.press("Add")
    assert [row[1] for row in desk.rows()] == ["Electric cooker", "Three-lamp kit"]


def test_a_meter_and_a_kit_with_its_key_are_entered_into_stock(desk: Desk) -> None:
    for kind, maker, facts in (
        ("meter", "Umeme Meters", {"Serial number": METER, "Tariff": "Home"}),
        ("solar kit", "SunLite", {"Serial number": "LAMP3-1001"} | KEY),
    ):
        desk.follow("Devices")
        desk.follow("Enter a device")
        desk.fill({"Kind": kind, "Manufacturer": maker} | facts | BECAUSE)
        desk.press("Enter it")
        desk.sees("It is in stock.")
    desk.follow("Devices")
    assert {row[0] for row in desk.rows()} == {METER, KIT}


def test_a_customer_is_registered_with_a_meter_and_told_by_text(desk: Desk, phone: Phone) -> None:
    desk.follow("Customers")
    desk.follow("Register a customer")
    desk.fill({"Phone number": AMINA_TYPED, "Name": "Amina", "Surname": "Odhiambo"})
    desk.fill({"Village": "Kibwezi", "Language": "en", "Serial number": METER})
    desk.press("Show what it does")
    desk.sees(f"Amina Odhiambo, {AMINA}, Kibwezi", f"Devices: {METER}")
    desk.press("Register")
    desk.sees("Registered. The customer is told by text.", METER)
    phone.take(AMINA)
    assert METER in phone.open_text(METER)


def test_an_appliance_is_sold_with_each_scheme_after_a_look_at_its_plan(desk: Desk) -> None:
    desk.follow("Sell")
    desk.fill({"Appliance": "Electric cooker", "Paid": "a number of instalments"} | BECAUSE)
    desk.fill({"How many instalments": "6", "How often": "every month"})
    desk.press("Show what it does")
    desk.sees("6 instalments of KES 300.00", "In all KES 1,800.00")
    desk.press("Sell")
    desk.sees("It is sold.")
    assert [row[2] for row in desk.rows()] == ["300.00"] * 6

    desk.follow("Amina Odhiambo")
    desk.follow("Sell")
    desk.fill({"Serial number": "LAMP3-1001", "Appliance": "Three-lamp kit"} | BECAUSE)
    desk.fill({"Paid": "an amount for each instalment", "Amount of an instalment": "160"})
    desk.fill({"How often": "every week", "Down payment": "300"})
    desk.press("Show what it does")
    desk.sees(
        "Down payment KES 300.00", "46 instalments of KES 160.00", "1 instalment of KES 140.00"
    )
    desk.press("Sell")
    desk.sees("It is sold.")
    assert [row[2] for row in desk.rows()] == ["300.00", *["160.00"] * 46, "140.00"]


def test_a_payment_from_the_phone_is_followed_to_its_code(
    desk: Desk, phone: Phone, receipts: dict[str, str]
) -> None:
    phone.take(AMINA)
    receipts["kit"] = phone.pay_bill("LAMP3-1001", "780")
    assert receipts["kit"] in phone.open_text(receipts["kit"])
    phone.type_in(KIT)
    expect(phone.device(KIT)).to_contain_text("Accepted")
    expect(phone.device(KIT).get_by_role("img")).to_have_accessible_name("21")

    desk.follow("Payments")
    desk.wait_for(receipts["kit"])
    desk.follow(receipts["kit"])
    desk.wait_for("delivered")
    desk.sees("KES 780.00", "applied", "down payment", "300.00", "160.00", "21 days")
    desk.follow("See it")
    desk.fill({"Reason": "she asks for it at the desk"})
    desk.press("Show it")
    desk.sees(f"The code for {KIT} is ")
    desk.follow("Audit")
    desk.sees("she asks for it at the desk")


def test_money_for_no_device_waits_in_suspense_until_it_is_matched(
    desk: Desk, phone: Phone, receipts: dict[str, str]
) -> None:
    phone.key("End")
    receipts["meter"] = phone.pay_bill("37000100081", "250", how="Pay bill without validation")
    desk.follow("Suspense")
    desk.wait_for(receipts["meter"])
    desk.follow(receipts["meter"])
    desk.sees("What the payer may have meant", METER)
    suggestion = desk.main.locator("tr").filter(has_text=METER)
    desk.follow("Match", at=suggestion)
    desk.fill({"Reason": "two digits changed places"})
    desk.press("Match")
    desk.sees(f"Matched to {METER}")
    desk.wait_for("10.0 kWh")
    assert receipts["meter"] in phone.open_text("kWh")
    phone.type_in(METER)
    expect(phone.device(METER)).to_contain_text("Accepted")
    expect(phone.device(METER).get_by_role("img")).to_have_accessible_name("10.0")


def test_the_month_is_exported_and_its_books_agree(desk: Desk, receipts: dict[str, str]) -> None:
    desk.open("/")
    desk.sees("KES 1,030.00 2 payments today")
    desk.follow("Export the month")
    desk.fill({"Month": f"{datetime.now(ZoneInfo('Africa/Nairobi')):%Y-%m}"})
    files = ZipFile(desk.download("Export"))
    payments = table_in(files, "payments")
    assert {row["Receipt"]: row["Amount"] for row in payments} == {
        receipts["kit"]: "780.00",
        receipts["meter"]: "250.00",
    }
    checks = table_in(files, "checks")
    assert checks
    assert [row for row in checks if row["The one"] != row["The other"]] == []


def table_in(files: ZipFile, name: str) -> list[dict[str, str]]:
    [path] = [path for path in files.namelist() if path.startswith(f"{name}-")]
    return list(csv.DictReader(io.StringIO(files.read(path).decode("utf-8-sig"))))
