"""Somebody at the console: fills in what stands beside a label, presses what a button says."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

_LOOKS = 60
_LOOK_MS = 300


class Desk:
    """One tab with the console in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def open(self, path: str) -> None:
        """A page of the console by its address, such as `/customers/`."""
        self.page.goto(f"/console{path}")

    def log_in(self, name: str, password: str) -> None:
        self.open("/login")
        self.fill({"Name": name, "Password": password})
        self.press("Log in")

    def follow(self, link: str, at: Locator | None = None) -> None:
        self.go((at or self.page).get_by_role("link", name=link, exact=True).first)

    def fill(self, values: dict[str, str]) -> None:
        """By the labels a person reads; in a list to choose from, one of its words."""
        for label, value in values.items():
            asked = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}(\s+optional)?\s*$"))
            if asked.evaluate("field => field.tagName") == "SELECT":
                asked.select_option(label=value)
            else:
                asked.fill(value)

    def press(self, button: str) -> None:
        self.go(self.page.get_by_role("button", name=button, exact=True))

    def go(self, to_click: Locator) -> None:
        """Every click leads to a page: what is read next is read there."""
        with self.page.expect_navigation():
            to_click.click()

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.main).to_contain_text(text)

    def rows(self) -> list[list[str]]:
        """The cells of the page's first table."""
        rows = self.main.locator("table").first.locator("tbody tr").all()
        return [row.locator("td").all_inner_texts() for row in rows]

    def wait_for(self, text: str) -> None:
        """Load the page again until it says so: workers are at work behind it."""
        for _ in range(_LOOKS):
            try:
                self.main.get_by_text(text).first.wait_for(timeout=_LOOK_MS)
                return
            except TimeoutError:
                self.page.reload()
        raise AssertionError(f"{text!r} never came: {self.main.inner_text()}")

    def download(self, words: str) -> Path:
        """The file that a link or button with these words brings."""
        link, button = (
            self.page.get_by_role(role, name=words, exact=True) for role in ("link", "button")
        )
        with self.page.expect_download() as coming:
            link.or_(button).click()
        return Path(coming.value.path())
