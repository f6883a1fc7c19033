"""Daily work at the console with the demo data: customers, manual tokens, SMS, sales, exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.chromium import BrowserErrors
from browser.console_page import ConsolePage
from browser.installation import Installation
from browser.phone import Phone

AMINA, BARAKA, NEEMA = "+254722000001", "+254722000002", "+254722000004"
METER, KIT = "37000100018", "LAMP31001"


@pytest.fixture(scope="module")
def paid(installation: Installation) -> str:
    """Amina pays 500 for her meter: her overdue loan, the access rate, and energy."""
    return installation.pay_bill(AMINA, METER, "500")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("0722 000 001", "Amina Odhiambo"),
        ("neema", "Neema Wanjiru"),
        ("Baraka M", "Baraka Mwangi"),
        ("lamp3-1001", "Baraka Mwangi"),
    ],
)
def test_a_customer_is_found_by_number_name_and_serial(
    typed: str, found: str, log_in: Callable[[str], ConsolePage]
) -> None:
    console = log_in("read-only")
    console.open("/customers/")
    console.fill({"Phone number, name or serial number": typed})
    console.press("Show")
    assert [row[0] for row in console.rows()] == [found]


def test_a_customer_page_has_a_timeline_with_links_to_payments(
    paid: str, log_in: Callable[[str], ConsolePage]
) -> None:
    console = log_in("support")
    console.open("/customers/")
    console.follow("Amina Odhiambo")
    console.wait_for("token:")
    timeline = console.main.locator(".timeline")
    for words in (
        "Paid KES 500.00",
        "instalment 300.00",
        f"access rate 100.00 for {METER}",
        "4.0 kWh",
    ):
        expect(timeline).to_contain_text(words)
    console.follow(paid)
    console.wait_for("delivered")
    console.sees("access", "100.00", "clearing:daraja:600123", "receivable:sales")


def test_the_dashboard_shows_where_callers_hang_up(
    installation: Installation, log_in: Callable[[str], ConsolePage]
) -> None:
    console = log_in("read-only")
    phone = Phone(console.page.context.new_page())
    phone.take(BARAKA)
    phone.dial()
    phone.answer("1", "LAMP31001. Due now KES 0.")
    phone.answer("150", "7 days.")
    phone.answer("1", "Check your phone")
    phone.key("OK")
    phone.approve()
    phone.key("OK")
    phone.open_text("7 days")
    phone.key("End")
    phone.dial()
    phone.answer("1", "How much will you pay?")
    phone.key("End")

    console.open("/")
    console.wait_for("payment.amount")
    row = console.main.get_by_role("row").filter(has_text="payment.amount")
    assert row.locator("td").all_inner_texts()[:3] == ["payment.amount", "2", "1"]
    expect(row.get_by_role("progressbar")).to_be_visible()


def test_a_manual_token_of_days_reaches_the_phone(
    installation: Installation, log_in: Callable[[str], ConsolePage]
) -> None:
    console = log_in("support")
    console.open("/manual-tokens/")
    console.follow("Order a token")
    console.fill({"Serial number": KIT, "Kind": "days"})
    console.fill({"Days, or kWh": "3", "Reason": "the dealer was late"})
    console.press("Order it")
    console.sees(f"The token for {KIT} is being made.", "the dealer was late")
    console.wait_for("••••")
    console.sees("made", "3 days")
    phone = Phone(console.page.context.new_page())
    phone.take(BARAKA)
    phone.open_text("3 days")
    phone.type_in(KIT)
    expect(phone.device(KIT)).to_contain_text("Accepted")
    expect(phone.device(KIT).get_by_role("img")).to_have_accessible_name("3")


def test_an_sms_is_sent_again(paid: str, log_in: Callable[[str], ConsolePage]) -> None:
    console = log_in("support")
    console.open("/payments/")
    console.follow(paid)
    console.wait_for("delivered")
    console.follow("Send again")
    console.press("Send again")
    console.sees(f"The SMS is sent to {AMINA} again.")
    messages = (
        console.main.locator("section")
        .filter(has=console.page.get_by_role("heading", name="SMS", exact=True))
        .locator("tbody tr")
    )
    expect(messages).to_have_count(2)


def test_changes_of_a_sale_are_previewed_first(
    log_in: Callable[[str], ConsolePage],
) -> None:
    console = log_in("owner")
    console.open("/sales/")
    console.go(console.main.get_by_role("row").filter(has_text="Neema").get_by_role("link").first)
    sale = console.page.url
    reason = {"Reason": "agreed on the phone"}

    console.follow("Change price")
    console.fill({"New price": "9000"} | reason)
    console.press("Preview")
    console.sees("Total KES 9,000.00")
    console.page.goto(sale)
    console.sees("KES 7,800.00", "The terms have not changed since.")

    console.follow("Reschedule")
    console.fill({"Number of instalments": "26", "Cadence": "every month"} | reason)
    console.press("Preview")
    console.sees("26 instalments of KES")
    console.press("Reschedule")
    console.sees("The instalments are rescheduled.", "Original instalments", "agreed on the phone")

    console.follow("Cancel")
    console.fill(reason)
    console.press("Preview")
    console.sees("LAMP31003 goes back to stock", "A token that locks LAMP31003 is ordered")


def test_problems_are_shown_beside_their_fields_and_nothing_typed_is_lost(
    log_in: Callable[[str], ConsolePage], browser_errors: BrowserErrors
) -> None:
    browser_errors.expected = {422}
    console = log_in("support")
    console.open("/sales/new")
    console.fill({"Phone number of the customer": "0722000002", "Appliance": "Electric cooker"})
    console.fill({"Scheme": "by number of instalments", "Number of instalments": "900"})
    console.fill({"Reason": "wants one"})
    console.press("Preview")
    count = console.page.get_by_label("Number of instalments")
    expect(count).to_have_attribute("aria-invalid", "true")
    expect(count).to_have_accessible_description("A plan has 1 to 520 instalments")
    expect(console.page.get_by_label("Reason")).to_have_value("wants one")


def test_every_list_can_be_exported_as_csv(paid: str, log_in: Callable[[str], ConsolePage]) -> None:
    console = log_in("owner")
    console.open("/")
    lists = 0
    for name in console.page.get_by_role("navigation").get_by_role("link").all_inner_texts():
        console.follow(name)
        if not console.page.get_by_role("link", name="Export as CSV").count():
            continue
        lists += 1
        shown = console.main.locator("table th").all_inner_texts()
        file = console.download("Export as CSV")
        exported = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline="")))
        assert not shown or exported[0] == shown
        assert len(exported) == 1 + console.main.locator("table tbody tr").count()
    assert lists >= 15
