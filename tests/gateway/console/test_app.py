"""The console application: headers, cookie, error pages, and its place in the web process."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from core.errors import BadInput
from gateway.app import create_app
from gateway.console.app import console_application
from gateway.console.auth import Guarded
from gateway.console.console_context import ConsoleContext
from gateway.console.console_context import console as console_context
from gateway.console.menu import MENU
from gateway.console.settings import ConsoleSettings
from tests.gateway.console.conftest import SECRET, Browser, Console
from tests.support.endpoint_settings import endpoint_settings
from tests.support.scenario import Scenario

ENVIRONMENT = endpoint_settings("k3y") | {"DARAJA_SHORTCODE": "600123", "PIN_PEPPER": "pepper"}


def test_headers_forbid_scripts_other_sites_and_caching(console: Console) -> None:
    headers = console.login().get("/").headers

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "script" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_the_cookie_is_limited_to_the_console_and_hidden_from_scripts(console: Console) -> None:
    cookie = console.browser().log_in("owner").headers["Set-Cookie"]

    assert {"HttpOnly", "SameSite=Lax", "Path=/console/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_with_https_the_cookie_is_of_this_host_alone_and_so_are_later_visits(
    console: Console,
) -> None:
    settings = settings_of(CONSOLE_SECRET=SECRET, PUBLIC_URL="https://gateway.example.org")

    answer = Browser(console_application(settings, console_context_of(console))).get("/login")

    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-dialwatt_console=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
    assert "Domain" not in answer.headers["Set-Cookie"]
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in console.browser().get("/login").headers


def test_a_login_outlives_the_replacement_of_the_secret(console: Console) -> None:
    newer = "n" * 40
    context, browser = console_context_of(console), console.login()
    cookie = browser.client.get_cookie("dialwatt_console", path="/console/")
    assert cookie is not None

    statuses = []
    for secrets in (f"{newer},{SECRET}", newer):
        app = console_application(settings_of(CONSOLE_SECRET=secrets), context)
        later = Browser(app)
        later.client.set_cookie(cookie.key, cookie.value, path="/console/")
        statuses.append(later.get("/users/").status_code)

    assert statuses == [200, 302]


def settings_of(**environment: str) -> ConsoleSettings:
    settings = ConsoleSettings.from_environment({"CONSOLE_SECOND_FACTOR": "none"} | environment)
    assert settings is not None
    return settings


def console_context_of(console: Console) -> ConsoleContext:
    context: ConsoleContext = console.app.extensions["console"]
    return context


@pytest.mark.parametrize(
    ("setting", "roles"),
    [
        ({}, {"owner", "finance"}),
        ({"CONSOLE_SECOND_FACTOR": "none"}, set()),
        ({"CONSOLE_SECOND_FACTOR": "owner, support"}, {"owner", "support"}),
    ],
)
def test_owners_and_finance_need_a_second_factor_unless_set(
    setting: dict[str, str], roles: set[str]
) -> None:
    settings = ConsoleSettings.from_environment({"CONSOLE_SECRET": SECRET} | setting)
    assert settings is not None
    assert settings.second_factor_roles == roles


def test_a_role_that_does_not_exist_stops_the_start() -> None:
    with pytest.raises(BadInput, match="no role 'boss'"):
        settings_of(CONSOLE_SECRET=SECRET, CONSOLE_SECOND_FACTOR="boss")


def test_an_unknown_address_gets_an_error_page_without_the_address(console: Console) -> None:
    answer = console.login().get("/<nowhere>")

    assert answer.status_code == 404
    assert "Page not found" in answer.text
    assert "nowhere" not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        (OperationalError("SELECT", {}, Exception("secret")), 503, "did not respond in time"),
        (KeyError("secret"), 500, "The error is in the log"),
    ],
)
def test_an_unexpected_error_is_shown_without_details(
    console: Console, monkeypatch: pytest.MonkeyPatch, error: Any, status: int, expected: str
) -> None:
    browser = console.login()

    def fails() -> str:
        raise error

    monkeypatch.setitem(console.app.view_functions, "dashboard.dashboard", Guarded("view", fails))
    answer = browser.get("/")

    assert answer.status_code == status
    assert expected in answer.text
    assert "secret" not in answer.text


def test_a_read_only_unit_cannot_write(console: Console) -> None:
    with console.app.test_request_context(), console_context().read_only_unit() as unit:
        with pytest.raises(Exception, match="read-only transaction"):
            unit.connection.execute(text("DELETE FROM problem_reports"))


def test_the_web_process_serves_the_console_only_with_a_secret(
    database_url: str, redis_url: str, scenario: Scenario
) -> None:
    services = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    served = create_app(ENVIRONMENT | services | {"CONSOLE_SECRET": SECRET})
    without = create_app(ENVIRONMENT | services)

    assert Client(served).get("/console/").location == "/console/login?back=/console/"
    assert Client(served).get("/console/login").status_code == 200
    assert Client(without).get("/console/").status_code == 404
    served.close()
    without.close()


def test_a_short_secret_stops_the_start() -> None:
    with pytest.raises(BadInput, match="CONSOLE_SECRET"):
        ConsoleSettings.from_environment({"CONSOLE_SECRET": "short"})


def test_the_menu_has_the_pages_of_the_role_and_marks_the_current_one(console: Console) -> None:
    pages = {endpoint for _, group in MENU for _, endpoint in group}
    assert len(pages) == sum(len(group) for _, group in MENU)

    owner = console.login("owner").get("/audit/").text
    reader = console.login("read_only").get("/plans/").text

    assert owner.count("<nav") == 1
    menu = owner[owner.index("<nav") : owner.index("</nav>")]
    assert menu.count("<a href=") == len(pages)
    assert re.findall(r'aria-current="page">([^<]+)<', menu) == ["Audit log"]
    assert "Users" not in reader
    assert "Month export" not in reader
    assert re.findall(r'aria-current="page">([^<]+)<', reader) == ["Plans"]
    shown = console.login("owner").get(f"/tariffs/{console.ids['tariff_id']}").text
    assert re.findall(r'aria-current="page">([^<]+)<', shown) == ["Tariffs"]
