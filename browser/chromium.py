"""One Chromium for all tests, and what it complains of while a page is used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Response, sync_playwright

LAPTOP = {"width": 1280, "height": 720}
# Nothing of it may call home: tests run where there is no network. Root needs --no-sandbox.
_FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's is small
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser that `dev.py browser` found."""
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=os.environ["CHROMIUM"], args=flags)
        yield browser
        browser.close()


@dataclass
class Complaints:
    """Everything a browser holds against the pages of one context. `expected`: statuses that the
    test provokes on purpose."""

    expected: set[int] = field(default_factory=set)
    heard: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        context.on("response", self._answered)
        context.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        context.on("weberror", lambda error: self.heard.append(str(error.error)))
        context.on("console", lambda said: self._said(said.type, said.text))

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.heard.append(f"{response.status} {response.url}")

    def _failed(self, url: str, why: str | None) -> None:
        # Leaving a page, and a download in place of one, abort what was still on the way.
        if why != "net::ERR_ABORTED":
            self.heard.append(f"{why} {url}")

    def _said(self, kind: str, words: str) -> None:
        # A status is heard of already, with its address.
        if kind in ("error", "warning") and not words.startswith("Failed to load resource"):
            self.heard.append(f"{kind}: {words}")
