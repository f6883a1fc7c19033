"""Delays between attempts: how they grow, and what a process counts while Redis is away."""

from __future__ import annotations

import pytest
from redis import Redis

from gateway.console.attempts import (
    FROM_KNOWN_NETWORK,
    FROM_NEW_NETWORK,
    Counters,
    RedisCounters,
    network_of,
)
from gateway.console.process_counters import ProcessCounters


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("41.90.3.7", "41.90.3.0/24"),
        ("::ffff:41.90.3.7", "41.90.3.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("", ""),
        ("x" * 60, "x" * 45),
    ],
)
def test_an_address_counts_for_its_network(source: str, network: str) -> None:
    assert network_of(source) == network


def test_delays_double_up_to_their_longest() -> None:
    new = [FROM_NEW_NETWORK.delay_s(attempts) for attempts in range(4, 18)]
    known = [FROM_KNOWN_NETWORK.delay_s(attempts) for attempts in (10, 11, 15, 16, 10**9)]

    assert new == [0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    assert known == [0, 2, 32, 60, 60]


@pytest.mark.parametrize("kind", ["redis", "process"])
def test_both_kinds_of_counters_count_alike(redis: Redis, kind: str) -> None:
    counters: Counters = RedisCounters(redis) if kind == "redis" else ProcessCounters()

    assert [counters.count(["a", "b"]), counters.count(["a"])] == [[1, 1], [2]]
    assert counters.left_s(["a", "b"]) == 0
    assert [counters.delay("a", 60), counters.delay("a", 60)] == [True, False]
    assert 0 < counters.left_s(["b", "a"]) <= 60
    counters.uncount(["b"])
    counters.forget("a")
    assert counters.left_s(["a"]) == 0
    assert counters.count(["a", "b"]) == [1, 1]


def test_a_process_forgets_after_an_hour_and_keeps_a_bounded_number() -> None:
    now = [0.0]
    counters = ProcessCounters(lambda: now[0])
    counters.count(["a"])
    now[0] = 3601.0
    assert counters.count(["a"]) == [1]

    counters.count([str(number) for number in range(10_000)])

    assert counters.count(["9999", "a"]) == [2, 1]
