"""`make pictures`: take docs/pictures again, of an installation with two weeks of history.

Look at every picture before you commit it: no test can tell whether a page looks right.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, expect

from browser.chromium import chromium
from browser.console_page import ConsolePage
from browser.demo_history import write_history
from browser.installation import Installation, running_installation
from browser.phone import Phone
from browser.png import small_png

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
SMALL_LAPTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE_PAGE: ViewportSize = {"width": 920, "height": 814}  # as wide as a handset and a device need
MAX_BYTES = 150_000
AMINA, BARAKA, NEEMA = "+254722000001", "+254722000002", "+254722000004"
STILL = "*, ::before, ::after { animation: none !important; transition: none !important; }"


def main() -> int:
    """Take all pictures. Return 0 if every one is small enough for a page of documentation."""
    with running_installation(DIALWATT_DEMO="1") as installation, chromium() as browser:
        _take_phone(browser, installation)
        write_history(installation)
        installation.pay_bill(NEEMA, "370001000", "75", validated=False)
        _take_console(browser, installation)
    too_large = [
        picture.name for picture in FOLDER.glob("*.png") if picture.stat().st_size > MAX_BYTES
    ]
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER.relative_to(Path.cwd())}")
    if too_large:
        print(f"too large for a page: {', '.join(too_large)}", file=sys.stderr)
    return 1 if too_large else 0


def _take_picture(page: Page, name: str) -> None:
    page.wait_for_load_state()
    taken = page.screenshot(style=STILL)
    blank = page.context.new_page()
    (FOLDER / f"{name}.png").write_bytes(small_png(blank, taken))
    blank.close()


def _take_console(browser: Browser, installation: Installation) -> None:
    page = browser.new_context(base_url=installation.url, viewport=SMALL_LAPTOP).new_page()
    console = ConsolePage(page)
    console.log_in("owner", installation.password)
    _take_picture(page, "console-dashboard")
    console.open("/customers/?search=Amina")
    console.follow("Amina Odhiambo")
    console.wait_for("token:")
    _take_picture(page, "console-customer")
    console.follow(console.main.locator(".timeline .payment a").first.inner_text())
    console.wait_for("delivered")
    _take_picture(page, "console-payment")
    _take_sale_preview(console)
    console.open("/suspense/")
    console.go(console.main.locator("tbody a").first)
    _take_picture(page, "console-suspense")
    _take_tokens(console)
    console.open("/agents/")
    console.follow("Juma Otieno")
    _take_picture(page, "console-agent")
    page.context.close()


def _take_sale_preview(console: ConsolePage) -> None:
    """Take the preview of a sale, which is not saved."""
    console.open("/sales/new")
    console.fill({"Phone number of the customer": "0722000001", "Serial number": "TV-2002"})
    console.fill({"Appliance": "Solar TV", "Scheme": "by amount of an instalment"})
    console.fill({"Amount of an instalment": "450", "Cadence": "every week"})
    console.fill({"Down payment": "1200", "Reason": "a TV for the shop"})
    console.press("Preview")
    console.sees("Total")
    _take_picture(console.page, "console-sale-preview")


def _take_tokens(console: ConsolePage) -> None:
    for serial, kind, amount, reason in (
        ("LAMP31001", "days", "3", "the dealer was two days late"),
        ("37000100026", "energy, in kWh", "2.5", "the meter was replaced"),
        ("LAMP31003", "lock", "", "brought back for repair"),
    ):
        console.open("/manual-tokens/new")
        console.fill({"Serial number": serial, "Kind": kind, "Reason": reason})
        console.fill({"Days, or kWh": amount})
        console.press("Order it")
        console.wait_for("••••")
    console.open("/manual-tokens/")
    _take_picture(console.page, "console-tokens")


def _take_phone(browser: Browser, installation: Installation) -> None:
    pictures: tuple[tuple[str, Literal["light", "dark"], Callable[[Phone], None]], ...] = (
        ("phone-page-confirm", "light", _show_confirmation),
        ("phone-page", "light", _enter_meter_token),
        ("phone-page-dark", "dark", _enter_lamp_token),
    )
    for name, scheme, prepare in pictures:
        context = browser.new_context(
            base_url=installation.url, viewport=PHONE_PAGE, color_scheme=scheme
        )
        prepare(Phone(context.new_page()))
        _take_picture(context.pages[0], name)
        context.close()


def _show_confirmation(phone: Phone) -> None:
    phone.take(AMINA)
    phone.page.get_by_role("button", name="*1*").click()
    phone.key("Call")
    phone.shows("1 Pay")


def _enter_meter_token(phone: Phone) -> None:
    phone.take(AMINA)
    phone.pay_bill("37000100018", "500")
    _enter_token(phone, "kWh", "37000100018")


def _enter_lamp_token(phone: Phone) -> None:
    phone.take(BARAKA)
    phone.pay_bill("LAMP31001", "150")
    _enter_token(phone, "7 days", "LAMP31001")


def _enter_token(phone: Phone, words: str, serial: str) -> None:
    phone.open_text(words)
    phone.type_in(serial)
    expect(phone.device(serial)).to_contain_text("Accepted")
    phone.page.wait_for_timeout(1500)  # the counter rolls


if __name__ == "__main__":
    sys.exit(main())
