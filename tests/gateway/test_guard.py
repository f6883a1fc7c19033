"""Addresses: which may speak for a provider, and what becomes of those that misbehave."""

import logging
from typing import Any

import pytest
from redis import Redis
from werkzeug.test import Client

from core.errors import BadInput
from gateway.app import create_app
from gateway.guard import _REFUSALS_MAX, Guard, GuardSettings
from gateway.limits import Limits
from gateway.redis_client import fail_fast_redis
from tests.gateway.conftest import KEY, Web
from tests.gateway.payments.bodies import c2b
from tests.support.local_client import LocalClient
from tests.support.scenario import Scenario

CONFIRMATION = f"/payments/daraja/{KEY}/confirmation"


PROXY, OUR_BALANCER = "127.0.0.1", "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "source"),
    [
        (PROXY, "203.0.113.9", "203.0.113.9"),
        (PROXY, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (PROXY, "6.6.6.6,203.0.113.9,10.0.0.1", "203.0.113.9"),
        (PROXY, "10.0.0.1", OUR_BALANCER),
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, "nonsense", "nonsense"),
        # who is no proxy of ours says nothing about others
        ("6.6.6.6", "196.201.214.200", "6.6.6.6"),
        (PROXY, "196.201.214.200, 6.6.6.6", "6.6.6.6"),
        ("", "196.201.214.200", ""),
        # as balancers with ports and dual stacks write addresses
        (PROXY, "203.0.113.9:51034", "203.0.113.9"),
        (PROXY, "[2001:db8::7]:443", "2001:db8::7"),
        (PROXY, "2001:DB8::7", "2001:db8::7"),
        (PROXY, "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
    ],
)
def test_the_address_is_what_the_outermost_of_our_proxies_saw(
    peer: str, forwarded: str | None, source: str
) -> None:
    settings = GuardSettings.from_environment({"TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"})
    guard = Guard(settings, Limits(fail_fast_redis("redis://127.0.0.1:9")))
    environ = {"REMOTE_ADDR": peer}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    assert guard.source(environ) == source


@pytest.mark.parametrize(
    ("peer", "headers", "may"),
    [
        (PROXY, {}, True),
        ("::1", {}, True),
        (PROXY, {"X_FORWARDED_FOR": "127.0.0.1"}, True),
        (PROXY, {"X_FORWARDED_FOR": "6.6.6.6"}, False),
        # a proxy that does not say who asked
        (PROXY, {"X_REAL_IP": "127.0.0.1"}, False),
        (PROXY, {"FORWARDED": "for=127.0.0.1"}, False),
        (PROXY, {"X_FORWARDED_PROTO": "https"}, False),
        (PROXY, {"VIA": "1.1 proxy"}, False),
        # a proxy that is not ours
        ("6.6.6.6", {}, False),
        ("6.6.6.6", {"X_FORWARDED_FOR": "127.0.0.1"}, False),
        ("", {}, False),
    ],
)
def test_what_came_through_a_proxy_is_not_from_this_host(
    peer: str, headers: dict[str, str], may: bool
) -> None:
    settings = GuardSettings.from_environment({"TRUSTED_PROXIES": "127.0.0.1"})
    guard = Guard(settings, Limits(fail_fast_redis("redis://127.0.0.1:9")))
    environ = {f"HTTP_{name}": value for name, value in headers.items()}
    assert guard.may_monitor({"REMOTE_ADDR": peer} | environ) is may


def test_without_proxies_nobody_is_believed_about_others() -> None:
    guard = Guard(
        GuardSettings.from_environment({}), Limits(fail_fast_redis("redis://127.0.0.1:9"))
    )
    environ = {"REMOTE_ADDR": PROXY, "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    assert guard.source(environ) == PROXY


@pytest.fixture
def listed(scenario: Scenario, environment: dict[str, str]) -> Any:
    """The web process behind one proxy, with Safaricom's callbacks only from its own network."""
    app = create_app(
        environment
        | {
            "TRUSTED_PROXIES": "127.0.0.1",
            "DARAJA_ALLOWED_IPS": "196.201.214.0/24, 196.201.213.44",
            "SMS_AFRICASTALKING_ALLOWED_IPS": "192.0.2.0/24",
        }
    )
    yield LocalClient(app)
    app.close()


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("196.201.214.200", 200),
        ("196.201.213.44", 200),
        ("196.201.214.200:40312", 200),
        ("::ffff:196.201.214.200", 200),
        ("6.6.6.6", 403),
        ("196.201.214.200, 6.6.6.6", 403),
        ("nonsense", 403),
        ("", 403),
    ],
)
def test_only_listed_addresses_speak_for_a_provider(
    listed: Client, scenario: Scenario, forwarded: str, status: int
) -> None:
    before = scenario.traces()
    headers = {"X-Forwarded-For": forwarded}
    assert listed.post(CONFIRMATION, json=c2b(), headers=headers).status_code == status
    assert (scenario.traces() == before) is (status == 403)


def test_a_provider_without_a_list_may_call_from_everywhere(listed: Client) -> None:
    headers = {"X-Forwarded-For": "6.6.6.6"}
    body = {"externalId": "00000000-0000-4000-8000-000000000000", "status": "FAILED"}
    assert listed.put(f"/payments/mtn/{KEY}", json=body, headers=headers).status_code == 200


@pytest.mark.parametrize(("forwarded", "status"), [("192.0.2.7", 200), ("6.6.6.6", 403)])
def test_texts_come_from_listed_addresses_only(listed: Client, forwarded: str, status: int) -> None:
    headers = {"X-Forwarded-For": forwarded}
    report = {"id": "ATXid_1", "status": "Success"}
    text = {"id": "9a1f", "from": "+254711000001", "text": "BAL"}
    for endpoint, form in (("delivery", report), ("inbound", text)):
        path = f"/sms/africastalking/{KEY}/{endpoint}"
        assert listed.post(path, data=form, headers=headers).status_code == status


def test_a_sender_that_is_no_proxy_of_ours_is_not_believed(listed: Client) -> None:
    answer = listed.post(
        CONFIRMATION,
        json=c2b(),
        headers={"X-Forwarded-For": "196.201.214.200"},
        environ_overrides={"REMOTE_ADDR": "6.6.6.6"},
    )
    assert answer.status_code == 403


def test_a_list_that_is_none_stops_the_start(environment: dict[str, str]) -> None:
    for wrong in (
        {"MTN_ALLOWED_IPS": "everybody"},
        {"SMS_AFRICASTALKING_ALLOWED_IPS": "192.0.2.1/24"},
        {"TRUSTED_PROXIES": "the proxy"},
        {"MONITORING_ALLOWED_IPS": "all"},
    ):
        with pytest.raises(BadInput, match=next(iter(wrong))):
            GuardSettings.from_environment(environment | wrong)


def test_the_number_of_proxies_is_no_longer_taken_for_their_addresses() -> None:
    given = {"TRUSTED_PROXY_HOPS": "1"}
    with pytest.raises(BadInput, match="set TRUSTED_PROXIES to the addresses"):
        GuardSettings.from_environment(given)
    GuardSettings.from_environment(given | {"TRUSTED_PROXIES": "127.0.0.1"})


def test_the_log_names_an_address_once_a_minute(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    seen_from = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            for key, status in (("guess", 404), (KEY, 400)):
                answer = web.post("payments/daraja", "stk", key=key, **seen_from)
                assert answer.status_code == status
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("gateway")]
    assert lines == ["daraja_stk: wrong_key, from 203.0.113.9 (and perhaps more this minute)"]


def test_an_address_with_too_many_refusals_hears_less_but_is_let_in_with_the_key(
    web: Web, redis: Redis
) -> None:
    web.post("payments/daraja", "stk", key="guess")
    (counter,) = redis.keys("limit:refusals:*")
    assert 0 < redis.ttl(counter) <= 60
    redis.set(counter, _REFUSALS_MAX, keepttl=True)
    assert web.post("payments/daraja", "stk", key="guess").status_code == 429
    assert web.daraja("confirmation", c2b()).status_code == 200


def test_without_redis_everything_is_let_in_that_should_be(
    scenario: Scenario, environment: dict[str, str]
) -> None:
    app = create_app(environment | {"REDIS_URL": "redis://127.0.0.1:9"})
    web = Web(Client(app))
    answer = web.daraja("validation", c2b()).json
    assert answer is not None
    assert answer["ResultCode"] == "0"
    assert web.post("payments/daraja", "stk", key="guess").status_code == 404
    assert web.daraja("confirmation", c2b()).status_code == 200
    app.close()
