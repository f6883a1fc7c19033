"""No more look-ups than the provider allows, however many workers look."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from redis import Redis

from core.errors import Temporary
from gateway.rate_limit import RateLimit
from gateway.redis_client import fail_fast_redis
from operations.embedded.services import Services


@pytest.fixture
def redis_url(services: Services, redis_client: Redis) -> str:
    """An empty Valkey, with the rights of a worker."""
    redis_client.flushdb()
    return services.redis_url_of("worker")


def test_two_workers_with_eight_threads_each_never_ask_closer_than_allowed(redis_url: str) -> None:
    workers = [RateLimit(fail_fast_redis(redis_url), "mtn", 0.12) for _ in range(2)]
    with ThreadPoolExecutor(16) as pool:
        reserved = list(pool.map(lambda n: workers[n % 2].reserve(), range(48)))

    slots = sorted(at_us for at_us, _ in reserved)
    assert all(later - earlier >= 120_000 for earlier, later in pairwise(slots))


def test_a_call_that_has_a_slot_waits_for_it(redis: Redis, redis_url: str) -> None:
    waited: list[float] = []
    limit = RateLimit(fail_fast_redis(redis_url), "mtn", 5.0, sleep=waited.append)
    limit.wait()
    limit.wait()

    assert waited[0] == 0.0
    assert 0.0 < waited[1] <= 5.0


def test_a_queue_that_is_too_long_is_left_for_later(redis: Redis, redis_url: str) -> None:
    limit = RateLimit(fail_fast_redis(redis_url), "mtn", 6.0, sleep=lambda seconds: None)
    for _ in range(2):  # at once, and in six seconds
        limit.wait()
    with pytest.raises(Temporary, match="rate_limited"):
        limit.wait()


def test_without_redis_nothing_is_asked_now() -> None:
    limit = RateLimit(fail_fast_redis("redis://127.0.0.1:9"), "mtn", 0.1)
    with pytest.raises(Temporary, match="rate_limited"):
        limit.wait()
