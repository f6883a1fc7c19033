"""Who comes in, and what they may do there: every page, every role, every form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Blueprint

from core.usecases.operators.users import ROLES
from gateway.console import auth
from gateway.console.app import PUBLIC
from gateway.console.auth import Guarded
from gateway.console.pages import login
from gateway.console.roles import PERMISSIONS
from tests.gateway.console.conftest import PASSWORD, Console


def pages(console: Console, method: str) -> Iterator[tuple[str, str]]:
    """(address inside the console, act) of every page, with the ids of the book."""
    adapter = console.app.url_map.bind("localhost")
    for rule in console.app.url_map.iter_rules():
        view = console.app.view_functions[rule.endpoint]
        if rule.endpoint in PUBLIC or method not in (rule.methods or ()):
            continue
        assert isinstance(view, Guarded)
        ids = {name: console.ids[name] for name in rule.arguments}
        yield adapter.build(rule.endpoint, ids).removeprefix("/console"), view.permission


@pytest.mark.parametrize("role", ROLES)
def test_every_page_opens_for_those_who_may_and_for_nobody_else(console, role):
    browser = console.login(role)

    wrong = {
        path: answer.status_code
        for path, action in pages(console, "GET")
        if (answer := browser.get(path)).status_code
        != (200 if role in PERMISSIONS[action] else 403)
    }

    assert wrong == {}


@pytest.mark.parametrize("role", ROLES)
def test_no_form_is_taken_from_somebody_who_may_not(console, role):
    browser = console.login(role)
    before = console.rows("SELECT count(*) FROM audit_log")

    wrong = [
        path
        for path, action in pages(console, "POST")
        if role not in PERMISSIONS[action] and browser.post(path).status_code != 403
    ]

    assert wrong == []
    assert console.rows("SELECT count(*) FROM audit_log") == before


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_no_form_is_taken_without_its_token(console, token):
    browser = console.login("owner")
    typed = {"reason": "because"} | ({} if token is None else {"form_token": token})

    answers = {
        path: browser.client.post(f"/console{path}", data=typed).status_code
        for path, _ in pages(console, "POST")
    }

    assert answers
    assert set(answers.values()) == {400}
    assert browser.get("/").status_code == 200


def test_a_login_form_needs_its_token_too(console):
    typed = {"name": "owner", "password": PASSWORD}

    answer = console.browser().client.post("/console/login", data=typed)

    assert answer.status_code == 400


def test_nobody_sees_anything_before_logging_in(console):
    browser = console.browser()

    for path, _ in pages(console, "GET"):
        answer = browser.get(path)
        assert answer.status_code == 302, path
        assert answer.location.startswith("/console/login"), path


def test_after_logging_in_one_is_where_one_wanted_to_go(console):
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
def test_a_login_never_leads_out_of_the_console(console, elsewhere):
    came = console.browser().log_in("owner", back=elsewhere)

    assert came.location == "/console/"


@pytest.mark.parametrize(
    ("name", "password"), [("owner", "wrong horse"), ("nobody", PASSWORD), ("", ""), ("a\0b", "x")]
)
def test_what_was_wrong_is_not_told(console, name, password):
    browser = console.browser()

    answer = browser.log_in(name, password)

    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert browser.get("/").status_code == 302


def test_tries_for_one_name_end_whichever_address_they_come_from(console, monkeypatch):
    monkeypatch.setattr(login, "MAX_PER_NAME", 3)
    answers = [console.browser().log_in("owner", "wrong").status_code for _ in range(3)]

    after = console.browser().log_in("OWNER ")

    assert answers == [403] * 3
    assert after.status_code == 429
    assert "quarter of an hour" in after.text
    assert console.browser().log_in("finance").status_code == 302


def test_tries_from_one_address_end_whatever_the_names(console, monkeypatch):
    monkeypatch.setattr(login, "MAX_PER_ADDRESS", 3)
    for name in ("ann", "bob", "cyd"):
        console.browser().log_in(name, "wrong")

    assert console.browser().log_in("owner").status_code == 429


def test_an_idle_login_ends(console, later):
    browser = console.login()
    later(seconds=auth.IDLE_S - 1)
    assert browser.get("/").status_code == 200
    later(seconds=auth.IDLE_S - 1)
    assert browser.get("/").status_code == 200

    later(seconds=auth.IDLE_S)

    assert browser.get("/").status_code == 302


def test_a_login_ends_after_a_working_day_however_busy(console, later):
    browser = console.login()

    step = auth.MAX_LOGIN_S // 36
    for _ in range(35):
        later(seconds=step)
        assert browser.get("/").status_code == 200
    later(seconds=step)

    assert browser.get("/").status_code == 302


def test_logging_out_ends_the_login_also_where_its_cookie_was_copied(console):
    browser, copied = console.login(), console.browser()
    cookie = browser.client.get_cookie("dialwatt_console", path="/console/")
    copied.client.set_cookie(cookie.key, cookie.value, path="/console/")
    assert copied.get("/").status_code == 200

    assert browser.post("/logout").location == "/console/login"

    assert browser.get("/").status_code == 302
    assert copied.get("/").status_code == 302


def test_a_cookie_signed_by_somebody_else_is_nobody(console):
    browser = console.login()
    cookie = browser.client.get_cookie("dialwatt_console", path="/console/")
    browser.client.set_cookie(cookie.key, cookie.value[:-3] + "abc", path="/console/")

    assert browser.get("/").status_code == 302


def test_a_page_that_says_nobody_may_have_it_does_not_start(console):
    with pytest.raises(LookupError, match="roles"):
        auth.page(Blueprint("odd", __name__), "/odd", "fly")
    console.app.view_functions["odd"] = lambda: "hello"

    with pytest.raises(LookupError, match="odd"):
        auth.check_guarded(console.app, PUBLIC)
