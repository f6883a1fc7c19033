"""Turns in the event loop: the same screens as from threads, at a cost that is counted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import create_engine

from core.clock import system_clock
from core.db.link import DatabaseLink, LinkDown
from gateway.app import Gateway, create_app
from gateway.rsgi import make_server
from gateway.serving.lane import Lane
from gateway.serving.redis_link import LinkDown as RedisDown
from gateway.serving.redis_link import RedisLink
from gateway.serving.rsgi import Server
from gateway.ussd.endpoint import UssdEndpoint
from gateway.ussd.quick import QuickTurns
from tests.support.cast import AMINA, METER, PEPPER, STRANGER, insert_cast
from tests.support.endpoint_settings import endpoint_settings
from tests.support.event_loop import LoopPhone
from tests.support.phone import Phone
from tests.support.services import inside
from tests.support.wire import Wire, wire_to, wire_to_redis

# Python functions called for a turn, those of the event loop left out: 20 more than now.
MOST_CALLS = {
    "home.customer": 410,
    "payment.amount": 580,
    "payment.confirm": 910,
}


class Loop:
    """A gateway served in an event loop. `threads` counts the turns that took a thread."""

    def __init__(self, gateway: Gateway, quick: QuickTurns) -> None:
        self.gateway = gateway
        self.quick = quick
        self.server: Server = make_server(gateway)
        self.threads = 0

    def play(self, conversation: Callable[[Server], Awaitable[Any]]) -> Any:
        """What the conversation returns, once the links are open."""

        async def when_ready() -> Any:
            await self.quick.ready()
            try:
                return await conversation(self.server)
            finally:
                self.quick.close()

        return asyncio.run(when_ready())


@pytest.fixture
def wires(database_url: str, redis_url: str) -> Iterator[tuple[Wire, Wire]]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        insert_cast(connection, system_clock().date())
    engine.dispose()
    with wire_to(database_url) as database, wire_to_redis(redis_url) as cache:
        yield database, cache


@pytest.fixture
def loop(wires: tuple[Wire, Wire], monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    database, cache = wires
    monkeypatch.setattr("core.quick_reads.MARKET_KEPT_S", 3600.0)
    gateway = create_app(
        {
            "DATABASE_URL": database.url,
            "REDIS_URL": cache.url,
            **endpoint_settings("demo"),
            "DARAJA_SHORTCODE": "600123",
            "PIN_PEPPER": PEPPER,
        }
    )
    endpoint = getattr(gateway.quick_turn, "__self__", None)
    assert isinstance(endpoint, UssdEndpoint)
    assert endpoint.quick is not None
    loop = Loop(gateway, endpoint.quick)
    enter = Lane.enter

    async def counted(lane: Lane, request: Any) -> bool:
        loop.threads += 1
        return await enter(lane, request)

    monkeypatch.setattr(Lane, "enter", counted)
    yield loop
    gateway.close()


async def walk(server: Server, msisdn: str, *typed: str) -> list[tuple[str, str]]:
    phone = LoopPhone(server, msisdn)
    return [await phone.dial(), *[await phone.answer(answer) for answer in typed]]


WALKS = {
    "a payment is previewed": (AMINA, ("1", "500")),
    "the loan only": (AMINA, ("1", "500", "2")),
    "what I owe": (AMINA, ("2",)),
    "my tokens": (AMINA, ("3",)),
    "my devices": (AMINA, ("4",)),
    "my language, and back": (AMINA, ("6", "0")),
    "a wrong key, then help": (AMINA, ("99", "7")),
    "a stranger": (STRANGER, ("3",)),
}


@pytest.mark.parametrize("name", WALKS)
def test_a_screen_is_the_same_from_the_event_loop_and_from_a_thread(
    loop: Loop, redis: Redis, name: str
) -> None:
    msisdn, typed = WALKS[name]
    seen = loop.play(lambda server: walk(server, msisdn, *typed))
    assert loop.threads == 0

    redis.flushdb()  # else the caller is asked to go on with the first walk
    phone = Phone(loop.gateway, msisdn)
    again = [phone.dial(), *[phone.answer(answer) for answer in typed]]
    assert [text for _, text in seen] == again


def test_a_screen_costs_one_trip_to_the_database_and_two_to_redis(
    loop: Loop, wires: tuple[Wire, Wire], redis: Redis
) -> None:
    database, cache = wires

    async def counted(server: Server) -> list[tuple[str, int, int]]:
        costs = []
        for msisdn, typed in WALKS.values():
            redis.flushdb()
            await walk(server, msisdn, *typed)  # prepares the statements
        for msisdn, typed in WALKS.values():
            phone = LoopPhone(server, msisdn)
            redis.flushdb()
            for place, answer in enumerate(("", *typed)):
                database.trips = cache.trips = 0
                screen, _ = await (phone.answer(answer) if place else phone.dial())
                costs.append((screen, database.trips, cache.trips))
        return costs

    costs = loop.play(counted)
    assert loop.threads == 0
    assert {redis for _, _, redis in costs} == {2}
    assert max(trips for _, trips, _ in costs) == 1


def test_an_effect_is_left_to_a_thread_and_happens_once(loop: Loop, database_url: str) -> None:
    async def paid(server: Server) -> tuple[Any, Any]:
        phone = LoopPhone(server, AMINA)
        await phone.dial()
        for typed in ("1", "500"):
            await phone.answer(typed)
        first = await phone.answer("1")
        return first, await phone.send()

    first, again = loop.play(paid)
    assert first == again
    assert first[0] == "payment.check_phone"
    assert loop.threads == 1
    with inside(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM prompts").fetchone() == (1,)


def test_callbacks_that_come_twice_at_once_are_answered_with_the_same_bytes(loop: Loop) -> None:
    async def doubled(server: Server) -> list[tuple[Any, Any]]:
        phone, pairs = LoopPhone(server, AMINA), []
        await phone.dial()
        for typed in ("1", "500"):
            first = asyncio.create_task(phone.answer(typed))
            await asyncio.sleep(0)
            pairs.append((await phone.send(), await first))
        return pairs

    for first, second in loop.play(doubled):
        assert first == second


def test_a_serial_number_of_another_is_looked_up_by_a_thread_which_limits_guesses(
    loop: Loop,
) -> None:
    seen = loop.play(lambda server: walk(server, STRANGER, "1", METER, "500"))
    assert seen[-1][0] == "payment.confirm"
    assert loop.threads == 1


def test_how_many_python_functions_a_turn_calls(loop: Loop, redis: Redis) -> None:
    async def counted(server: Server) -> dict[str, int]:
        await walk(server, AMINA, "1", "500")
        redis.flushdb()
        phone, calls = LoopPhone(server, AMINA), {}
        for place, answer in enumerate(("", "1", "500")):
            count = 0

            def note(frame: Any, event: str, argument: object) -> None:
                nonlocal count
                count += event == "call" and "asyncio" not in frame.f_code.co_filename

            sys.setprofile(note)
            try:
                screen, _ = await (phone.answer(answer) if place else phone.dial())
            finally:
                sys.setprofile(None)
            calls[screen] = count
        return calls

    calls = loop.play(counted)
    assert {screen: calls[screen] <= most for screen, most in MOST_CALLS.items()} == dict.fromkeys(
        MOST_CALLS, True
    ), calls


def test_without_redis_or_a_database_the_links_say_so_and_recover(
    database_url: str, redis_url: str
) -> None:
    conninfo = database_url.replace("postgresql+psycopg://", "postgresql://")

    async def cut() -> list[object]:
        link, redis = DatabaseLink(conninfo, 1), RedisLink(redis_url)
        with pytest.raises(LinkDown):
            await link.rows("SELECT %s::int", (1,))
        with pytest.raises(RedisDown):
            redis.call("PING")
        await link.ready()
        await redis.ready()
        found: list[object] = [*await link.rows("SELECT %s::int", (1,)), await redis.call("PING")]
        with pytest.raises(LinkDown):
            await link.rows("SELECT pg_terminate_backend(pg_backend_pid())", ())
        await link.ready()
        found += await link.rows("SELECT %s::text", ("again",))
        with pytest.raises(LinkDown):
            await link.rows("SELECT no_such_column", ())
        found += await link.rows("SELECT %s::int", (2,))
        link.close()
        redis.close()
        return found

    assert asyncio.run(cut()) == [(1,), b"PONG", ("again",), (2,)]
