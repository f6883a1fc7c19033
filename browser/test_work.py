"""Work at the desk, with the people of the demo: who is who, codes by hand, texts, plans, files."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from browser.chromium import Complaints
from browser.desk import Desk
from browser.phone import Phone
from browser.town import Town

AMINA, BARAKA, NEEMA = "+254722000001", "+254722000002", "+254722000004"
METER, KIT = "37000100018", "LAMP31001"


@pytest.fixture(scope="module")
def paid(town: Town) -> str:
    """Amina has paid 500 for her meter: her overdue loan, her standing fee, and energy."""
    return town.pay_bill(AMINA, METER, "500")


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
    typed: str, found: str, log_in: Callable[[str], Desk]
) -> None:
    desk = log_in("read-only")
    desk.open("/customers/")
    desk.fill({"Number, name or serial": typed})
    desk.press("Show")
    assert [row[0] for row in desk.rows()] == [found]


def test_a_customers_page_tells_what_happened_and_leads_to_the_payment(
    paid: str, log_in: Callable[[str], Desk]
) -> None:
    desk = log_in("support")
    desk.open("/customers/")
    desk.follow("Amina Odhiambo")
    desk.wait_for("code:")
    happened = desk.main.locator(".timeline")
    for words in ("Paid KES 500.00", "instalment 300.00", f"access 100.00 for {METER}", "4.0 kWh"):
        expect(happened).to_contain_text(words)
    desk.follow(paid)
    desk.wait_for("delivered")
    desk.sees("access", "100.00", "clearing:daraja:600123", "receivable:sales")


def test_who_pays_in_the_menu_and_who_leaves_it_is_told_on_the_front_page(
    town: Town, log_in: Callable[[str], Desk]
) -> None:
    desk = log_in("read-only")
    phone = Phone(desk.page.context.new_page())
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

    desk.open("/")
    desk.wait_for("payment.amount")
    row = desk.main.get_by_role("row").filter(has_text="payment.amount")
    assert row.locator("td").all_inner_texts()[:3] == ["payment.amount", "2", "1"]
    expect(row.get_by_role("progressbar")).to_be_visible()


def test_days_are_given_by_hand_and_the_phone_gets_the_code(
    town: Town, log_in: Callable[[str], Desk]
) -> None:
    desk = log_in("support")
    desk.open("/codes/")
    desk.follow("Order a code")
    desk.fill({"Serial number of the device": KIT, "What it does": "days"})
    desk.fill({"How many days, or kWh": "3", "Reason": "the dealer was late"})
    desk.press("Order it")
    desk.sees(f"The code for {KIT} is being made.", "the dealer was late")
    desk.wait_for("••••")
    desk.sees("made", "3 days")
    phone = Phone(desk.page.context.new_page())
    phone.take(BARAKA)
    phone.open_text("3 days")
    phone.type_in(KIT)
    expect(phone.device(KIT)).to_contain_text("Accepted")
    expect(phone.device(KIT).get_by_role("img")).to_have_accessible_name("3")


def test_a_text_is_sent_again(paid: str, log_in: Callable[[str], Desk]) -> None:
    desk = log_in("support")
    desk.open("/payments/")
    desk.follow(paid)
    desk.wait_for("delivered")
    desk.follow("Again")
    desk.press("Send again")
    desk.sees(f"The same text goes to {AMINA} once more.")
    texts = desk.main.locator("section").filter(has_text="Texts").locator("tbody tr")
    expect(texts).to_have_count(2)


def test_a_new_price_other_instalments_and_a_cancelling_are_looked_at_first(
    log_in: Callable[[str], Desk],
) -> None:
    desk = log_in("owner")
    desk.open("/sales/")
    desk.go(desk.main.get_by_role("row").filter(has_text="Neema").get_by_role("link").first)
    sale = desk.page.url
    because = {"Reason": "agreed on the phone"}

    desk.follow("New price")
    desk.fill({"New price": "9000"} | because)
    desk.press("Show what it does")
    desk.sees("In all KES 9,000.00")
    desk.page.goto(sale)
    desk.sees("KES 7,800.00", "The plan has not been changed since.")

    desk.follow("Other instalments")
    desk.fill({"How many instalments": "26", "How often": "every month"} | because)
    desk.press("Show what it does")
    desk.sees("26 instalments of KES")
    desk.press("Change the instalments")
    desk.sees("The sale has new instalments.", "Instalments then", "agreed on the phone")

    desk.follow("Cancel")
    desk.fill(because)
    desk.press("Show what it does")
    desk.sees("LAMP31003 goes back to stock", "A code that locks LAMP31003 is ordered")


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    log_in: Callable[[str], Desk], complaints: Complaints
) -> None:
    complaints.expected = {422}
    desk = log_in("support")
    desk.open("/sales/new")
    desk.fill({"The customer's phone number": "0722000002", "Appliance": "Electric cooker"})
    desk.fill({"Paid": "a number of instalments", "How many instalments": "900"})
    desk.fill({"Reason": "wants one"})
    desk.press("Show what it does")
    count = desk.page.get_by_label("How many instalments")
    expect(count).to_have_attribute("aria-invalid", "true")
    expect(count).to_have_accessible_description("A plan has 1 to 520 instalments")
    expect(desk.page.get_by_label("Reason")).to_have_value("wants one")


def test_every_list_is_a_file_for_a_spreadsheet(paid: str, log_in: Callable[[str], Desk]) -> None:
    desk = log_in("owner")
    desk.open("/")
    lists = 0
    for name in desk.page.get_by_role("navigation").get_by_role("link").all_inner_texts():
        desk.follow(name)
        if not desk.page.get_by_role("link", name="Export as CSV").count():
            continue
        lists += 1
        shown = desk.main.locator("table th").all_inner_texts()
        file = desk.download("Export as CSV")
        exported = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"), newline="")))
        assert not shown or exported[0] == shown
        assert len(exported) == 1 + desk.main.locator("table tbody tr").count()
    assert lists >= 15
