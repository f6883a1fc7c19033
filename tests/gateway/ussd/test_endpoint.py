"""The endpoints of all aggregators in the real web process: who may speak, what is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from core.gsm7 import septets
from gateway.app import create_app
from gateway.network_limits import SMALLEST_SCREEN
from gateway.ussd.aggregators import ADAPTERS
from tests.gateway.conftest import AMINA, KEY
from tests.gateway.ussd.conformance import WIRES, Caller, Hands, Wire
from tests.support.phone import Phone
from tests.support.scenario import Scenario
from tests.support.toy_menu import BARAKA

MakeWeb = Callable[..., Any]


@pytest.fixture
def make_web(scenario: Scenario, environment: dict[str, str]) -> Iterator[MakeWeb]:
    """Makes a web process with these settings besides."""
    made = []

    def make(**settings: str) -> Any:
        made.append(create_app(environment | settings))
        return made[-1]

    yield make
    for web in made:
        web.close()


@pytest.fixture(params=WIRES, ids=lambda wire: f"{wire.name}{'#' * wire.numbers}")
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


def dial(wire: Wire, web: Any, key: str = KEY, **environ: str) -> Any:
    """The answer to a dial."""
    caller = Caller(wire, web, Hands(), AMINA)
    caller.ready_to_dial()
    around = {"REMOTE_ADDR": "127.0.0.1"} | environ
    return wire.send(web, caller.sent, f"/ussd/{wire.name}/{key}", **around)


def test_every_aggregator_reaches_the_menu(wire: Wire, make_web: MakeWeb) -> None:
    text, ends = wire.read(dial(wire, make_web()))

    assert "1 Pay" in text
    assert not ends


def test_what_is_refused_leaves_no_trace_in_the_books(
    wire: Wire, make_web: MakeWeb, scenario: Scenario, redis: Redis
) -> None:
    web, before = make_web(), scenario.traces()

    assert dial(wire, web, "guess").status == 404
    assert wire.send(web, b"\xff\x00", f"/ussd/{wire.name}/{KEY}").status == 400
    assert wire.send(web, b"1" * 70_000, f"/ussd/{wire.name}/{KEY}").status == 413

    assert scenario.traces() == before
    assert redis.keys("ussd:*") == []
    counted = redis.hgetall("event_counters")
    name = f"ussd_{wire.name}"
    for outcome in ("wrong_key", "malformed", "too_large"):
        assert counted[f"{name} {outcome}".encode()] == b"1"


def test_only_listed_addresses_speak_for_an_aggregator(wire: Wire, make_web: MakeWeb) -> None:
    setting = f"USSD_{wire.name.upper()}_ALLOWED_IPS"
    web = make_web(**{setting: "192.0.2.0/24", "TRUSTED_PROXIES": "127.0.0.1"})

    assert dial(wire, web, HTTP_X_FORWARDED_FOR="192.0.2.7").status == 200
    assert dial(wire, web, HTTP_X_FORWARDED_FOR="192.0.2.7, 6.6.6.6").status == 403
    assert dial(wire, web).status == 403
    other = next(candidate for candidate in WIRES if candidate.name != wire.name)
    assert dial(other, web, HTTP_X_FORWARDED_FOR="6.6.6.6").status == 200


def test_only_aggregators_that_are_set_up_have_an_endpoint(
    wire: Wire, make_web: MakeWeb, redis: Redis
) -> None:
    others = [name for name in ADAPTERS if name != wire.name]
    web = make_web(USSD_AGGREGATORS=", ".join(others))

    assert dial(wire, web).status == 404
    assert redis.keys("ussd:*") == []
    other = next(candidate for candidate in WIRES if candidate.name != wire.name)
    assert dial(other, web).status == 200


def test_the_end_of_session_address_keeps_its_list_too(make_web: MakeWeb) -> None:
    web = make_web(USSD_AFRICASTALKING_ALLOWED_IPS="192.0.2.0/24")

    assert WIRES[0].send(web, b"", f"/ussd/africastalking/{KEY}/events").status == 403


def test_an_address_with_too_many_refusals_hears_less_but_is_let_in_with_the_key(
    wire: Wire, make_web: MakeWeb, redis: Redis
) -> None:
    web = make_web()
    assert dial(wire, web, "guess").status == 404
    (counter,) = redis.keys("limit:refusals:*")
    redis.set(counter, 10_000, keepttl=True)

    assert dial(wire, web, "guess").status == 429
    assert dial(wire, web).status == 200


def test_without_redis_a_caller_hears_an_apology(wire: Wire, make_web: MakeWeb) -> None:
    web = make_web(REDIS_URL="redis://127.0.0.1:9")

    text, ends = wire.read(dial(wire, web))

    assert "wrong on our side" in text
    assert ends
    assert dial(wire, web, "guess").status == 404


def test_a_network_with_larger_screens_is_given_them(app: Any) -> None:
    def first_page(network: str) -> int:
        phone = Phone(app, BARAKA, network=network)
        phone.dial()
        return septets(phone.answer("2"))

    assert first_page("63902") <= SMALLEST_SCREEN
    assert first_page("99999") <= SMALLEST_SCREEN
    assert SMALLEST_SCREEN < first_page("63903") <= 184
