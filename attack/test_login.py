"""Attacks on the logins of the console: guessing, shutting people out, stolen logins, weak
passwords, and what a cookie gives away."""

from __future__ import annotations

import http.client
import re
import secrets
import signal
import urllib.parse
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

import pytest
from pyotp import TOTP
from redis import Redis

from attack.deployment import PATIENCE_S, Deployment

GUESSES = 20
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_HIDDEN = re.compile(r'name="offered" value="([^"]+)"')
_KEY = re.compile(r'<code class="mono">([A-Z2-7 ]+)</code>')
_SHOWN = re.compile(r"<li>([^<]+)</li>")


@dataclass
class Desk:
    """A browser at the console, on a machine of its own: any address of 127.0.0.0/8."""

    deployment: Deployment
    address: str = "127.0.0.1"
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    set_cookie: str = ""

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path, {})

    def post(self, path: str, /, **typed: str) -> tuple[int, str]:
        """Fill in the form at that address, and send it."""
        tokens = {"form_token": self.token(path), "once": secrets.token_urlsafe(16)}
        return self._ask("POST", path, tokens | typed)

    def token(self, path: str) -> str:
        """The token of the forms of this session, from that page."""
        return str(_TOKEN.findall(self.get(path)[1])[-1])

    def log_in(self, name: str, password: str) -> int:
        return self.post("/login", name=name, password=password)[0]

    def _ask(self, method: str, path: str, form: dict[str, str]) -> tuple[int, str]:
        """Return the status, and the text or where it redirects to."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        with closing(
            http.client.HTTPConnection(
                "127.0.0.1",
                self.deployment.port,
                timeout=PATIENCE_S,
                source_address=(self.address, 0),
            )
        ) as connection:
            body = urllib.parse.urlencode(form)
            connection.request(method, f"/console{path}", body, kind | self.headers)
            answer = connection.getresponse()
            self.set_cookie = answer.headers.get("Set-Cookie", "")
            given = SimpleCookie(self.set_cookie)
            self.cookies |= {name: morsel.value for name, morsel in given.items()}
            text = answer.read().decode()
            return answer.status, answer.headers.get("Location") or text


@pytest.fixture
def password(deployment: Deployment) -> str:
    """The password of `owner`, who logged in from 127.0.0.1 before. Counting begins again."""
    _forget_attempts(deployment)
    desk, password = Desk(deployment), deployment.settings["CONSOLE_PASSWORD"]
    assert desk.log_in("owner", password) == 302
    return password


def _forget_attempts(deployment: Deployment) -> None:
    """Start the web process's counting again: the attempts of the last attack are not ours."""
    with closing(Redis.from_url(deployment.services.redis_url)) as redis:
        for key in redis.scan_iter("limit:*"):
            redis.delete(key)


def guess(desk: Desk, names: list[str]) -> list[int]:
    return [desk.log_in(name, f"guess {number}") for number, name in enumerate(names)]


@contextmanager
def web_with(deployment: Deployment, **changed: str) -> Iterator[None]:
    """The web process with other settings, until the attack is over."""
    deployment.start("web", **changed)
    try:
        yield
    finally:
        deployment.start("web")


def test_guessing_is_delayed_and_shuts_no_person_out(deployment: Deployment, password: str) -> None:
    stranger = Desk(deployment, "127.9.1.1")

    statuses = guess(stranger, ["owner"] * GUESSES)

    assert statuses.count(403) <= 12
    assert statuses.count(429) >= GUESSES - 12
    assert Desk(deployment, "127.0.0.9").log_in("owner", password) == 302


def test_many_machines_shut_no_person_out(deployment: Deployment, password: str) -> None:
    for machine in range(10):
        guess(Desk(deployment, f"127.9.{machine}.1"), ["owner"] * 5)

    assert Desk(deployment).log_in("owner", password) == 302


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
    statuses = guess(Desk(deployment, "127.9.2.1"), names)

    assert statuses.count(403) <= 12
    assert Desk(deployment, "127.9.2.1").log_in("own\0er", password) != 302


def test_no_header_makes_a_guesser_a_new_machine(deployment: Deployment, password: str) -> None:
    desk = Desk(deployment, "127.9.3.1")
    statuses = []
    for number in range(GUESSES):
        desk.headers = {
            "X-Forwarded-For": f"196.201.{number}.1",
            "Forwarded": f"for=41.91.{number}.1",
        }
        statuses += guess(desk, ["owner"])

    assert statuses.count(403) <= 12
    desk.headers |= {"X_Forwarded_For": "41.90.1.1"}
    assert desk.get("/login")[0] == 400


def test_without_redis_each_process_still_counts(deployment: Deployment, password: str) -> None:
    valkey = deployment.services.valkey.child
    assert valkey is not None
    processes = int(deployment.settings.get("WEB_WORKERS", "2"))
    valkey.send_signal(signal.SIGSTOP)
    try:
        statuses = guess(Desk(deployment, "127.9.4.1"), ["owner"] * GUESSES)
    finally:
        valkey.send_signal(signal.SIGCONT)

    assert statuses.count(403) <= 10 * processes
    assert 429 in statuses


def test_an_open_login_cannot_guess_the_password(deployment: Deployment, password: str) -> None:
    desk = Desk(deployment)
    desk.log_in("owner", password)
    new = {"new": "a better horse", "again": "a better horse"}

    statuses = [desk.post("/password", present=f"guess {n}", **new)[0] for n in range(5)]

    assert statuses == [422] * 5
    assert desk.post("/password", present=password, **new)[1] == "/console/login"
    assert desk.get("/")[0] == 302
    assert Desk(deployment).log_in("owner", password) == 302


def test_refused_logins_leave_rows_and_lines_without_names(
    deployment: Deployment, password: str
) -> None:
    Desk(deployment, "127.9.50.1").log_in("owner", "my secret guess")

    rows = deployment.rows(
        "SELECT details::text FROM audit_log WHERE action = 'log_in_refused'"
        " AND details->>'network' = '127.9.50.0/24'"
    )
    lines = [line for line in deployment.log.read_text().splitlines() if "127.9.50.0/24" in line]
    assert (len(rows), len(lines)) == (1, 1)
    assert "owner" not in lines[0]
    assert "my secret guess" not in deployment.log.read_text()


@pytest.mark.parametrize(
    "weak", ["aaaaaaaaaa", "1234567890", "password12", "qwertyuiop", "owner-owner", "owner12345"]
)
def test_a_weak_password_is_refused(deployment: Deployment, password: str, weak: str) -> None:
    desk = Desk(deployment)
    desk.log_in("owner", password)

    status, text = desk.post("/password", present=password, new=weak, again=weak)

    assert status == 422
    assert "password" in text


def test_a_new_pin_is_in_the_answer_and_never_in_the_cookie(
    deployment: Deployment, password: str
) -> None:
    desk = Desk(deployment)
    desk.log_in("owner", password)
    [(agent_id,)] = deployment.rows("SELECT min(id) FROM agents")
    kept = deployment.rows("SELECT pin_hash FROM agents WHERE id = %s", agent_id)

    try:
        status, text = desk.post(f"/agents/{agent_id}/pin", reason="forgot it")

        assert status == 200
        assert re.fullmatch(r"[0-9]{4}", _SHOWN.findall(text)[0])
        assert desk.set_cookie == ""
        assert _SHOWN.findall(desk.get(f"/agents/{agent_id}")[1]) == []
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
        desk = Desk(deployment)
        assert desk.log_in("owner", password) == 302
        assert {"Secure", "HttpOnly", "Path=/"} <= set(desk.set_cookie.split("; "))
        assert desk.set_cookie.startswith("__Host-")
        for path in ("/", "/customers/", "/customers.csv", "/users/"):
            assert desk.get(path)[1] == "/console/second-factor/set-up"

        app, codes = _set_up(desk, password)
        try:
            assert desk.get("/users/")[0] == 200
            _check_second_factor(deployment, password, app, codes)
        finally:
            reset = ("user", "reset-second-factor", "owner", "--reason", "the attack is over")
            assert deployment.dialwatt(*reset).returncode == 0
        assert desk.get("/users/")[0] == 302


def _set_up(desk: Desk, password: str) -> tuple[TOTP, list[str]]:
    """Set up a second factor: the app, and the recovery codes."""
    page = desk.get("/second-factor/set-up")[1]
    app = TOTP(_KEY.findall(page)[0].replace(" ", ""))
    status, text = desk.post(
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
    thief = Desk(deployment)
    assert thief.post("/login", name="owner", password=password)[1] == "/console/login/code"
    assert thief.get("/users/")[0] == 302
    assert thief.post("/login/code", code=app.now())[0] == 403  # the one that set it up
    assert thief.post("/login/code", code=codes[0])[0] == 302
    assert thief.get("/users/")[0] == 200
    again = Desk(deployment)
    again.post("/login", name="owner", password=password)
    assert again.post("/login/code", code=codes[0])[0] == 403
    guesser = Desk(deployment, "127.9.6.1")
    guesser.post("/login", name="owner", password=password)
    statuses = [guesser.post("/login/code", code=f"{n:06}")[0] for n in range(GUESSES)]
    assert 429 in statuses
    assert statuses.count(403) <= 12
