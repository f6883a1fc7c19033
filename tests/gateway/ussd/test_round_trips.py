"""What a turn costs: round trips to the database, counted on the wire.

A caller waits for each of them, wherever the database is. What is counted does not depend on the
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
from tests.support.phone import Answer, Phone
from tests.support.wire import Wire, wire_to

# psycopg prepares a statement when it has been sent five times.
WARM = 7
Trips = Callable[..., list[tuple[str, int]]]


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
    wire: Wire, redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trips]:
    """Plays a walk until everything is warm; gives each screen and what it cost to get there."""
    monkeypatch.setattr("core.unit._MARKET_KEPT_S", 3600.0)
    gateway = create_app(
        {
            "DATABASE_URL": wire.url,
            "REDIS_URL": redis_url,
            "CALLBACK_KEY": "demo",
            "DARAJA_SHORTCODE": "600123",
            "PIN_PEPPER": PEPPER,
        }
    )

    def walk(msisdn: str, *typed: str) -> list[tuple[str, int]]:
        for _ in range(WARM):
            redis.flushdb()
            costs: list[tuple[str, int]] = []

            def counted(send: Callable[[], Answer], costs: Any = costs) -> Answer:
                wire.trips = 0
                answer = send()
                costs.append((answer.headers["at-ussd-hop-metadata"], wire.trips))
                return answer

            phone = Phone(gateway, msisdn, deliver=counted)
            phone.dial()
            for one in typed:
                phone.answer(one)
        return costs

    yield walk
    gateway.close()


# Who, what they type after the dial, and each screen with what it cost. Screens read in 3 at most;
# an effect has its ping, its BEGIN, its key, its own statements and its COMMIT.
WALKS = {
    "a meter is paid for": (
        AMINA,
        ("1", "500", "1"),
        [
            ("home.customer", 1),
            ("payment.amount", 3),
            ("payment.confirm", 2),
            ("payment.check_phone", 7),
        ],
    ),
    "the loan only": (
        AMINA,
        ("1", "500", "2"),
        [
            ("home.customer", 1),
            ("payment.amount", 3),
            ("payment.confirm", 2),
            ("payment.confirm_loan", 2),
        ],
    ),
    "what I owe": (AMINA, ("2",), [("home.customer", 1), ("debts.list", 2)]),
    "my tokens": (AMINA, ("3",), [("home.customer", 1), ("tokens.which", 3)]),
    "my devices": (AMINA, ("4",), [("home.customer", 1), ("devices.list", 2)]),
    "a stranger pays": (
        STRANGER,
        ("1", METER, "500"),
        [
            ("home.stranger", 1),
            ("payment.serial", 0),
            ("payment.amount", 2),
            ("payment.confirm", 2),
        ],
    ),
    "an agent collects": (
        JUMA,
        ("3", METER, "200", "1"),
        [
            ("home.agent", 2),
            ("cash.serial", 0),
            ("cash.amount", 1),
            ("cash.confirm", 1),
            ("cash.pin", 0),
        ],
    ),
}


@pytest.mark.parametrize("walk", WALKS)
def test_what_each_screen_of_the_main_paths_costs(trips: Trips, walk: str) -> None:
    msisdn, typed, costs = WALKS[walk]

    assert trips(msisdn, *typed) == costs
