"""The JSON API of the simulated phones."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from core.tokens.family import issue_days, issue_one
from tests.simulator.conftest import CAST, LAMP
from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import push
from tests.support.builders import insert_market
from tests.support.replies import json_of

API = "/phone/api"
BARAKA = f"{API}/+254711000002"
STK = "/payments/daraja/k3y/stk"


def get(phone: FlaskClient, path: str) -> Any:
    return json_of(phone.get(path))


def post(phone: FlaskClient, path: str, body: object) -> Any:
    return json_of(phone.post(path, json=body))


def test_the_cast_is_that_of_the_demo(phone: FlaskClient) -> None:
    assert get(phone, f"{API}/cast") == CAST


def test_the_network_names_the_callbacks_and_the_service_code(phone: FlaskClient) -> None:
    network = get(phone, f"{API}/network")
    assert network["ussd_url"] == "/ussd/africastalking/k3y"
    assert network["events_url"] == "/ussd/africastalking/k3y/events"
    assert network["service_code"] == "*384*96#"


def test_the_network_has_the_service_code_of_the_loaded_operator(
    phone: FlaskClient, simulator_engine: Engine
) -> None:
    with simulator_engine.begin() as connection:
        insert_market(connection, service_code="*483*7#", operator="Mwanga Power")
    try:
        network = get(phone, f"{API}/network")
    finally:
        with simulator_engine.begin() as connection:
            connection.execute(text("DELETE FROM market"))
    assert (network["service_code"], network["operator"]) == ("*483*7#", "Mwanga Power")


def test_messages_are_listed_oldest_first(phone: FlaskClient, providers: FlaskClient) -> None:
    for body in ("one", "two"):
        form = {"username": "jua", "to": "+254711000002", "message": body, "from": "JUA"}
        providers.post("/version1/messaging", data=form, headers={"apiKey": "at-key"})
    messages = get(phone, f"{BARAKA}/messages")
    assert [set(message) for message in messages] == [{"at", "from", "text"}] * 2
    assert [message["text"] for message in messages] == ["one", "two"]
    assert get(phone, f"{API}/254799999999/messages") == []
    assert get(phone, f"{API}/inboxes") == {"+254711000002": 2}


def test_a_prompt_is_listed_until_it_is_paid(
    phone: FlaskClient, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    push(providers, gateway.url + STK)
    (prompt,) = get(phone, f"{BARAKA}/prompts")
    assert prompt == {"id": prompt["id"], "amount": "500.00", "account": "SL100234"}
    paid = post(phone, f"{BARAKA}/prompts/{prompt['id']}", {"pin": "1234"})
    assert (paid["accepted"], paid["code"], len(paid["receipt"])) == (True, "0", 10)
    assert get(phone, f"{BARAKA}/prompts") == []
    again = phone.post(f"{BARAKA}/prompts/{prompt['id']}", json={"pin": "1234"})
    assert again.status_code == 404
    assert gateway.endpoints() == ["stk", "confirmation"]


def test_a_cancelled_prompt_or_a_wrong_pin_pays_nothing(
    phone: FlaskClient, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    answers: list[tuple[dict[str, object], str]] = [
        ({"cancel": True}, "1032"),
        ({"pin": "9999"}, "2001"),
    ]
    for answer, code in answers:
        push(providers, gateway.url + STK)
        (prompt,) = get(phone, f"{BARAKA}/prompts")
        result = post(phone, f"{BARAKA}/prompts/{prompt['id']}", answer)
        assert result == {"accepted": False, "code": code}


def test_a_paybill_without_validation_is_reported_only_after_the_money_moved(
    phone: FlaskClient, gateway: RecordingGateway
) -> None:
    paybill = {"account": "SL100234", "amount": "0.50", "validated": False}
    paid = post(phone, f"{BARAKA}/paybill", paybill)

    assert paid["accepted"]
    assert gateway.endpoints() == ["confirmation"]


def test_a_paybill_shows_the_code_of_the_gateways_validation(
    phone: FlaskClient, gateway: RecordingGateway
) -> None:
    paid = post(phone, f"{BARAKA}/paybill", {"account": "SL100234", "amount": "500.00"})
    assert (paid["accepted"], paid["code"]) == (True, "0")
    assert gateway.received("confirmation")[0]["TransID"] == paid["receipt"]
    gateway.answers["validation"] = (200, {"ResultCode": "C2B00013", "ResultDesc": "Rejected"})
    refused = post(phone, f"{BARAKA}/paybill", {"account": "SL100234", "amount": "0.50"})
    assert refused == {"accepted": False, "code": "C2B00013"}


def test_an_sms_is_sent_to_the_gateway(phone: FlaskClient, gateway: RecordingGateway) -> None:
    assert phone.post(f"{BARAKA}/sms", json={"text": "BAL"}).status_code == 200
    assert gateway.received("inbound")[0]["text"] == "BAL"


def test_a_device_accepts_each_token_once(phone: FlaskClient) -> None:
    lamp = f"{API}/devices/sl-100 234"
    front = {"kind": "shs", "keys": "0123456789"}
    assert get(phone, lamp) == front | {"days": 0, "unlocked": False, "count": 1}
    (days,) = issue_days(LAMP, 1, 7)
    accepted = post(phone, f"{lamp}/keypad", {"code": days.text})
    assert accepted == front | {"accepted": True, "days": 7, "unlocked": False, "count": 2}
    again = post(phone, f"{lamp}/keypad", {"code": days.text})
    assert (again["accepted"], again["reason"], again["days"]) == (False, "already used", 7)
    unlock = issue_one(LAMP, days.counter, "unlock")
    assert post(phone, f"{lamp}/keypad", {"code": unlock.text})["unlocked"] is True
    assert get(phone, lamp) == front | {"days": 7, "unlocked": True, "count": 3}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/no-number/paybill", {"account": "A", "amount": "1"}, 404),
        ("/+254711000002/sms", {"text": "BAL \ud800"}, 400),
        ("/+254711000002/paybill", {"account": "A"}, 400),
        ("/+254711000002/paybill", {"account": "A", "amount": 5}, 400),
        ("/+254711000002/paybill", {"account": "A", "amount": "-5"}, 400),
        ("/+254711000002/paybill", {"account": "A", "amount": "1e3"}, 400),
        ("/+254711000002/paybill", {"account": "A" * 21, "amount": "5"}, 400),
        ("/+254711000002/paybill", ["account"], 400),
        ("/+254711000002/prompts/1", {"pin": "1234"}, 404),
        ("/+254711000002/prompts/99999999999999999999", {"pin": "1234"}, 404),
        ("/+254711000002/prompts/1", {}, 400),
        ("/+254711000002/sms", {"text": " "}, 400),
        ("/+254711000002/sms", {"text": "a\0b"}, 400),
        ("/devices/NOSUCH/keypad", {"code": "123"}, 404),
        ("/devices/SL100234/keypad", {}, 400),
    ],
)
def test_invalid_input_gets_one_line_and_never_a_500(
    phone: FlaskClient, gateway: RecordingGateway, path: str, body: object, status: int
) -> None:
    answer = phone.post(API + path, json=body)
    assert answer.status_code == status
    assert "\n" not in json_of(answer)["error"]
    assert gateway.callbacks == []


@pytest.mark.parametrize("path", ["/no-number/messages", "/0711000002/prompts", "/devices/NOSUCH"])
def test_an_unknown_number_or_serial_is_a_404(phone: FlaskClient, path: str) -> None:
    answer = phone.get(API + path)
    assert answer.status_code == 404
    assert json_of(answer)["error"]
