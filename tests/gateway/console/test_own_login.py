"""What operators do to their own login: passwords, the second factor, recovery codes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from pyotp import TOTP
from werkzeug.test import TestResponse

from tests.gateway.console.conftest import PASSWORD, Browser, Console
from tests.support.scenario import NOW

_OFFERED = re.compile(r'name="offered" value="([^"]+)"')
_KEY = re.compile(r'<code class="mono">([A-Z2-7 ]+)</code>')
_CODES = re.compile(r"<li>([a-z2-7-]{19})</li>")
NEXT = NOW + timedelta(seconds=30)
NEW = {"new": "a better horse", "again": "a better horse"}


def set_up(browser: Browser, **typed: str) -> tuple[TestResponse, str]:
    """Set up a second factor as a person with an app does; returns the answer and the app's key."""
    page = browser.get("/second-factor/set-up").text
    key = _KEY.findall(page)[0].replace(" ", "")
    given = {"offered": _OFFERED.findall(page)[0], "present": PASSWORD, "code": TOTP(key).at(NOW)}
    return browser.post("/second-factor/set-up", **(given | typed)), key


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("short", "12 to 200 characters"),
        ("aaaaaaaaaaaa", "first that are guessed"),
        ("123456789012", "first that are guessed"),
        ("password1234", "first that are guessed"),
        ("eleven char", "12 to 200 characters"),
        ("support-2026", "little more than a name"),
        (PASSWORD, "the present password"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(
    console: Console, password: str, problem: str
) -> None:
    typed = {"present": PASSWORD, "new": password, "again": password}

    answer = console.login("support").post("/password", **typed)

    assert answer.status_code == 422
    assert problem in answer.text


def test_a_password_keeps_its_blanks(console: Console) -> None:
    browser, blanks = console.login("support"), "  a better horse "

    browser.post("/password", present=PASSWORD, new=blanks, again=blanks)

    assert console.browser().log_in("support", blanks.strip()).status_code == 403
    assert console.browser().log_in("support", blanks).status_code == 302


def test_a_new_password_ends_all_logins_but_the_one_that_set_it(console: Console) -> None:
    browser, other = console.login("support"), console.login("support")

    assert browser.post("/password", present=PASSWORD, **NEW).location == "/console/"

    assert browser.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_an_open_login_cannot_guess_the_password(console: Console) -> None:
    browser, other = console.login("support"), console.login("support")

    answers = [browser.post("/password", present=f"wrong {n}", **NEW).status_code for n in range(5)]
    last = browser.post("/password", present=PASSWORD, **NEW)

    assert answers == [422] * 5
    assert last.location == "/console/login"
    assert "all your logins have ended" in browser.get("/login").text
    assert other.get("/").status_code == 302
    assert console.browser().log_in("support").status_code == 302
    assert console.browser().log_in("support", NEW["new"]).status_code == 403


def test_where_the_role_must_have_one_a_second_factor_comes_before_all_pages(
    console: Console,
) -> None:
    console.change_context(second_factor_roles=frozenset({"owner", "finance"}))
    browser = console.login("finance")
    for path in ("/", "/customers/", "/suspense/"):
        assert browser.get(path).location == "/console/second-factor/set-up"
    assert console.login("support").get("/").status_code == 200

    answer, key = set_up(browser)

    assert answer.status_code == 200
    assert len(set(_CODES.findall(answer.text))) == 8
    assert "Set-Cookie" in answer.headers  # the login goes on with the epoch after the change
    assert browser.get("/").status_code == 200
    assert browser.get("/second-factor").text.count("<li>") == 0
    assert console.audit() == [("finance", "set_up_second_factor", "user", "a second factor")]
    refused = browser.post("/second-factor/remove", present=PASSWORD, code=TOTP(key).at(NEXT))
    assert "Your role must have a second factor" in refused.text


def test_the_code_for_the_app_is_drawn_in_the_page(console: Console) -> None:
    page = console.login("support").get("/second-factor/set-up").text

    assert "<svg" in page
    assert "<script" not in page
    assert "style=" not in page


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"code": "000000"}, "The code is wrong"),
        ({"present": "wrong horse"}, "The name or the password is wrong"),
        ({"offered": "forged"}, "cannot be checked"),
    ],
)
def test_a_second_factor_is_set_up_only_with_the_password_and_a_code_of_the_app(
    console: Console, typed: dict[str, str], problem: str
) -> None:
    answer, _ = set_up(console.login("support"), **typed)

    assert answer.status_code == 422
    assert problem in answer.text
    assert console.rows("SELECT count(*) FROM console_users WHERE totp_sealed IS NOT NULL") == [
        (0,)
    ]


def test_a_secret_that_was_offered_to_another_user_is_refused(console: Console) -> None:
    offered = _OFFERED.findall(console.login("finance").get("/second-factor/set-up").text)[0]

    answer, _ = set_up(console.login("support"), offered=offered)

    assert "cannot be checked" in answer.text


def test_new_recovery_codes_void_the_old_ones_and_need_a_code(console: Console) -> None:
    browser = console.login("support")
    answer, key = set_up(browser)
    old = _CODES.findall(answer.text)
    path = "/second-factor/recovery-codes"

    assert browser.post(path, present=PASSWORD, code="000000").status_code == 422
    renewed = browser.post(path, present=PASSWORD, code=TOTP(key).at(NEXT))

    assert len(set(_CODES.findall(renewed.text)) - set(old)) == 8
    assert browser.post(path, present=PASSWORD, code=old[0]).status_code == 422


def test_another_phone_needs_a_code_of_the_present_one(console: Console) -> None:
    browser = console.login("support")
    answer, key = set_up(browser)
    recovery_code = _CODES.findall(answer.text)[0]

    without, _ = set_up(browser, present_code="000000")
    done, other_key = set_up(browser, present_code=recovery_code)

    assert without.status_code == 422
    assert (done.status_code, other_key == key) == (200, False)
    assert recovery_code not in _CODES.findall(done.text)


def test_a_second_factor_that_no_role_needs_is_removed(console: Console) -> None:
    browser = console.login("support")
    _, key = set_up(browser)

    done = browser.post("/second-factor/remove", present=PASSWORD, code=TOTP(key).at(NEXT))

    assert done.location == "/console/second-factor"
    assert console.browser().log_in("support").location == "/console/"


def test_an_owner_resets_the_second_factor_of_another(console: Console) -> None:
    support = console.login("support")
    set_up(support)
    owner, user = console.login(), f"/users/{console.ids['user_id']}"
    assert "Reset the second factor" in owner.get(user).text

    owner.post(f"{user}/second-factor", reason="lost the phone, came to the office")

    assert support.get("/").status_code == 302
    assert console.browser().log_in("support").location == "/console/"
    assert console.audit()[-1][:2] == ("owner", "reset_second_factor")
