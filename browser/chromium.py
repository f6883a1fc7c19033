"""One Chromium for all tests, and the errors that it reports while a page is used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Response,
    ViewportSize,
    sync_playwright,
)

LAPTOP: ViewportSize = {"width": 1280, "height": 720}
# No request may leave the machine: tests also run without a network. Root needs --no-sandbox.
_FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",  # the one of a container is small
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser that `dev.py browser` found, and close it at the end."""
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ["CHROMIUM"], args=flags)
        yield browser
        browser.close()


@dataclass
class BrowserErrors:
    """The errors of all pages of a context: failed requests, scripts, the browser's console.

    `expected`: HTTP statuses that the test causes on purpose.
    """

    expected: set[int] = field(default_factory=set)
    messages: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Collect the errors of a context from now on."""
        context.on("response", self._check_status)
        context.on("requestfailed", lambda request: self._add_failure(request.url, request.failure))
        context.on("weberror", lambda error: self.messages.append(str(error.error)))
        context.on("console", lambda line: self._check_console(line.type, line.text))

    def _check_status(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.messages.append(f"{response.status} {response.url}")

    def _add_failure(self, url: str, failure: str | None) -> None:
        # Leaving a page, and a download in place of a page, abort the pending requests.
        if failure != "net::ERR_ABORTED":
            self.messages.append(f"{failure} {url}")

    def _check_console(self, kind: str, text: str) -> None:
        # A failed request is in the list already, with its address.
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.messages.append(f"{kind}: {text}")
