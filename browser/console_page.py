"""A page of the console, used through its labels, links and buttons as an operator uses it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

_ATTEMPTS = 60
_ATTEMPT_MS = 300


class ConsolePage:
    """A browser tab with the console."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def open(self, path: str) -> None:
        """Open a page by its address inside the console, such as `/customers/`."""
        self.page.goto(f"/console{path}")

    def log_in(self, name: str, password: str) -> None:
        self.open("/login")
        self.fill({"Name": name, "Password": password})
        self.press("Log in")

    def follow(self, link: str, at: Locator | None = None) -> None:
        self.go((at or self.page).get_by_role("link", name=link, exact=True).first)

    def fill(self, values: dict[str, str]) -> None:
        """Fill in fields by their labels; in a select field, choose an option by its text."""
        for label, value in values.items():
            asked = self.page.get_by_label(re.compile(rf"^\s*{re.escape(label)}(\s+optional)?\s*$"))
            if asked.evaluate("field => field.tagName") == "SELECT":
                asked.select_option(label=value)
            else:
                asked.fill(value)

    def press(self, button: str) -> None:
        self.go(self.page.get_by_role("button", name=button, exact=True))

    def go(self, to_click: Locator) -> None:
        """Click, and wait for the page that the click leads to."""
        with self.page.expect_navigation():
            to_click.click()

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.main).to_contain_text(text)

    def rows(self) -> list[list[str]]:
        """Return the cells of the first table, row by row."""
        rows = self.main.locator("table").first.locator("tbody tr").all()
        return [row.locator("td").all_inner_texts() for row in rows]

    def wait_for(self, text: str) -> None:
        """Reload the page until it contains the text. Raises AssertionError after 60 attempts."""
        for _ in range(_ATTEMPTS):
            try:
                self.main.get_by_text(text).first.wait_for(timeout=_ATTEMPT_MS)
                return
            except TimeoutError:
                self.page.reload()
        raise AssertionError(f"{text!r} did not appear: {self.main.inner_text()}")

    def download(self, text: str) -> Path:
        """Return the file that the link or button with this text downloads."""
        link, button = (
            self.page.get_by_role(role, name=text, exact=True) for role in ("link", "button")
        )
        with self.page.expect_download() as download:
            link.or_(button).click()
        return Path(download.value.path())
