"""One Chromium, one empty town and one with the people of the demo; a fresh context per test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from browser.chromium import LAPTOP, Complaints, chromium
from browser.desk import Desk
from browser.town import Town, running_town

_PATIENCE_MS = 20_000
expect.set_options(timeout=_PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if "CHROMIUM" not in os.environ:
        pytest.skip("started by `make browser`, which finds Chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def empty_town() -> Iterator[Town]:
    """Nothing in its books: for the one test module that fills them."""
    with running_town(DIALWATT_DEMO="0") as town:
        yield town


@pytest.fixture(scope="session")
def town() -> Iterator[Town]:
    """The people of the demo live in it."""
    with running_town(DIALWATT_DEMO="1") as town:
        yield town


@contextmanager
def visit(
    browser: Browser, url: str, complaints: Complaints, **how: Any
) -> Iterator[BrowserContext]:
    """A context whose pages may be complained of by nobody."""
    context = browser.new_context(base_url=url, viewport=LAPTOP, **how)
    context.set_default_timeout(_PATIENCE_MS)
    complaints.listen(context)
    yield context
    context.close()
    assert complaints.heard == []


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def visitor(browser: Browser, town: Town, complaints: Complaints) -> Iterator[Desk]:
    """Somebody at the console's door who is not logged in."""
    with visit(browser, town.url, complaints) as context:
        yield Desk(context.new_page())
