"""Event counters: shared by all processes, and lost without Redis rather than in the way."""

import logging

import pytest
from redis import Redis

from gateway.counters import EventCounters
from gateway.redis_client import fail_fast_redis


def test_all_processes_count_together(redis: Redis) -> None:
    for _ in range(2):
        EventCounters(redis).count("daraja_stk", "booked")
    EventCounters(redis).count("daraja_stk", "wrong_key")
    assert EventCounters(redis).read() == {
        ("daraja_stk", "booked"): 2,
        ("daraja_stk", "wrong_key"): 1,
    }


def test_without_redis_a_count_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    client = fail_fast_redis("redis://127.0.0.1:9")
    with caplog.at_level(logging.WARNING):
        EventCounters(client).count("daraja_stk", "booked")
    assert "not counted: daraja_stk booked" in caplog.text
    client.close()
