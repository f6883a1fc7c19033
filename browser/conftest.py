"""One Chromium, one empty town and one with the people of the demo; a fresh context per test.

`log_in("support")` gives a desk at which somebody in that role sits. Whatever a browser complains
of fails the test, unless it is a status in `complaints.expected`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState, expect

from browser.chromium import LAPTOP, Complaints, chromium
from browser.desk import Desk
from browser.town import Town, running_town

PASSWORD = "correct horse battery"
OTHERS = ("finance", "support", "read-only")
_PATIENCE_MS = 20_000
expect.set_options(timeout=_PATIENCE_MS)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if "CHROMIUM" not in os.environ:
        pytest.skip("started by `make browser`, which finds Chromium")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def empty_town(browser: Browser) -> Iterator[Town]:
    """Nothing in its books: for the one test module that fills them."""
    with running_town(DIALWATT_DEMO="0") as town:
        yield town


@pytest.fixture(scope="session")
def town(browser: Browser) -> Iterator[Town]:
    """The people of the demo live in it."""
    with running_town(DIALWATT_DEMO="1") as town:
        yield town


@contextmanager
def visit(
    browser: Browser, url: str, complaints: Complaints, **how: Any
) -> Iterator[BrowserContext]:
    """A context of pages nobody complains of."""
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


def keep(browser: Browser, town: Town, name: str, password: str) -> StorageState:
    """What a browser keeps of a login."""
    with visit(browser, town.url, Complaints()) as context:
        desk = Desk(context.new_page())
        desk.log_in(name, password)
        desk.sees("Money in")
        return context.storage_state()


@pytest.fixture(scope="session")
def owners_login(browser: Browser, town: Town) -> StorageState:
    return keep(browser, town, "owner", town.password)


@pytest.fixture(scope="session")
def hire(browser: Browser, town: Town, owners_login: StorageState) -> Callable[[str, str], None]:
    """The owner adds a user, with PASSWORD."""

    def hire(name: str, role: str) -> None:
        with visit(browser, town.url, Complaints(), storage_state=owners_login) as context:
            desk = Desk(context.new_page())
            desk.open("/users/")
            desk.follow("Add a user")
            desk.fill({"Name": name, "Role": role, "First password": PASSWORD})
            desk.press("Save")
            assert name in [row[0] for row in desk.rows()]

    return hire


@pytest.fixture(scope="session")
def login_of(
    browser: Browser, town: Town, owners_login: StorageState, hire: Callable[[str, str], None]
) -> Callable[[str], StorageState]:
    """The login of whoever is in a role. Logins are counted, so each happens once."""
    kept = {"owner": owners_login}

    def login_of(role: str) -> StorageState:
        if role not in kept:
            hire(role, role)
            kept[role] = keep(browser, town, role, PASSWORD)
        return kept[role]

    return login_of


@pytest.fixture
def log_in(
    browser: Browser,
    town: Town,
    login_of: Callable[[str], StorageState],
    complaints: Complaints,
) -> Iterator[Callable[[str], Desk]]:
    with ExitStack() as leaving:

        def log_in(role: str) -> Desk:
            state = login_of(role)
            context = visit(browser, town.url, complaints, storage_state=state)
            return Desk(leaving.enter_context(context).new_page())

        yield log_in
