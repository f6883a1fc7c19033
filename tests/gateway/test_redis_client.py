"""A Redis that hangs is waited for once: afterwards no call waits until it answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from redis import RedisError

from gateway.limits import Limits
from gateway.redis_client import RedisCircuit, circuit_of, fail_fast_redis

PATIENCE_S = 60.0


class Hung:
    """A server that takes connections and says nothing."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.url = f"redis://127.0.0.1:{listener.getsockname()[1]}"

    def callers(self) -> int:
        """How many connections were made since the last call."""
        found = 0
        self.listener.setblocking(False)
        try:
            while True:
                self.listener.accept()[0].close()
                found += 1
        except BlockingIOError:
            return found


@pytest.fixture
def hung(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hung]:
    monkeypatch.setattr("gateway.redis_client.TIMEOUT_S", 0.02)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Hung(listener)


def test_only_the_first_of_many_calls_waits_for_a_redis_that_hangs(
    hung: Hung, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    monkeypatch.setattr(circuit_of(hung.url), "_probe", answers.wait)
    with fail_fast_redis(hung.url) as first, fail_fast_redis(hung.url) as second:
        with pytest.raises(RedisError):
            first.get("a")
        assert hung.callers() == 1

        for client in (first, second):
            assert Limits(client).count("name", "subject", 60) == 0
            with pytest.raises(RedisError):
                client.register_script("return 1")()

        assert hung.callers() == 0
    end_probe(answers)


def end_probe(answers: threading.Event) -> None:
    [thread] = [thread for thread in threading.enumerate() if thread.name == "redis-probe"]
    answers.set()
    thread.join(PATIENCE_S)


def test_the_circuit_closes_when_a_probe_is_answered() -> None:
    answers, asked = threading.Event(), threading.Event()

    def probe() -> None:
        asked.set()
        if not answers.wait(PATIENCE_S):
            raise RedisError

    circuit = RedisCircuit(probe)
    circuit.trip()
    assert asked.wait(PATIENCE_S)
    assert circuit.is_open

    end_probe(answers)

    assert not circuit.is_open


def test_a_redis_that_is_not_there_is_asked_again_each_time() -> None:
    client = fail_fast_redis("redis://127.0.0.1:9")
    with pytest.raises(RedisError):
        client.get("a")
    assert not circuit_of("redis://127.0.0.1:9").is_open
