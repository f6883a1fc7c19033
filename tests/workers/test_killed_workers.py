"""Real worker processes killed at any moment, Redis emptied under them: nothing lost or twice.

A short form of the torture run: its events are drawn from a seed that the failure prints.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from redis import Redis

from core.db.invariants import BOOKS, offenders
from core.unit import unit_opener
from tests.support.cast import KIT, METER

PAYMENTS = 120
KILLS = 6
PATIENCE_S = 60.0


@pytest.fixture
def crew(settings):
    """Two workers and the schedule as real processes; `kill` ends one and starts another."""
    crew = Crew(settings)
    yield crew
    crew.stop()


class Crew:
    def __init__(self, settings: dict[str, str]) -> None:
        self._env = os.environ | settings
        self._processes = [self._start(verb) for verb in ("worker", "worker", "schedule")]

    def _start(self, verb: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "operations.cli", verb]
        return subprocess.Popen(command, env=self._env, stderr=subprocess.DEVNULL)

    def kill(self, number: int) -> None:
        """Kill a process without any warning, and start one in its place."""
        dead = self._processes[number]
        verb = str(dead.args[-1])
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        self._processes[number] = self._start(verb)

    def stop(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def wait_until_applied(hands, at_least: int) -> None:
    """Until so many payments are applied; fails with what is stuck."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        [(applied,)] = hands.rows("SELECT count(*) FROM payments WHERE state = 'applied'")
        if applied >= at_least:
            return
        stuck = hands.rows("SELECT receipt, problem FROM payments WHERE state = 'received' LIMIT 3")
        assert time.monotonic() < deadline, f"{applied} of {at_least} applied; waiting: {stuck}"
        time.sleep(0.05)


def test_workers_killed_at_any_moment_lose_nothing_and_do_nothing_twice(hands, crew, redis_url):
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    print(f"seed {seed}")
    kills_at = sorted(dice.sample(range(1, PAYMENTS), KILLS))
    flush_at = dice.randrange(PAYMENTS)

    for number in range(PAYMENTS):
        hands.pay(f"R{number}", dice.choice((METER, KIT)), 10_00 * dice.randint(1, 50))
        if number == flush_at:
            with Redis.from_url(redis_url) as redis:
                redis.flushall()
        if number in kills_at:
            wait_until_applied(hands, dice.randint(0, number // 2))
            crew.kill(dice.randrange(3))
    wait_until_applied(hands, PAYMENTS)

    with unit_opener(hands.engine)() as unit:
        wrong = {name: offenders(unit.connection, sql, unit.now) for name, sql in BOOKS.items()}
    assert not any(wrong.values()), wrong
    # Every tenth of a kWh and every day that was paid for is on exactly one token.
    assert hands.rows("SELECT count(*) FROM payments WHERE attempts > 0") == [(0,)]
    assert hands.rows(
        "SELECT count(*) - count(DISTINCT (device_id, counter)), count(*) - count(DISTINCT text)"
        " FROM tokens"
    ) == [(0, 0)]
    [(bought, sold)] = hands.rows(
        "SELECT (SELECT coalesce(sum(units), 0) * 1000 FROM tokens WHERE kind = 'energy'),"
        " (SELECT coalesce(sum(amount_minor), 0) FROM payment_lines WHERE kind = 'energy')"
    )
    assert bought == sold
