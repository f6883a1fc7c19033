"""The sender against the stand-in Africa's Talking over HTTP, and against its odder answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core.errors import BadInput, OutcomeUnknown, Permanent, ProviderFailure, Temporary
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from gateway.sms.sender import SmsSender
from simulator.africastalking import received_sms
from tests.gateway.conftest import AMINA, KEY, Web
from tests.support.scenario import Scenario
from tests.support.standins import StandIns, canned, closed_port_url, served, stand_ins


def sender_at(url: str, username: str = "jua") -> AfricasTalkingSender:
    return AfricasTalkingSender(SmsSettings(username, "at-key", "JUA", url))


@dataclass(frozen=True)
class Provider:
    standins: StandIns
    sender: SmsSender
    scenario: Scenario

    def phone(self, msisdn: str) -> list[tuple[str, str]]:
        with self.standins.runtime.engine.begin() as connection:
            return [
                (message["from"], message["text"]) for message in received_sms(connection, msisdn)
            ]


@pytest.fixture
def database_url(simulated_database_url: str) -> str:
    """Where the stand-ins keep their world, too."""
    return simulated_database_url


@pytest.fixture
def provider(scenario: Scenario, web: Web) -> Iterator[Provider]:
    with served(web.client.application) as public_url:
        with stand_ins(scenario.url(), public_url, KEY) as standins:
            yield Provider(standins, sender_at(standins.url), scenario)


def test_a_text_arrives_and_its_report_finds_our_endpoint(provider: Provider) -> None:
    # the report comes before the answer to our call
    provider.standins.fault("africastalking", "callback_first", operation="send")
    sent = provider.sender.send(AMINA, "Token 1234 & 100%\nAsante é")
    assert provider.phone(AMINA) == [("JUA", "Token 1234 & 100%\nAsante é")]
    assert (sent.status, sent.cost) == ("Success", "KES 0.8000")
    provider.standins.settled()
    reports = "SELECT provider_message_id, status FROM delivery_reports"
    assert provider.scenario.rows(reports) == [(sent.message_id, "Success")]


def test_a_refused_recipient_is_a_failure_though_the_call_succeeded(provider: Provider) -> None:
    meanings: list[tuple[str, type[ProviderFailure]]] = [
        *((code, Permanent) for code in ("402", "403", "404", "406")),
        *((code, Temporary) for code in ("401", "405", "407", "500", "501", "502")),
    ]
    for code, meaning in meanings:
        provider.standins.fault("africastalking", "refuse_number", value=code)
        with pytest.raises(meaning) as failure:
            provider.sender.send(AMINA, "Hello")
        assert failure.value.code == code
        provider.standins.behave()
    assert provider.phone(AMINA) == []


def test_an_answer_that_was_lost_leaves_the_outcome_unknown(provider: Provider) -> None:
    for fault in ("lose_reply", "fail_after", "fail_before"):
        provider.standins.fault("africastalking", fault, operation="send")
        with pytest.raises(OutcomeUnknown):
            provider.sender.send(AMINA, "Hello")
        provider.standins.behave()


def test_a_number_that_is_none_is_never_tried_again(provider: Provider) -> None:
    for msisdn in ("0711000001", "+", "amina"):
        with pytest.raises(Permanent):
            provider.sender.send(msisdn, "Hello")


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    with pytest.raises(Temporary):
        sender_at(closed_port_url()).send(AMINA, "Hello")


def answer(recipients: Any, message: str = "Sent to 1/1 Total Cost: KES 0.8000") -> str:
    return json.dumps({"SMSMessageData": {"Message": message, "Recipients": recipients}})


TAKEN = {
    "statusCode": 101,
    "number": AMINA,
    "status": "Success",
    "cost": "KES 0.8000",
    "messageId": "ATXid_1",
}


@contextmanager
def keep_alive_server(body: str) -> Iterator[tuple[str, list[Any]]]:
    """An HTTP/1.1 server that leaves its connections open: its URL, and one entry a connection."""
    connections: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self.client_address)
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", connections
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_all_texts_travel_on_one_connection() -> None:
    with keep_alive_server(answer([TAKEN])) as (url, connections):
        sender = sender_at(url)
        for _ in range(3):
            assert sender.send(AMINA, "Hello").message_id == "ATXid_1"
        sender.close()
    assert len(connections) == 1


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8"])
@pytest.mark.parametrize("code", [100, 101, 102, "101"])
def test_a_taken_text_is_recognised_in_every_dress(content_type: str, code: object) -> None:
    with canned(201, content_type, answer([TAKEN | {"statusCode": code}])) as url:
        assert sender_at(url).send(AMINA, "Hello").message_id == "ATXid_1"


@pytest.mark.parametrize(
    ("body", "meaning", "code"),
    [
        (answer([], "InvalidSenderId"), Temporary, "InvalidSenderId"),
        (answer(None, "InvalidSenderId"), Temporary, "InvalidSenderId"),
        (answer([{"statusCode": 101}]), OutcomeUnknown, "unreadable"),
        (answer(["101"]), OutcomeUnknown, "unreadable"),
        ("{}", OutcomeUnknown, "unreadable"),
        ("[]", OutcomeUnknown, "unreadable"),
        ("null", OutcomeUnknown, "unreadable"),
        ('"text"', OutcomeUnknown, "unreadable"),
        ('{"SMSMessageData": 1}', OutcomeUnknown, "unreadable"),
    ],
)
def test_an_odd_answer_is_no_success(body: str, meaning: type[ProviderFailure], code: str) -> None:
    with canned(201, "application/json", body) as url:
        with pytest.raises(meaning) as failure:
            sender_at(url).send(AMINA, "Hello")
    assert failure.value.code == code


def test_an_answer_that_is_not_json_leaves_the_outcome_unknown() -> None:
    for content_type in ("application/json", "text/html"):
        with canned(200, content_type, "<html>") as url:
            with pytest.raises(OutcomeUnknown):
                sender_at(url).send(AMINA, "Hello")


def test_too_many_at_once_are_tried_again() -> None:
    with canned(429, "text/plain", "slow down") as url:
        with pytest.raises(Temporary) as failure:
            sender_at(url).send(AMINA, "Hello")
    assert failure.value.code == "rate_limited"


def test_an_sms_waits_for_the_turn_of_its_account() -> None:
    def no_turn() -> None:
        raise Temporary("africastalking", "rate_limited")

    settings = SmsSettings("jua", "at-key", "JUA", closed_port_url(), per_second=20)
    with pytest.raises(Temporary) as failure:
        AfricasTalkingSender(settings, no_turn).send(AMINA, "Hello")
    assert failure.value.code == "rate_limited"


@pytest.mark.parametrize("setting", ["0", "-1", "1.5", "many"])
def test_a_limit_that_is_no_number_is_refused(setting: str) -> None:
    environment = {"AT_USERNAME": "jua", "AT_API_KEY": "at-key", "SMS_PER_SECOND": setting}
    with pytest.raises(BadInput, match="SMS_PER_SECOND"):
        SmsSettings.from_environment(environment)
    assert SmsSettings.from_environment(environment | {"SMS_PER_SECOND": "20"}).per_second == 20
