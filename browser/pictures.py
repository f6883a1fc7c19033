"""`make pictures`: docs/pictures taken anew, of a town that has lived for two weeks.

Look at every one before it is committed: no test can tell whether a page is fit to be shown.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from browser.chromium import chromium
from browser.desk import Desk
from browser.fortnight import live_through
from browser.phone import Phone
from browser.png import small_png
from browser.town import Town, running_town

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
SMALL_LAPTOP = {"width": 1280, "height": 800}
PHONE_PAGE = {"width": 920, "height": 814}  # as wide as a handset and a device need
LARGEST = 150_000
AMINA, BARAKA, NEEMA = "+254722000001", "+254722000002", "+254722000004"
STILL = "*, ::before, ::after { animation: none !important; transition: none !important; }"


def main() -> int:
    """0 if every picture is small enough for a page of documentation."""
    with running_town(DIALWATT_DEMO="1") as town, chromium() as browser:
        _the_phone(browser, town)
        live_through(town)
        town.pay_bill(NEEMA, "370001000", "75", validated=False)
        _the_console(browser, town)
    too_large = [one.name for one in FOLDER.glob("*.png") if one.stat().st_size > LARGEST]
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(Path.cwd())}")
    if too_large:
        print(f"too large for a page: {', '.join(too_large)}", file=sys.stderr)
    return 1 if too_large else 0


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state()
    taken = page.screenshot(style=STILL)
    blank = page.context.new_page()
    (FOLDER / f"{name}.png").write_bytes(small_png(blank, taken))
    blank.close()


def _the_console(browser: Browser, town: Town) -> None:
    page = browser.new_context(base_url=town.url, viewport=SMALL_LAPTOP).new_page()
    desk = Desk(page)
    desk.log_in("owner", town.password)
    _take(page, "console-today")
    desk.open("/customers/?search=Amina")
    desk.follow("Amina Odhiambo")
    desk.wait_for("code:")
    _take(page, "console-customer")
    desk.follow(desk.main.locator(".timeline .payment a").first.inner_text())
    desk.wait_for("delivered")
    _take(page, "console-payment")
    _a_sale(desk)
    desk.open("/suspense/")
    desk.go(desk.main.locator("tbody a").first)
    _take(page, "console-suspense")
    _codes(desk)
    desk.open("/agents/")
    desk.follow("Juma Otieno")
    _take(page, "console-agent")
    page.context.close()


def _a_sale(desk: Desk) -> None:
    """Looked at, not made."""
    desk.open("/sales/new")
    desk.fill({"The customer's phone number": "0722000001", "Serial number": "TV-2002"})
    desk.fill({"Appliance": "Solar TV", "Paid": "an amount for each instalment"})
    desk.fill({"Amount of an instalment": "450", "How often": "every week"})
    desk.fill({"Down payment": "1200", "Reason": "a TV for the shop"})
    desk.press("Show what it does")
    desk.sees("In all")
    _take(desk.page, "console-sale-preview")


def _codes(desk: Desk) -> None:
    for serial, kind, amount, reason in (
        ("LAMP31001", "days", "3", "the dealer was two days late"),
        ("37000100026", "energy, in kWh", "2.5", "the meter was swapped, credit moved over"),
        ("LAMP31003", "lock", "", "brought back for repair"),
    ):
        desk.open("/codes/new")
        desk.fill({"Serial number of the device": serial, "What it does": kind, "Reason": reason})
        desk.fill({"How many days, or kWh": amount})
        desk.press("Order it")
        desk.wait_for("••••")
    desk.open("/codes/")
    _take(desk.page, "console-codes")


def _the_phone(browser: Browser, town: Town) -> None:
    for name, scheme, take in (
        ("phone-page-confirm", "light", _before_confirming),
        ("phone-page", "light", _a_meter_fed),
        ("phone-page-dark", "dark", _a_lamp_lit),
    ):
        context = browser.new_context(base_url=town.url, viewport=PHONE_PAGE, color_scheme=scheme)
        take(Phone(context.new_page()))
        _take(context.pages[0], name)
        context.close()


def _before_confirming(phone: Phone) -> None:
    phone.take(AMINA)
    phone.page.get_by_role("button", name="*1*").click()
    phone.key("Call")
    phone.shows("1 Pay")


def _a_meter_fed(phone: Phone) -> None:
    phone.take(AMINA)
    phone.pay_bill("37000100018", "500")
    _feed(phone, "kWh", "37000100018")


def _a_lamp_lit(phone: Phone) -> None:
    phone.take(BARAKA)
    phone.pay_bill("LAMP31001", "150")
    _feed(phone, "7 days", "LAMP31001")


def _feed(phone: Phone, words: str, serial: str) -> None:
    phone.open_text(words)
    phone.type_in(serial)
    expect(phone.device(serial)).to_contain_text("Accepted")
    phone.page.wait_for_timeout(1500)  # the counter rolls


if __name__ == "__main__":
    sys.exit(main())
