"""Logins: names, delays, the second factor, what refused logins leave behind."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from pyotp import TOTP

from core.operator import ConsoleUser
from core.second_factor import TotpSeals
from core.usecases.operators.own_second_factor import set_up_second_factor
from core.usecases.operators.users import get_user
from gateway.console import attempts
from gateway.console.attempts import Attempts, Rule
from gateway.redis_client import fail_fast_redis
from tests.gateway.console.conftest import PASSWORD, SECRET, Browser, Console
from tests.support.scenario import NOW

APP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ELSEWHERE = "203.0.113.9"


@pytest.fixture
def few_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two free attempts, then delays."""
    monkeypatch.setattr(attempts, "FROM_NEW_NETWORK", Rule(2, 900))


def wrong(browser: Browser, name: str = "owner", times: int = 1) -> list[int]:
    return [browser.log_in(name, f"wrong {n}").status_code for n in range(times)]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("owner", "wrong horse"),
        ("nobody", PASSWORD),
        ("", ""),
        ("a\0b", "x"),
        ("own\0er", PASSWORD),
        ("оwner", PASSWORD),
        ("owner\n", PASSWORD),
        ("o" * 41, PASSWORD),
    ],
)
def test_a_refused_login_does_not_say_what_was_wrong(
    console: Console, name: str, password: str
) -> None:
    browser = console.browser()

    answer = browser.log_in(name, password)

    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert browser.get("/").status_code == 302


def test_every_spelling_of_a_name_counts_as_that_name(console: Console, few_free: None) -> None:
    browser = console.browser(ELSEWHERE)

    first = [browser.log_in(name, "x").status_code for name in ("owner", "OWNER", " Owner ")]
    after = browser.log_in("owner", "x")

    assert (first, after.status_code) == ([403] * 3, 429)
    assert "Too many tries: wait 2 seconds" in after.text


def test_names_that_nobody_can_have_count_as_one_name(console: Console, few_free: None) -> None:
    browser = console.browser(ELSEWHERE)

    answers = [browser.log_in(f"o\0{n}wner", "x").status_code for n in range(5)]

    assert answers == [403, 403, 403, 429, 429]


def test_a_stranger_does_not_shut_a_person_out(
    console: Console, few_free: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "OF_NAME", Rule(3, 900))
    assert console.browser().log_in("owner").status_code == 302
    for last in range(5):
        wrong(console.browser(f"203.0.{last}.9"), times=4)

    assert console.browser("203.0.200.9").log_in("owner").status_code == 429
    assert console.browser("127.0.0.77").log_in("owner").status_code == 302
    assert console.browser(ELSEWHERE).log_in("finance").status_code == 302


def test_an_own_network_has_delays_of_its_own(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "FROM_KNOWN_NETWORK", Rule(3, 60))
    console.login()

    assert wrong(console.browser(), times=6) == [403] * 4 + [429] * 2


def test_the_right_password_ends_the_counting(console: Console, few_free: None) -> None:
    browser = console.browser(ELSEWHERE)

    for _ in range(3):
        assert wrong(browser, times=2) == [403, 403]
        console.change_context(attempts=Attempts(console.redis))
        assert browser.log_in("owner").status_code == 302


@pytest.mark.parametrize("address", ["2001:db8::{n}", "::ffff:203.0.113.{n}", "203.0.113.{n}"])
def test_addresses_of_one_network_count_together(
    console: Console, few_free: None, address: str
) -> None:
    answers = [wrong(console.browser(address.format(n=n)))[0] for n in range(1, 5)]

    assert answers == [403, 403, 403, 429]


def test_without_redis_the_process_counts(console: Console, few_free: None) -> None:
    console.change_context(attempts=Attempts(fail_fast_redis("redis://127.0.0.1:1")))
    browser = console.browser(ELSEWHERE)

    assert wrong(browser, times=5) == [403] * 3 + [429] * 2
    assert console.browser("198.51.100.1").log_in("owner").status_code == 302


def test_a_refused_login_is_logged_without_the_name(
    console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    wrong(console.browser(ELSEWHERE), times=2)
    wrong(console.browser(ELSEWHERE), "nobody")

    lines = [record.getMessage() for record in caplog.records]
    assert all("(login_wrong), name " in line and "203.0.113.0/24" in line for line in lines)
    assert lines[0] == lines[1] != lines[2]
    assert "owner" not in "".join(lines)
    assert console.rows(
        "SELECT subject_id > 0, details FROM audit_log WHERE action = 'log_in_refused' ORDER BY 1"
    ) == [(known, {"network": "203.0.113.0/24", "code": "login_wrong"}) for known in (False, True)]


def test_logins_and_logouts_are_in_the_audit_log(console: Console) -> None:
    console.login("finance").post("/logout")

    assert console.rows(
        "SELECT operator, action FROM audit_log WHERE action LIKE 'log_%' ORDER BY id"
    ) == [("finance", "log_in"), ("finance", "log_out")]


def code_of(console: Console, steps: int = 0) -> str:
    return TOTP(APP).at(NOW + console.scenario.ahead + timedelta(seconds=30 * steps))


@pytest.fixture
def recovery_codes(console: Console) -> tuple[str, ...]:
    """Give the owner a second factor, whose secret is APP."""
    seals = TotpSeals([SECRET])
    with console.scenario.open_unit() as unit:
        user = owner_of(console)
        return set_up_second_factor(
            unit, seals, user, seals.seal(user.id, APP), code_of(console, -1)
        )


def owner_of(console: Console) -> ConsoleUser:
    [(user_id,)] = console.rows("SELECT id FROM console_users WHERE name = 'owner'")
    with console.scenario.open_unit() as unit:
        return get_user(unit, user_id)


def type_code(browser: Browser, code: str) -> int:
    typed = {"form_token": browser.token("/login/code"), "code": code}
    return browser.client.post("/console/login/code", data=typed).status_code


def test_with_a_second_factor_the_password_alone_logs_nobody_in(
    console: Console, recovery_codes: tuple[str, ...]
) -> None:
    browser = console.browser()
    assert browser.get("/login/code").location == "/console/login"

    asked = browser.log_in("owner", back="/console/users/?after=9")

    assert asked.location == "/console/login/code?back=/console/users/?after%3D9"
    assert browser.get("/users/").status_code == 302
    assert type_code(browser, "000000") == 403
    code = code_of(console)
    assert type_code(browser, f" {code[:3]} {code[3:]} ") == 302
    assert browser.get("/users/").status_code == 200


def test_a_code_is_valid_once(console: Console, recovery_codes: tuple[str, ...]) -> None:
    first, second = console.browser(), console.browser()
    for browser in (first, second):
        browser.log_in("owner")

    assert type_code(first, code_of(console)) == 302
    assert type_code(second, code_of(console)) == 403
    assert type_code(second, code_of(console, -1)) == 403
    assert type_code(second, code_of(console, 1)) == 302


def test_a_recovery_code_is_valid_once(console: Console, recovery_codes: tuple[str, ...]) -> None:
    for expected in (302, 403):
        browser = console.browser()
        browser.log_in("owner")
        assert type_code(browser, recovery_codes[3].upper().replace("-", " ")) == expected

    assert [row[:2] for row in console.audit()] == [
        ("owner", "set_up_second_factor"),
        ("owner", "use_recovery_code"),
    ]
    stored = console.rows("SELECT totp_sealed, recovery_hashes FROM console_users WHERE id = 1")
    assert not any(code in str(stored) for code in (APP, *recovery_codes))


def test_a_login_says_when_few_recovery_codes_are_left(
    console: Console, recovery_codes: tuple[str, ...]
) -> None:
    pages = []
    for code in recovery_codes[:6]:
        browser = console.browser()
        browser.log_in("owner")
        type_code(browser, code)
        pages.append(browser.get("/").text)

    assert ["Recovery codes left: 2." in page for page in pages] == [False] * 5 + [True]


def test_codes_are_guessed_as_slowly_as_passwords(
    console: Console, recovery_codes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "FROM_NEW_NETWORK", Rule(2, 900))
    browser = console.browser()
    browser.log_in("owner")

    assert [type_code(browser, f"00000{n}") for n in range(5)] == [403] * 3 + [429] * 2
    assert type_code(browser, code_of(console)) == 429


def test_the_step_after_the_password_ends(
    console: Console, recovery_codes: tuple[str, ...], later: Callable[..., None]
) -> None:
    browser = console.browser()
    browser.log_in("owner")
    later(minutes=10)

    assert browser.get("/login/code").location == "/console/login"


def test_a_replaced_console_secret_still_opens_second_factors(
    console: Console, recovery_codes: tuple[str, ...], later: Callable[..., None]
) -> None:
    newer = "n" * 32
    console.change_context(totp_seals=TotpSeals([newer, SECRET]))
    browser = console.browser()
    browser.log_in("owner")
    assert type_code(browser, code_of(console)) == 302
    later(minutes=1)
    console.change_context(totp_seals=TotpSeals([newer]))
    browser.log_in("owner")

    assert type_code(browser, code_of(console)) == 302
