"""A new release while money is on its way: workers stop when asked, others start, none is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from subprocess import Popen

import pytest
from sqlalchemy import make_url

from core.db.engine import migrate
from tests.support.cast import KIT, METER
from tests.support.roles import as_role
from tests.workers.conftest import WorkerScenario

pytestmark = pytest.mark.slow

PAYMENTS = 100
PATIENCE_S = 60.0


@pytest.fixture
def start(settings: dict[str, str], database_url: str) -> Iterator[Callable[[str], Popen[bytes]]]:
    """Start a process of the deployment; what still runs is ended afterwards."""
    migrate(database_url)
    worker = as_role(database_url, "worker", of=make_url(database_url).database)
    started = []

    def start(verb: str) -> Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "operations.cli", verb],
            env=os.environ | settings | {"DATABASE_URL": worker},
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def applied(scenario: WorkerScenario) -> int:
    found: int = scenario.rows("SELECT count(*) FROM payments WHERE state = 'applied'")[0][0]
    return found


def wait_until_applied(scenario: WorkerScenario, at_least: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while applied(scenario) < at_least:
        assert time.monotonic() < deadline, f"{applied(scenario)} of {at_least} applied"
        time.sleep(0.02)


def test_a_deployment_while_payments_are_in_flight_loses_none(
    scenario: WorkerScenario, start: Callable[[str], Popen[bytes]], database_url: str
) -> None:
    start("schedule")
    old = start("worker")
    for number in range(PAYMENTS):
        scenario.pay(f"R{number}", KIT if number % 2 else METER, 20_00)
        if number == PAYMENTS // 2:
            wait_until_applied(scenario, 1)
            old.send_signal(signal.SIGTERM)
            migrate(database_url)
            start("worker")
    assert old.wait(PATIENCE_S) == 0

    wait_until_applied(scenario, PAYMENTS)

    [(made, distinct)] = scenario.rows(
        "SELECT count(*), count(DISTINCT (device_id, counter)) FROM tokens"
    )
    assert made == distinct > 0
    assert scenario.rows("SELECT count(*) FROM payments WHERE attempts > 0") == [(0,)]
