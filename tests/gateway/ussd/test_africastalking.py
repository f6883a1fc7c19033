"""The wire: what a callback must look like, and exactly what goes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import urlencode

import pytest
from redis import Redis

from core.errors import BadCallback
from gateway.ussd.africastalking import decode, decode_end, encode
from gateway.ussd.drop_off import ends_on
from gateway.ussd.request import UssdReply
from tests.support.phone import Phone, post

FORM = {
    "sessionId": "ATUid_0a1b2c3d",
    "serviceCode": "*384*96#",
    "phoneNumber": "+254711000001",
    "networkCode": "63902",
    "text": "1*500",
}
END = {
    "date": "2026-03-05 09:00:00",
    "sessionId": "ATUid_0a1b2c3d",
    "serviceCode": "*384*96#",
    "networkCode": "63902",
    "phoneNumber": "+254711000001",
    "status": "Incomplete",
    "cost": "KES 0.80",
    "durationInMillis": "12000",
    "hopsCount": "3",
    "hopsMetadata": "home.customer|payment.amount",
    "input": "1*4321",
    "lastAppResponse": "CON Amount?",
}
PATH = "/ussd/africastalking/demo"


def form(**changed: str | None) -> bytes:
    fields = {**FORM, **changed}
    return urlencode({name: value for name, value in fields.items() if value is not None}).encode()


def test_a_callback_is_read() -> None:
    request = decode(form())

    assert request.name == "africastalking:ATUid_0a1b2c3d:+254711000001"
    assert (request.service_code, request.network, request.text) == ("*384*96#", "63902", "1*500")


def test_an_empty_text_is_a_dial_and_a_starred_one_is_kept_as_it_is() -> None:
    assert decode(form(text="")).text == ""
    assert decode(form(text="1*")).text == "1*"
    assert decode(form(text="1*Ngũgĩ")).text == "1*Ngũgĩ"


def malformed() -> Iterator[Any]:
    for name in FORM:
        yield pytest.param(form(**{name: None}), f"missing {name}", id=f"no {name}")
    raw = urlencode(FORM).replace("%2B254", "+254").encode()
    yield pytest.param(raw, "phoneNumber has a space where", id="plus not encoded")
    for number in ("0711000001", "+254", "+0711000001", "abc", "+2547110000011112", "+25471 000"):
        yield pytest.param(form(phoneNumber=number), "not understood: phoneNumber", id=number)
    yield pytest.param(form(sessionId=""), "not understood: sessionId", id="empty id")
    yield pytest.param(form(sessionId="a|b"), "not understood: sessionId", id="pipe in id")
    yield pytest.param(form(serviceCode="<x>"), "not understood: serviceCode", id="bad code")
    yield pytest.param(form(text="1\x00"), "the body holds characters", id="NUL")
    yield pytest.param(form(text="1" * 2000), "not understood: text", id="endless text")
    yield pytest.param(b"\xff\xfe\x00", "the body is not a form", id="junk bytes")
    yield pytest.param(b"text=%ff%fe", "the body is not a form", id="not UTF-8")
    yield pytest.param(b'{"text": "1"}', "the body is not a form", id="JSON")
    yield pytest.param(b"", "missing", id="nothing")
    yield pytest.param(form() + b"&text=2", "a field is there twice", id="twice")


@pytest.mark.parametrize(("body", "line"), list(malformed()))
def test_a_malformed_callback_is_refused_with_one_line(body: bytes, line: str, app: Any) -> None:
    with pytest.raises(BadCallback, match=line):
        decode(body)

    answer = post(app, PATH, body)

    assert answer.status == 400
    assert answer.text.startswith(line)
    assert "\n" not in answer.text


def test_an_answer_starts_exactly_as_the_aggregator_wants() -> None:
    asked = decode(form())
    body, headers = encode(asked, UssdReply("Amount?\n0 Back", False, "payment.amount"))

    assert body == b"CON Amount?\n0 Back"
    assert headers == [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("at-ussd-hop-metadata", "payment.amount"),
    ]
    assert encode(asked, UssdReply("Bye", True, "x"))[0] == b"END Bye"


def test_a_callback_is_answered_with_the_screen_in_the_header(phone: Phone) -> None:
    phone.dial()
    answer = phone.callback()

    assert answer.headers["at-ussd-hop-metadata"] == "home.customer"
    assert answer.headers["Content-Length"] == str(len(answer.body))


@pytest.mark.parametrize("path", ["/ussd/africastalking/wrong", "/ussd/africastalking/", "", "/é"])
def test_a_wrong_key_finds_nothing(app: Any, path: str) -> None:
    assert post(app, path, form()).status == 404
    assert post(app, f"{path}/events", form()).status == 404


def test_a_large_body_is_refused_whether_it_says_so_or_not(app: Any) -> None:
    large = b"x" * (64 * 1024 + 1)

    assert post(app, PATH, large).status == 413
    assert post(app, PATH, large, CONTENT_LENGTH="").status == 413
    assert post(app, PATH, b"x", CONTENT_LENGTH="-5").status == 400
    assert post(app, PATH, b"x", CONTENT_LENGTH="many").status == 400
    assert post(app, PATH, form(), REQUEST_METHOD="GET").status == 405


def test_a_body_of_unsaid_length_is_read(app: Any) -> None:
    assert post(app, PATH, form(text=""), CONTENT_LENGTH="").status == 200


def test_an_ended_session_is_counted_once_by_its_last_screen(app: Any, redis: Redis) -> None:
    for body in (END, END, {**END, "sessionId": "ATUid_2", "hopsMetadata": ""}):
        assert post(app, f"{PATH}/events", urlencode(body).encode()).status == 200

    assert ends_on(redis, datetime.now(UTC).date()) == {
        ("payment.amount", "Incomplete"): 1,
        ("unknown", "Incomplete"): 1,
    }
    assert b"4321" not in b"".join(cast(list[bytes], redis.keys("*")))


def test_no_word_of_an_event_makes_a_series_of_its_own(app: Any, redis: Redis) -> None:
    forged = [{"status": "Statusx"}, {"status": "Statusy"}, {"hopsMetadata": "a.screen"}]
    for number, changed in enumerate(forged):
        event = {**END, "sessionId": f"ATUid_{number}", **changed}
        assert post(app, f"{PATH}/events", urlencode(event).encode()).status == 200

    assert ends_on(redis, datetime.now(UTC).date()) == {
        ("payment.amount", "other"): 2,
        ("unknown", "Incomplete"): 1,
    }


def test_a_malformed_event_is_refused(app: Any) -> None:
    assert post(app, f"{PATH}/events", b"status=Success").status == 400
    assert post(app, f"{PATH}/events", b"\xff").status == 400


def test_a_strange_hop_in_an_event_is_not_counted_as_a_screen() -> None:
    end = decode_end(urlencode({**END, "hopsMetadata": "home.customer|<script>"}).encode())

    assert end.screen == ""
