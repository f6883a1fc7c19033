"""What a turn costs: round trips to the database and to Redis, counted on the wire.

A caller waits for each of them, wherever the servers are. What is counted does not depend on the
machine, so it is asserted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import create_engine

from core.clock import system_clock
from gateway.app import create_app
from tests.support.cast import AMINA, JUMA, METER, PEPPER, STRANGER, insert_cast
from tests.support.endpoint_settings import endpoint_settings
from tests.support.phone import Answer, Phone
from tests.support.services import inside
from tests.support.wire import Wire, wire_to, wire_to_redis

# psycopg prepares a statement when it has been sent five times.
WARM = 7
Cost = tuple[str, int, int]
Trips = Callable[..., list[Cost]]


@pytest.fixture(autouse=True)
def every_queue_is_woken() -> None:
    """Not watched here: reading rows back before a commit is a round trip too."""


@pytest.fixture
def redis_wire(redis_url: str) -> Iterator[Wire]:
    with wire_to_redis(redis_url) as wire:
        yield wire


@pytest.fixture
def wire(database_url: str) -> Iterator[Wire]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        insert_cast(connection, system_clock().date())
    engine.dispose()
    with wire_to(database_url) as wire:
        yield wire


@pytest.fixture
def trips(
    wire: Wire,
    redis: Redis,
    redis_wire: Wire,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Trips]:
    """Plays a walk until everything is warm; gives each screen and what it cost to get there."""
    monkeypatch.setattr("core.unit.MARKET_KEPT_S", 3600.0)
    gateway = create_app(
        {
            "DATABASE_URL": wire.url,
            "REDIS_URL": redis_wire.url,
            **endpoint_settings("demo"),
            "DARAJA_SHORTCODE": "600123",
            "PIN_PEPPER": PEPPER,
        }
    )

    def walk(msisdn: str, *typed: str) -> list[Cost]:
        for _ in range(WARM):
            redis.flushdb()
            with inside(database_url) as connection:  # else the payer is asked about the last one
                connection.execute(
                    "UPDATE prompts SET state = 'failed', created_at = created_at - interval '2 h'"
                )
            costs: list[Cost] = []

            def counted(send: Callable[[], Answer], costs: Any = costs) -> Answer:
                wire.trips = redis_wire.trips = 0
                answer = send()
                screen = answer.headers["at-ussd-hop-metadata"]
                costs.append((screen, wire.trips, redis_wire.trips))
                return answer

            phone = Phone(gateway, msisdn, deliver=counted)
            phone.dial()
            for answer in typed:
                phone.answer(answer)
        return costs

    yield walk
    gateway.close()


# The caller, what they type after the dial, and each screen with its round trips to the database
# and to Redis. A screen reads in one; an effect has its ping, its BEGIN, its key, its own
# statements and its COMMIT. Redis is asked twice for the session, once more where guesses of serial
# numbers are limited, and twice more where queues are woken, however many they are.
WALKS = {
    "a meter is paid for": (
        AMINA,
        ("1", "500", "1"),
        [
            ("home.customer", 1, 2),
            ("payment.amount", 1, 2),
            ("payment.confirm", 1, 2),
            ("payment.check_phone", 10, 4),
        ],
    ),
    "the loan only": (
        AMINA,
        ("1", "500", "2"),
        [
            ("home.customer", 1, 2),
            ("payment.amount", 1, 2),
            ("payment.confirm", 1, 2),
            ("payment.confirm_loan", 1, 2),
        ],
    ),
    "what I owe": (AMINA, ("2",), [("home.customer", 1, 2), ("debts.list", 1, 2)]),
    "my tokens": (AMINA, ("3",), [("home.customer", 1, 2), ("tokens.which", 1, 2)]),
    "my devices": (AMINA, ("4",), [("home.customer", 1, 2), ("devices.list", 1, 2)]),
    "a stranger pays": (
        STRANGER,
        ("1", METER, "500"),
        [
            ("home.stranger", 1, 2),
            ("payment.serial", 0, 2),
            ("payment.amount", 1, 3),
            ("payment.confirm", 1, 2),
        ],
    ),
    "an agent collects": (
        JUMA,
        ("3", METER, "200", "1"),
        [
            ("home.agent", 1, 2),
            ("cash.serial", 0, 2),
            ("cash.amount", 1, 3),
            ("cash.confirm", 1, 2),
            ("cash.pin", 0, 2),
        ],
    ),
}


@pytest.mark.parametrize("walk", WALKS)
def test_what_each_screen_of_the_main_paths_costs(trips: Trips, walk: str) -> None:
    msisdn, typed, costs = WALKS[walk]

    assert trips(msisdn, *typed) == costs
