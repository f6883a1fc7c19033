"""Users at the console: added by an owner, given roles, disabled; own passwords."""

from __future__ import annotations

import re

from tests.gateway.console.conftest import PASSWORD, Console


def test_an_owner_adds_a_user_who_then_logs_in(console: Console) -> None:
    owner = console.login()

    answer = owner.post("/users/new", name="Wanjiru", role="support", password="long enough now")

    assert "wanjiru" in owner.get(answer.location.removeprefix("/console")).text
    assert "wanjiru" in owner.get("/users/").text
    wanjiru = console.browser()
    assert wanjiru.log_in("wanjiru", "long enough now").status_code == 302
    assert wanjiru.get("/").location == "/console/password"
    assert console.audit() == [("owner", "add", "user", "a new user")]


def test_a_problem_is_shown_beside_its_field_and_the_input_is_kept(console: Console) -> None:
    answer = console.login().post("/users/new", name="owner", role="boss", password="short")

    assert answer.status_code == 422
    assert "Choose a value from the list" in answer.text
    assert 'value="owner"' in answer.text
    assert "short" not in answer.text
    assert console.audit() == []


def test_a_refusal_is_shown_beside_its_field(console: Console) -> None:
    answer = console.login().post("/users/new", name="owner", role="support", password=PASSWORD)

    assert answer.status_code == 422
    assert "There is a user owner already" in answer.text


def test_changing_a_role_needs_a_reason_and_ends_the_logins(console: Console) -> None:
    owner, support = console.login(), console.login("support")
    path = f"/users/{console.ids['user_id']}/role"

    without = owner.post(path, role="finance")
    done = owner.post(path, role="finance", reason="moved to accounts")

    assert (without.status_code, done.status_code) == (422, 302)
    assert support.get("/").status_code == 302
    assert console.rows("SELECT role FROM console_users WHERE name = 'support'") == [("finance",)]
    assert console.audit() == [("owner", "set_role", "user", "moved to accounts")]


def test_a_disabled_user_is_logged_out_at_once(console: Console) -> None:
    owner, support = console.login(), console.login("support")

    owner.post(f"/users/{console.ids['user_id']}/disable", reason="left us")

    assert support.get("/").status_code == 302
    assert console.browser().log_in("support").status_code == 403
    assert console.audit() == [("owner", "disable", "user", "left us")]


def test_the_last_owner_cannot_be_disabled(console: Console) -> None:
    owner_id = console.rows("SELECT id FROM console_users WHERE name = 'owner'")[0][0]

    answer = console.login().post(f"/users/{owner_id}/disable", reason="a joke")

    assert answer.status_code == 422
    assert "At least one user must be an owner" in answer.text


def test_a_disabled_user_is_let_back_in(console: Console) -> None:
    owner, user = console.login(), f"/users/{console.ids['user_id']}"
    owner.post(f"{user}/disable", reason="on leave")
    assert "Let back in" in owner.get(user).text

    owner.post(f"{user}/role", role="finance", reason="will be in accounts")
    assert console.browser().log_in("support").status_code == 403
    owner.post(f"{user}/enable", reason="back from leave")

    assert console.browser().log_in("support").status_code == 302
    assert console.audit()[-1] == ("owner", "enable", "user", "back from leave")


def test_a_forgotten_password_is_replaced_by_a_first_one_that_must_be_changed(
    console: Console,
) -> None:
    owner, support = console.login(), console.login("support")

    answer = owner.post(f"/users/{console.ids['user_id']}/password", reason="forgot it")

    [first] = re.findall(r"<li>([\w-]{16})</li>", answer.text)
    assert support.get("/").status_code == 302
    assert console.browser().log_in("support").status_code == 403
    assert support.log_in("support", first).status_code == 302
    assert support.get("/customers/").location == "/console/password"
    new = {"new": "a better horse", "again": "a better horse"}
    assert support.post("/password", present=first, **new).location == "/console/"
    assert support.get("/customers/").status_code == 200
    assert [row[1] for row in console.audit()] == ["first_password", "change_password"]


def test_an_owner_uses_no_reset_on_the_own_account(console: Console) -> None:
    owner_id = console.rows("SELECT id FROM console_users WHERE name = 'owner'")[0][0]
    owner = console.login()

    for page in ("password", "second-factor"):
        answer = owner.post(f"/users/{owner_id}/{page}", reason="an open login")
        assert answer.status_code == 422
        assert "the account of another user" in answer.text
    assert console.audit() == []


def test_changing_a_password_needs_the_current_one(console: Console) -> None:
    browser = console.login("support")
    new = {"new": "a better horse", "again": "a better horse"}

    assert browser.post("/password", present="wrong", **new).status_code == 422
    assert browser.post("/password", present=PASSWORD, **(new | {"again": "x"})).status_code == 422
    assert browser.post("/password", present=PASSWORD, **new).status_code == 302

    assert console.browser().log_in("support").status_code == 403
    assert console.browser().log_in("support", "a better horse").status_code == 302
    assert console.audit() == [("support", "change_password", "user", "a new password")]


def test_an_unknown_user_has_no_page(console: Console) -> None:
    assert console.login().get("/users/999999/role").status_code == 404
