"""The gate that all callback endpoints share: who is admitted, what is read, what is counted."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from core.errors import BadCallback, UnverifiedSignature
from gateway.counters import EventCounters
from gateway.gate import LARGEST_BODY, CallbackRefused, Gate, read_body
from gateway.guard import _REFUSALS_MAX, Guard, GuardSettings
from gateway.limits import Limits
from gateway.redis_client import fail_fast_redis

HERE = {"REMOTE_ADDR": "192.0.2.7"}
KEYS = {
    "payments/daraja": ("k3y", "old-k3y"),
    "payments/mtn": ("mtn-k3y",),
    "ussd/africastalking": ("ussd-k3y",),
}


@pytest.fixture
def gate(redis: Redis, redis_url: str) -> Iterator[Gate]:
    settings = GuardSettings.from_environment({"MTN_ALLOWED_IPS": "198.51.100.0/24"})
    client = fail_fast_redis(redis_url)
    yield Gate(KEYS, Guard(settings, Limits(client)), EventCounters(client))
    client.close()


@pytest.mark.parametrize(
    ("endpoint", "key", "status"),
    [
        ("payments/daraja", "k3y", None),
        ("payments/daraja", "old-k3y", None),
        ("payments/daraja", "K3Y", 404),
        ("payments/daraja", "clé\ufffd", 404),
        ("payments/daraja", "ussd-k3y", 404),
        ("payments/daraja", "", 404),
        ("ussd/africastalking", "k3y", 404),
        ("ussd/hubtel", "k3y", 404),
        ("payments/mtn", "k3y", 403),
        ("payments/mtn", "guess", 403),
    ],
)
def test_the_address_is_checked_before_the_key_and_a_key_opens_its_own_endpoint_only(
    gate: Gate, endpoint: str, key: str, status: int | None
) -> None:
    if status is None:
        gate.admit(HERE, endpoint, key)
        return
    with pytest.raises(CallbackRefused) as refused:
        gate.admit(HERE, endpoint, key)
    assert refused.value.status == status


def test_the_use_of_an_old_key_is_counted_once_a_minute(gate: Gate) -> None:
    for key in ("k3y", "old-k3y", "old-k3y"):
        gate.admit(HERE, "payments/daraja", key)
    assert gate.counters.read() == {("payments/daraja", "old_key"): 1}


@pytest.mark.parametrize(
    ("reason", "status", "outcome"),
    [
        (BadCallback("amount is missing"), 400, "malformed"),
        (UnverifiedSignature("the signature is not of now"), 400, "unverified"),
        (CallbackRefused(405, "wrong_method", "POST only"), 405, "wrong_method"),
    ],
)
def test_a_refusal_is_counted_under_its_outcome(
    gate: Gate, reason: Exception, status: int, outcome: str
) -> None:
    for _ in range(2):
        with pytest.raises(CallbackRefused) as refused:
            with gate.screening(HERE, "daraja_stk"):
                raise reason
        assert (refused.value.status, refused.value.outcome) == (status, outcome)
    assert gate.counters.read() == {("daraja_stk", outcome): 2}


def test_after_too_many_refusals_an_address_hears_less(gate: Gate, redis: Redis) -> None:
    for status in (404, 429):
        with pytest.raises(CallbackRefused) as refused:
            with gate.screening(HERE, "daraja_stk"):
                gate.admit(HERE, "payments/daraja", "guess")
        assert (refused.value.status, refused.value.outcome) == (status, "wrong_key")
        (counter,) = redis.keys("limit:refusals:*")
        redis.set(counter, _REFUSALS_MAX, keepttl=True)
    with gate.screening(HERE, "daraja_stk"):
        gate.admit(HERE, "payments/daraja", "k3y")


class Trickle(io.BytesIO):
    """A body of which a read gives one byte at most."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(1, size or 0))


@pytest.mark.parametrize("announced", ["", "3"])
def test_a_body_is_read_whole_whether_or_not_its_length_is_announced(announced: str) -> None:
    environ: dict[str, Any] = {"CONTENT_LENGTH": announced, "wsgi.input": Trickle(b"abc")}
    assert read_body(environ) == b"abc"


@pytest.mark.parametrize("announced", ["", str(LARGEST_BODY + 1)])
def test_a_large_body_is_refused_whether_or_not_its_length_is_announced(announced: str) -> None:
    body = io.BytesIO(bytes(LARGEST_BODY + 1))
    with pytest.raises(CallbackRefused, match="too_large"):
        read_body({"CONTENT_LENGTH": announced, "wsgi.input": body})


@pytest.mark.parametrize("announced", ["-1", "many", "1e3"])
def test_a_length_that_is_no_number_is_malformed(announced: str) -> None:
    with pytest.raises(BadCallback):
        read_body({"CONTENT_LENGTH": announced, "wsgi.input": io.BytesIO(b"abc")})
