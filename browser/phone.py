"""The phone page, used through the keys of its phone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

PIN = "1234"
_ARRIVES_MS = 20_000


class Phone:
    """A browser tab with the phone page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.handset = page.get_by_role("region", name="Phone", exact=True)
        self.screen = self.handset.locator(".screen")

    def take(self, msisdn: str) -> None:
        """Switch to the phone with that number."""
        self.page.goto("about:blank")  # a hash alone loads nothing
        self.page.goto(f"/phone/#{msisdn}")
        expect(self.screen).to_contain_text(re.compile("Dial|new text"))

    def key(self, name: str) -> None:
        self.handset.get_by_role("button", name=name, exact=True).first.click()

    def choose(self, row: str) -> None:
        """Choose a row of the list on the screen, by how it begins after its number."""
        found = self.screen.get_by_role("button", name=re.compile(rf"^(\d+\s+)?{re.escape(row)}"))
        found.first.click()

    def shows(self, words: str) -> None:
        expect(self.screen).to_contain_text(words, timeout=_ARRIVES_MS)

    def dial(self) -> None:
        """Dial the service code, which the green key offers."""
        self.key("Call")
        self.key("Call")
        self.screen.get_by_label("Reply").wait_for()

    def answer(self, digits: str, shown: str) -> None:
        """Send a reply to the menu, and wait for the text of the next screen."""
        self.screen.get_by_label("Reply").fill(digits)
        self.key("Send")
        self.shows(shown)

    def pay_bill(self, account: str, amount: str, how: str = "Pay bill") -> str:
        """Pay a bill from the mobile money menu, and return the receipt."""
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
        """Approve the payment prompt on the phone."""
        field = self.screen.get_by_label("Enter mobile money PIN")
        field.wait_for(timeout=_ARRIVES_MS)
        field.fill(PIN)
        self.key("Send")
        self.shows("Paid. Receipt")

    def open_text(self, words: str) -> str:
        """Wait for the newest SMS with these words, open it, and return its text."""
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
        found: str = self.screen.locator(".text").inner_text()
        return found

    def device(self, serial: str) -> Locator:
        return self.page.locator("article.device").filter(has_text=serial)

    def type_in(self, serial: str) -> None:
        """Enter the token of the SMS on the screen into that device."""
        device = self.device(serial)
        self.key("Type it in")
        expect(device.get_by_role("button", name="Enter")).to_be_focused()
        device.get_by_role("button", name="Enter").click()
