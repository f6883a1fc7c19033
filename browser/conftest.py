"""One Chromium, an empty installation and one with the demo data; a fresh context for each test.

`log_in("support")` returns a console page with an operator of that role. Every error of the browser
fails the test, except the statuses in `browser_errors.expected`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState, expect

from browser.chromium import LAPTOP, BrowserErrors, chromium
from browser.console_page import ConsolePage
from browser.installation import Installation, running_installation

PASSWORD = "correct horse battery"
OTHER_ROLES = ("finance", "support", "read-only")
_TIMEOUT_MS = 20_000
expect.set_options(timeout=_TIMEOUT_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if "CHROMIUM" not in os.environ:
        pytest.skip("started by `make browser`, which finds Chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def empty_installation(browser: Browser) -> Iterator[Installation]:
    """An installation without data, for the test module of the first day."""
    with running_installation(DIALWATT_DEMO="0") as installation:
        yield installation


@pytest.fixture(scope="session")
def installation(browser: Browser) -> Iterator[Installation]:
    """An installation with the demo data."""
    with running_installation(DIALWATT_DEMO="1") as installation:
        yield installation


@contextmanager
def browser_context(
    browser: Browser, url: str, browser_errors: BrowserErrors, **options: Any
) -> Iterator[BrowserContext]:
    """A browser context that must end without errors."""
    context = browser.new_context(base_url=url, viewport=LAPTOP, **options)
    context.set_default_timeout(_TIMEOUT_MS)
    browser_errors.listen(context)
    yield context
    context.close()
    assert browser_errors.messages == []


@pytest.fixture
def browser_errors() -> BrowserErrors:
    return BrowserErrors()


@pytest.fixture
def visitor(
    browser: Browser, installation: Installation, browser_errors: BrowserErrors
) -> Iterator[ConsolePage]:
    """A console page without a login."""
    with browser_context(browser, installation.url, browser_errors) as context:
        yield ConsolePage(context.new_page())


def stored_login(
    browser: Browser, installation: Installation, name: str, password: str
) -> StorageState:
    """Log in, and return the cookies of the browser."""
    with browser_context(browser, installation.url, BrowserErrors()) as context:
        console = ConsolePage(context.new_page())
        console.log_in(name, password)
        console.sees("Payments")
        return context.storage_state()


@pytest.fixture(scope="session")
def owner_login(browser: Browser, installation: Installation) -> StorageState:
    return stored_login(browser, installation, "owner", installation.password)


@pytest.fixture(scope="session")
def add_user(installation: Installation) -> Callable[[str, str], None]:
    """Add a user, who chose PASSWORD, on the command line."""

    def add_user(name: str, role: str) -> None:
        words = ("user", "add", name, "--role", role.replace("-", "_"))
        installation.dialwatt(*words, stdin=f"{PASSWORD}\n")

    return add_user


@pytest.fixture(scope="session")
def login_of(
    browser: Browser,
    installation: Installation,
    owner_login: StorageState,
    add_user: Callable[[str, str], None],
) -> Callable[[str], StorageState]:
    """Return the login of a role. Logins are rate limited, so each role logs in once."""
    logins = {"owner": owner_login}

    def login_of(role: str) -> StorageState:
        if role not in logins:
            add_user(role, role)
            logins[role] = stored_login(browser, installation, role, PASSWORD)
        return logins[role]

    return login_of


@pytest.fixture
def log_in(
    browser: Browser,
    installation: Installation,
    login_of: Callable[[str], StorageState],
    browser_errors: BrowserErrors,
) -> Iterator[Callable[[str], ConsolePage]]:
    with ExitStack() as contexts:

        def log_in(role: str) -> ConsolePage:
            state = login_of(role)
            context = browser_context(
                browser, installation.url, browser_errors, storage_state=state
            )
            return ConsolePage(contexts.enter_context(context).new_page())

        yield log_in
