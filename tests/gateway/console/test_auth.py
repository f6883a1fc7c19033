"""Logins and permissions: every page, every role, every form."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Blueprint

from core.usecases.operators.users import ROLES
from gateway.console import auth
from gateway.console.app import PUBLIC
from gateway.console.auth import Guarded
from gateway.console.roles import PERMISSIONS
from tests.gateway.console.conftest import PASSWORD, Console


def pages(console: Console, method: str) -> Iterator[tuple[str, str]]:
    """Yield (address inside the console, permission) of every page, with ids of the test data."""
    adapter = console.app.url_map.bind("localhost")
    for rule in console.app.url_map.iter_rules():
        view = console.app.view_functions[rule.endpoint]
        if rule.endpoint in PUBLIC or method not in (rule.methods or ()):
            continue
        assert isinstance(view, Guarded)
        ids = {name: console.ids[name] for name in rule.arguments}
        yield adapter.build(rule.endpoint, ids).removeprefix("/console"), view.permission


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_only_for_roles_with_its_permission(console: Console, role: str) -> None:
    browser = console.login(role)

    wrong = {
        path: answer.status_code
        for path, permission in pages(console, "GET")
        if (answer := browser.get(path)).status_code
        != (200 if role in PERMISSIONS[permission] else 403)
    }

    assert wrong == {}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_without_the_permission_cannot_submit_a_form(console: Console, role: str) -> None:
    browser = console.login(role)
    before = console.rows("SELECT count(*) FROM audit_log WHERE action <> 'refused'")

    wrong = [
        path
        for path, permission in pages(console, "POST")
        if role not in PERMISSIONS[permission] and browser.post(path).status_code != 403
    ]

    assert wrong == []
    assert console.rows("SELECT count(*) FROM audit_log WHERE action <> 'refused'") == before


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_a_form_without_its_token_is_refused(console: Console, token: str | None) -> None:
    browser = console.login("owner")
    typed = {"reason": "because"} | ({} if token is None else {"form_token": token})

    answers = {
        path: browser.client.post(f"/console{path}", data=typed).status_code
        for path, _ in pages(console, "POST")
    }

    assert answers
    assert set(answers.values()) == {400}
    assert browser.get("/").status_code == 200


def test_a_login_without_the_form_token_is_refused(console: Console) -> None:
    typed = {"name": "owner", "password": PASSWORD}

    answer = console.browser().client.post("/console/login", data=typed)

    assert answer.status_code == 400


def test_every_page_needs_a_login(console: Console) -> None:
    browser = console.browser()

    for path, _ in pages(console, "GET"):
        answer = browser.get(path)
        assert answer.status_code == 302, path
        assert answer.location.startswith("/console/login"), path


def test_a_login_continues_with_the_requested_page(console: Console) -> None:
    browser = console.browser()
    asked = browser.get("/users/", after="9")

    came = browser.log_in("owner", **{"back": asked.location.split("back=")[1]})

    assert asked.location == "/console/login?back=/console/users/?after%3D9"
    assert came.status_code == 302
    assert browser.log_in("owner", back="/console/users/?after=9").location == (
        "/console/users/?after=9"
    )


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/console/", "//evil.example", "/\\evil.example", "/phone/"]
)
def test_a_login_never_redirects_to_another_site(console: Console, elsewhere: str) -> None:
    came = console.browser().log_in("owner", back=elsewhere)

    assert came.location == "/console/"


def test_an_idle_login_ends(console: Console, later: Callable[..., None]) -> None:
    browser = console.login()
    later(seconds=auth.IDLE_S - 1)
    assert browser.get("/").status_code == 200
    later(seconds=auth.IDLE_S - 1)
    assert browser.get("/").status_code == 200

    later(seconds=auth.IDLE_S)

    assert browser.get("/").status_code == 302


def test_a_login_ends_after_twelve_hours_of_use(
    console: Console, later: Callable[..., None]
) -> None:
    browser = console.login()

    step = auth.MAX_LOGIN_S // 36
    for _ in range(35):
        later(seconds=step)
        assert browser.get("/").status_code == 200
    later(seconds=step)

    assert browser.get("/").status_code == 302


def test_a_logout_also_ends_copied_logins(console: Console) -> None:
    browser, copied = console.login(), console.browser()
    cookie = browser.client.get_cookie("dialwatt_console", path="/console/")
    assert cookie is not None
    copied.client.set_cookie(cookie.key, cookie.value, path="/console/")
    assert copied.get("/").status_code == 200

    assert browser.post("/logout").location == "/console/login"

    assert browser.get("/").status_code == 302
    assert copied.get("/").status_code == 302


def test_a_forged_cookie_is_no_login(console: Console) -> None:
    browser = console.login()
    cookie = browser.client.get_cookie("dialwatt_console", path="/console/")
    assert cookie is not None
    browser.client.set_cookie(cookie.key, cookie.value[:-3] + "abc", path="/console/")

    assert browser.get("/").status_code == 302


def test_a_page_without_a_known_permission_stops_the_start(console: Console) -> None:
    with pytest.raises(LookupError, match="roles"):
        auth.page(Blueprint("odd", __name__), "/odd", "fly")
    console.app.view_functions["odd"] = lambda: "hello"

    with pytest.raises(LookupError, match="odd"):
        auth.check_guarded(console.app, PUBLIC)
