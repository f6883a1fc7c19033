"""Attacks on the logins of the console: guessing, shutting people out, stolen logins, weak
passwords, and what a cookie gives away."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from pyotp import TOTP
from redis import Redis

from attack.console import ConsoleBrowser
from attack.deployment import Deployment

GUESSES = 20
_HIDDEN = re.compile(r'name="offered" value="([^"]+)"')
_KEY = re.compile(r'<code class="mono">([A-Z2-7 ]+)</code>')
_SHOWN = re.compile(r"<li>([^<]+)</li>")


@pytest.fixture
def password(deployment: Deployment) -> str:
    """The password of `owner`, who logged in from 127.0.0.1 before. Counting begins again."""
    _forget_attempts(deployment)
    browser, password = ConsoleBrowser(deployment), deployment.settings["CONSOLE_PASSWORD"]
    assert browser.log_in("owner", password) == 302
    return password


def _forget_attempts(deployment: Deployment) -> None:
    """Start the web process's counting again: the attempts of the last attack are not ours."""
    with closing(Redis.from_url(deployment.services.redis_url)) as redis:
        for key in redis.scan_iter("limit:*"):
            redis.delete(key)


def guess(browser: ConsoleBrowser, names: list[str]) -> list[int]:
    return [browser.log_in(name, f"guess {number}") for number, name in enumerate(names)]


@contextmanager
def web_with(deployment: Deployment, **changed: str) -> Iterator[None]:
    """The web process with other settings, until the attack is over."""
    deployment.start("web", **changed)
    try:
        yield
    finally:
        deployment.start("web")


def test_guessing_is_delayed_and_shuts_no_person_out(deployment: Deployment, password: str) -> None:
    stranger = ConsoleBrowser(deployment, "127.9.1.1")

    statuses = guess(stranger, ["owner"] * GUESSES)

    assert statuses.count(403) <= 12
    assert statuses.count(429) >= GUESSES - 12
    assert ConsoleBrowser(deployment, "127.0.0.9").log_in("owner", password) == 302


def test_many_machines_shut_no_person_out(deployment: Deployment, password: str) -> None:
    for machine in range(10):
        guess(ConsoleBrowser(deployment, f"127.9.{machine}.1"), ["owner"] * 5)

    assert ConsoleBrowser(deployment).log_in("owner", password) == 302


@pytest.mark.parametrize(
    "names",
    [
        [f"{'owner'[:at]}\0{'owner'[at:]}" for at in range(1, 5)] * 5,
        [" owner", "OWNER", "Owner ", "oWner"] * 5,
        [f"o\u200bwner{number}" for number in range(20)],
    ],
    ids=["NUL", "spelling", "no names"],
)
def test_no_spelling_of_a_name_is_a_new_name(
    deployment: Deployment, password: str, names: list[str]
) -> None:
    statuses = guess(ConsoleBrowser(deployment, "127.9.2.1"), names)

    assert statuses.count(403) <= 12
    assert ConsoleBrowser(deployment, "127.9.2.1").log_in("own\0er", password) != 302


def test_no_header_makes_a_guesser_a_new_machine(deployment: Deployment, password: str) -> None:
    browser = ConsoleBrowser(deployment, "127.9.3.1")
    statuses = []
    for number in range(GUESSES):
        browser.headers = {
            "X-Forwarded-For": f"196.201.{number}.1",
            "Forwarded": f"for=41.91.{number}.1",
        }
        statuses += guess(browser, ["owner"])

    assert statuses.count(403) <= 12
    browser.headers |= {"X_Forwarded_For": "41.90.1.1"}
    assert browser.get("/login")[0] == 400


def test_without_redis_each_process_still_counts(deployment: Deployment, password: str) -> None:
    valkey = deployment.services.valkey.child
    assert valkey is not None
    processes = int(deployment.settings.get("WEB_WORKERS", "2"))
    valkey.send_signal(signal.SIGSTOP)
    try:
        statuses = guess(ConsoleBrowser(deployment, "127.9.4.1"), ["owner"] * GUESSES)
    finally:
        valkey.send_signal(signal.SIGCONT)

    assert statuses.count(403) <= 10 * processes
    assert 429 in statuses


def test_an_open_login_cannot_guess_the_password(deployment: Deployment, password: str) -> None:
    browser = ConsoleBrowser(deployment)
    browser.log_in("owner", password)
    new = {"new": "a better horse", "again": "a better horse"}

    statuses = [browser.post("/password", present=f"guess {n}", **new)[0] for n in range(5)]

    assert statuses == [422] * 5
    assert browser.post("/password", present=password, **new)[1] == "/console/login"
    assert browser.get("/")[0] == 302
    assert ConsoleBrowser(deployment).log_in("owner", password) == 302


def test_refused_logins_leave_rows_and_lines_without_names(
    deployment: Deployment, password: str
) -> None:
    ConsoleBrowser(deployment, "127.9.50.1").log_in("owner", "my secret guess")

    rows = deployment.rows(
        "SELECT details::text FROM audit_log WHERE action = 'log_in_refused'"
        " AND details->>'network' = '127.9.50.0/24'"
    )
    lines = [line for line in deployment.log.read_text().splitlines() if "127.9.50.0/24" in line]
    assert (len(rows), len(lines)) == (1, 1)
    assert "owner" not in lines[0]
    assert "my secret guess" not in deployment.log.read_text()


@pytest.mark.parametrize(
    "weak",
    ["aaaaaaaaaaaa", "1234567890", "password1234", "qwertyuiop12", "owner-owner1", "owner1234567"],
)
def test_a_weak_password_is_refused(deployment: Deployment, password: str, weak: str) -> None:
    browser = ConsoleBrowser(deployment)
    browser.log_in("owner", password)

    status, text = browser.post("/password", present=password, new=weak, again=weak)

    assert status == 422
    assert "password" in text


def test_a_new_pin_is_in_the_answer_and_never_in_the_cookie(
    deployment: Deployment, password: str
) -> None:
    browser = ConsoleBrowser(deployment)
    browser.log_in("owner", password)
    [(agent_id,)] = deployment.rows("SELECT min(id) FROM agents")
    kept = deployment.rows("SELECT pin_hash FROM agents WHERE id = %s", agent_id)

    try:
        status, text = browser.post(f"/agents/{agent_id}/pin", reason="forgot it")

        assert status == 200
        assert re.fullmatch(r"[0-9]{4}", _SHOWN.findall(text)[0])
        assert browser.set_cookie == ""
        assert _SHOWN.findall(browser.get(f"/agents/{agent_id}")[1]) == []
    finally:
        restore = (
            "UPDATE agents SET pin_hash = %s, pin_is_initial = false WHERE id = %s RETURNING id"
        )
        deployment.rows(restore, kept[0][0], agent_id)


def test_an_owner_in_production_needs_a_second_factor_that_is_valid_once(
    deployment: Deployment, password: str
) -> None:
    https = {"PUBLIC_URL": "https://gateway.example.org"}
    with web_with(deployment, CONSOLE_SECOND_FACTOR="", **https):
        browser = ConsoleBrowser(deployment)
        assert browser.log_in("owner", password) == 302
        assert {"Secure", "HttpOnly", "Path=/"} <= set(browser.set_cookie.split("; "))
        assert browser.set_cookie.startswith("__Host-")
        for path in ("/", "/customers/", "/customers.csv", "/users/"):
            assert browser.get(path)[1] == "/console/second-factor/set-up"

        app, codes = _set_up(browser, password)
        try:
            assert browser.get("/users/")[0] == 200
            _check_second_factor(deployment, password, app, codes)
        finally:
            reset = ("user", "reset-second-factor", "owner", "--reason", "the attack is over")
            assert deployment.dialwatt(*reset).returncode == 0
        assert browser.get("/users/")[0] == 302


def _set_up(browser: ConsoleBrowser, password: str) -> tuple[TOTP, list[str]]:
    """Set up a second factor: the app, and the recovery codes."""
    page = browser.get("/second-factor/set-up")[1]
    app = TOTP(_KEY.findall(page)[0].replace(" ", ""))
    status, text = browser.post(
        "/second-factor/set-up",
        offered=_HIDDEN.findall(page)[0],
        code=app.now(),
        present=password,
    )
    assert status == 200
    return app, _SHOWN.findall(text)


def _check_second_factor(
    deployment: Deployment, password: str, app: TOTP, codes: list[str]
) -> None:
    """A password alone, a used code and a guessed one open nothing; a recovery code does, once."""
    thief = ConsoleBrowser(deployment)
    assert thief.post("/login", name="owner", password=password)[1] == "/console/login/code"
    assert thief.get("/users/")[0] == 302
    assert thief.post("/login/code", code=app.now())[0] == 403  # the one that set it up
    assert thief.post("/login/code", code=codes[0])[0] == 302
    assert thief.get("/users/")[0] == 200
    again = ConsoleBrowser(deployment)
    again.post("/login", name="owner", password=password)
    assert again.post("/login/code", code=codes[0])[0] == 403
    guesser = ConsoleBrowser(deployment, "127.9.6.1")
    guesser.post("/login", name="owner", password=password)
    statuses = [guesser.post("/login/code", code=f"{n:06}")[0] for n in range(GUESSES)]
    assert 429 in statuses
    assert statuses.count(403) <= 12
