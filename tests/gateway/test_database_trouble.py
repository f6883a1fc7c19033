"""A database that is there and will not: no acknowledgement without a commit, and the repeat is
booked once the trouble is over. A web process killed in the middle leaves nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any, cast

import pytest
import requests
from sqlalchemy import text
from werkzeug.test import Client

from core.db import engine as engines
from gateway import app as gateway_app
from operations.embedded.locations import free_port
from tests.gateway.conftest import Web
from tests.gateway.payments.bodies import c2b
from tests.support.roles import as_role
from tests.support.scenario import Scenario

PATIENCE_S = 60.0
TROUBLE = {
    "disk full": "53100",
    "deadlock": "40P01",
    "serialization failure": "40001",
    "out of memory": "53200",
    "a standby": "25006",
}


def refuse_payments(scenario: Scenario, sqlstate: str) -> None:
    with scenario.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION in_trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" RAISE EXCEPTION 'trouble' USING ERRCODE = '{sqlstate}'; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER in_trouble BEFORE INSERT ON payments EXECUTE FUNCTION in_trouble()"
            )
        )


@pytest.mark.parametrize("trouble", TROUBLE)
def test_no_acknowledgement_while_the_database_cannot_write(
    web: Web, scenario: Scenario, trouble: str
) -> None:
    before = scenario.traces()
    refuse_payments(scenario, TROUBLE[trouble])

    answer = web.daraja("confirmation", c2b())

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert scenario.traces() == before
    with scenario.engine.begin() as connection:
        connection.execute(text("DROP FUNCTION in_trouble CASCADE"))
    assert web.daraja("confirmation", c2b()).status_code == 200
    assert scenario.traces()["payments"] == 1


def test_a_callback_that_finds_all_connections_taken_is_told_to_try_later(
    environment: dict[str, str], scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Any] = []

    def tiny(url: str, **given: Any) -> Any:
        made = engines.make_engine(url, **(given | {"pool_size": 1}))
        pool = cast(Any, made.pool)
        pool._max_overflow, pool._timeout = 0, 0.05
        taken.append(made)
        return made

    monkeypatch.setattr(gateway_app, "make_engine", tiny)
    app = gateway_app.create_app(environment)
    web = Web(Client(app))
    with ExitStack() as held:
        for engine in taken:
            held.enter_context(engine.connect())
        assert web.daraja("confirmation", c2b()).status_code == 503
    assert web.daraja("confirmation", c2b()).status_code == 200
    assert scenario.traces()["payments"] == 1
    app.close()


class Ended(BaseException):
    """The process ends here."""


def test_a_web_process_that_ends_between_commit_and_answer_has_booked_once(
    web: Web, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: Any) -> None:
        raise Ended

    with monkeypatch.context() as patched:
        patched.setattr("gateway.payments.mpesa.callbacks._outcome", end)
        with pytest.raises(Ended):
            web.daraja("confirmation", c2b())
    assert scenario.traces()["payments"] == 1

    assert web.daraja("confirmation", c2b()).status_code == 200
    assert scenario.traces()["payments"] == 1


@pytest.fixture
def real_web(environment: dict[str, str]) -> Iterator[Any]:
    """`dialwatt web` as in production; returns its URL and a way to end it without warning."""
    port, started = free_port(), []
    # In production every endpoint has a key of its own.
    keys = {name: f"{name:a<40}" for name in environment if name.endswith("_ENDPOINT_KEY")}
    as_web = {"DATABASE_URL": as_role(environment["DATABASE_URL"], "web")}

    def start() -> str:
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "operations.cli", "web"],
                env=os.environ
                | environment
                | keys
                | {"PORT": str(port), "WEB_WORKERS": "1"}
                | as_web,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        )
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        return f"http://127.0.0.1:{port}/payments/daraja/{keys['DARAJA_ENDPOINT_KEY']}/confirmation"

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(started[-1].pid, signal.SIGKILL)
        started[-1].wait()

    yield start, kill
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=1).status == 200)
    except OSError:
        return False


def wait_until(true: Any) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_a_web_process_killed_before_its_commit_has_booked_nothing_and_the_repeat_is_booked(
    scenario: Scenario, real_web: Any
) -> None:
    start, kill = real_web
    url = start()
    heard: list[int] = []

    def confirm() -> None:
        with suppress(requests.RequestException):
            while (answer := requests.post(url, json=c2b(), timeout=PATIENCE_S)).status_code == 503:
                pass
            heard.append(answer.status_code)

    with scenario.engine.begin() as connection:
        connection.execute(text("LOCK TABLE payments IN SHARE ROW EXCLUSIVE MODE"))
        callback = threading.Thread(target=confirm)
        callback.start()
        wait_until(lambda: waiting_for_the_lock(scenario))
        kill()
        callback.join(PATIENCE_S)
    assert heard == []
    assert scenario.traces()["payments"] == 0

    assert requests.post(start(), json=c2b(), timeout=PATIENCE_S).status_code == 200
    assert scenario.traces()["payments"] == 1


def waiting_for_the_lock(scenario: Scenario) -> bool:
    [(waiting,)] = scenario.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    return bool(waiting)
