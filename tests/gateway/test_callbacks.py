"""Every endpoint refuses strangers and nonsense in the same way, and leaves no trace of them."""

import json
import re
from typing import Any

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.gate import LARGEST_BODY
from tests.gateway.conftest import KEY, Web
from tests.gateway.payments.bodies import C2B, STK_PAID, c2b, stk_paid
from tests.support.scenario import Scenario
from tests.support.standins import served

ENDPOINTS = [
    ("payments/daraja", "validation"),
    ("payments/daraja", "confirmation"),
    ("payments/daraja", "stk"),
    ("payments/daraja", "stk/1"),
    ("sms/africastalking", "delivery"),
    ("sms/africastalking", "inbound"),
]
NONSENSE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b"a=%FF",
    b"a=b=c&&",
    b"[" * 60000,
    b'{"a":' * 20 + b"1" + b"}" * 20,
    b'{"TransID":"\\u0000"}',
    b'{"TransID":"\\ud800"}',
]
GOOD = {
    "validation": json.dumps(c2b()),
    "confirmation": json.dumps(c2b()),
    "stk": STK_PAID,
    "stk/1": STK_PAID,
    "delivery": "id=ATXid_1&status=Success",
    "inbound": "id=1&from=%2B254711000001&text=BAL",
}
with_examples = settings(
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def test_a_wrong_key_finds_nothing(web: Web, scenario: Scenario) -> None:
    before = scenario.traces()
    for road, endpoint in ENDPOINTS:
        for key in ("wrong", "k3", "k3y2", "K3Y", "clé"):
            assert web.post(road, endpoint, key=key, data=GOOD[endpoint]).status_code == 404, (
                endpoint,
                key,
            )
    assert scenario.traces() == before


def test_a_large_body_is_refused_unread(web: Web, scenario: Scenario) -> None:
    before = scenario.traces()
    for road, endpoint in ENDPOINTS:
        large = GOOD[endpoint].encode() + b" " * LARGEST_BODY
        assert web.post(road, endpoint, data=large).status_code == 413, endpoint
    assert scenario.traces() == before


def test_a_large_body_of_untold_length_is_refused_too(web: Web, scenario: Scenario) -> None:
    before = scenario.traces()
    with served(web.client.application) as url:
        for road, endpoint in ENDPOINTS:
            pieces = iter([GOOD[endpoint].encode(), *[b" " * 1024] * 65])
            answer = requests.post(f"{url}/{road}/{KEY}/{endpoint}", data=pieces, timeout=10)
            assert answer.status_code == 413, endpoint
        assert scenario.traces() == before
        pieces = iter([GOOD["confirmation"].encode()])
        answer = requests.post(f"{url}/payments/daraja/{KEY}/confirmation", data=pieces, timeout=10)
        assert answer.status_code == 200


def test_nonsense_gets_one_line_and_leaves_no_trace(web: Web, scenario: Scenario) -> None:
    before = scenario.traces()
    for road, endpoint in ENDPOINTS:
        for body in NONSENSE:
            answer = web.post(road, endpoint, data=body)
            assert answer.status_code == 400, (endpoint, body[:40])
            assert re.fullmatch(r".+\n", answer.text), (endpoint, body[:40])
    assert scenario.traces() == before


def test_only_post_is_heard(web: Web) -> None:
    for road, endpoint in ENDPOINTS:
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "PATCH"):
            for key, status in ((KEY, 405), ("wrong", 404)):
                answer = web.client.open(f"/{road}/{key}/{endpoint}", method=method)
                assert answer.status_code == status, (endpoint, method, key)


def test_a_prompt_number_past_any_row_is_not_found(web: Web) -> None:
    for number in ("0", "-1", "x", "9" * 30):
        assert web.post("payments/daraja", f"stk/{number}", data=STK_PAID).status_code == 404


@given(endpoint=st.sampled_from(ENDPOINTS), data=st.data())
@with_examples
def test_damaged_bytes_never_break_an_endpoint(
    web: Web, scenario: Scenario, endpoint: tuple[str, str], data: st.DataObject
) -> None:
    before = scenario.traces()
    damaged = bytearray(GOOD[endpoint[1]].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged)))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    answer = web.post(*endpoint, data=bytes(damaged))
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert scenario.traces() == before


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    endpoint=st.sampled_from(["validation", "confirmation"]),
    name=st.sampled_from(list(C2B)),
    value=ANYTHING,
)
@with_examples
def test_any_value_in_any_field_of_a_notice_is_booked_or_refused(
    web: Web, endpoint: str, name: str, value: Any
) -> None:
    assert web.daraja(endpoint, c2b(**{name: value})).status_code in (200, 400)


@given(code=ANYTHING, checkout=ANYTHING, items=ANYTHING)
@with_examples
def test_any_value_in_a_result_is_noted_or_refused(
    web: Web, code: Any, checkout: Any, items: Any
) -> None:
    document = stk_paid()
    document["Body"]["stkCallback"] |= {
        "ResultCode": code,
        "CheckoutRequestID": checkout,
        "CallbackMetadata": {"Item": items},
    }
    assert web.daraja("stk", document).status_code in (200, 400)
