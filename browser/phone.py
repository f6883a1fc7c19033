"""Somebody with a phone: the phone page, used by its keys."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

PIN = "1234"
_ARRIVES_MS = 20_000


class Phone:
    """One tab with the phone page in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.handset = page.get_by_role("region", name="Phone", exact=True)
        self.screen = self.handset.locator(".screen")

    def take(self, msisdn: str) -> None:
        """Pick up the phone with that number."""
        self.page.goto("about:blank")  # a hash alone loads nothing
        self.page.goto(f"/phone/#{msisdn}")
        expect(self.screen).to_contain_text(re.compile("Dial|new text"))

    def key(self, name: str) -> None:
        self.handset.get_by_role("button", name=name, exact=True).first.click()

    def choose(self, row: str) -> None:
        """A row of the list on the screen, by how it begins after its number."""
        found = self.screen.get_by_role("button", name=re.compile(rf"^(\d+\s+)?{re.escape(row)}"))
        found.first.click()

    def shows(self, words: str) -> None:
        expect(self.screen).to_contain_text(words, timeout=_ARRIVES_MS)

    def dial(self) -> None:
        """The service code, as the green key offers it."""
        self.key("Call")
        self.key("Call")
        self.screen.get_by_label("Reply").wait_for()

    def answer(self, digits: str, shown: str) -> None:
        """Answer the menu; then it shows this."""
        self.screen.get_by_label("Reply").fill(digits)
        self.key("Send")
        self.shows(shown)

    def pay_bill(self, account: str, amount: str, how: str = "Pay bill") -> str:
        """Pay a business from the mobile money menu; the receipt."""
        self.key("Menu")
        self.choose("Mobile money")
        self.choose(how)
        self.screen.get_by_label("Account (serial number)").fill(account)
        self.screen.get_by_label("Amount").fill(amount)
        self.key("Next")
        self.screen.get_by_label("PIN").fill(PIN)
        self.key("Send")
        self.shows("Paid. Receipt")
        found = re.search(r"Receipt (\w+)", self.screen.inner_text())
        assert found
        return found[1]

    def approve(self) -> None:
        """Agree to the payment that the network asks for."""
        field = self.screen.get_by_label("Enter mobile money PIN")
        field.wait_for(timeout=_ARRIVES_MS)
        field.fill(PIN)
        self.key("Send")
        self.shows("Paid. Receipt")

    def open_text(self, words: str) -> str:
        """The newest text with these words, on the screen and whole, as soon as it is there."""
        self.key("End")
        row = self.screen.get_by_role("button").filter(has_text=words).first
        self.handset.get_by_role("button", name=re.compile("^(Read|Texts)$")).click()
        for _ in range(100):
            if row.count():
                break
            self.key("Back")
            self.page.wait_for_timeout(200)  # the page asks the network every second
            self.handset.get_by_role("button", name=re.compile("^(Read|Texts)$")).click()
        row.click()
        return self.screen.locator(".text").inner_text()

    def device(self, serial: str) -> Locator:
        return self.page.locator("article.device").filter(has_text=serial)

    def type_in(self, serial: str) -> None:
        """The code of the text on the screen, on that device."""
        device = self.device(serial)
        self.key("Type it in")
        expect(device.get_by_role("button", name="Enter")).to_be_focused()
        device.get_by_role("button", name="Enter").click()
