from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from core.tokens.family import issue_days, issue_unlock
from simulator.devices.store import UnknownDevice, read_device
from tests.simulator.conftest import CAST, LAMP
from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import push
from tests.support.builders import insert_market

API = "/phone/api"
BARAKA = f"{API}/+254711000002"
STATIC = Path(__file__).parents[2] / "simulator" / "static"


def test_the_cast_is_what_the_demo_says(phone: FlaskClient) -> None:
    assert phone.get(f"{API}/cast").json == CAST


def test_the_page_learns_where_to_dial(phone: FlaskClient) -> None:
    network = phone.get(f"{API}/network").json
    assert network["ussd_url"] == "/ussd/africastalking/k3y"
    assert network["events_url"] == "/ussd/africastalking/k3y/events"
    assert network["service_code"] == "*384*96#"


def test_the_page_dials_the_code_of_the_operator_in_the_books(
    phone: FlaskClient, simulator_engine: Engine
) -> None:
    with simulator_engine.begin() as connection:
        insert_market(connection, service_code="*483*7#", operator="Mwanga Power")
    try:
        network = phone.get(f"{API}/network").json
    finally:
        with simulator_engine.begin() as connection:
            connection.execute(text("DELETE FROM market"))
    assert (network["service_code"], network["operator"]) == ("*483*7#", "Mwanga Power")


def test_texts_are_listed_oldest_first(phone: FlaskClient, providers: FlaskClient) -> None:
    for words in ("one", "two"):
        form = {"username": "jua", "to": "+254711000002", "message": words, "from": "JUA"}
        providers.post("/version1/messaging", data=form, headers={"apiKey": "at-key"})
    texts = phone.get(f"{BARAKA}/messages").json
    assert [set(one) for one in texts] == [{"at", "from", "text"}] * 2
    assert [one["text"] for one in texts] == ["one", "two"]
    assert phone.get(f"{API}/254799999999/messages").json == []
    assert phone.get(f"{API}/inboxes").json == {"+254711000002": 2}


def test_a_prompt_is_shown_paid_and_gone(
    phone: FlaskClient, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    push(providers, gateway.url + "/payments/daraja/k3y/stk")
    (prompt,) = phone.get(f"{BARAKA}/prompts").json
    assert prompt == {"id": prompt["id"], "amount": "500.00", "account": "SL100234"}
    answer = phone.post(f"{BARAKA}/prompts/{prompt['id']}", json={"pin": "1234"}).json
    assert (answer["accepted"], answer["code"], len(answer["receipt"])) == (True, "0", 10)
    assert phone.get(f"{BARAKA}/prompts").json == []
    again = phone.post(f"{BARAKA}/prompts/{prompt['id']}", json={"pin": "1234"})
    assert again.status_code == 404
    assert gateway.callbacks() == ["stk", "confirmation"]


def test_a_prompt_can_be_cancelled_and_a_wrong_pin_ends_it(
    phone: FlaskClient, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    for body, code in (({"cancel": True}, "1032"), ({"pin": "9999"}, "2001")):
        push(providers, gateway.url + "/payments/daraja/k3y/stk")
        (prompt,) = phone.get(f"{BARAKA}/prompts").json
        answer = phone.post(f"{BARAKA}/prompts/{prompt['id']}", json=body).json
        assert answer == {"accepted": False, "code": code}


def test_a_paybill_without_validation_is_reported_only_after_the_money_moved(
    phone: FlaskClient, gateway: RecordingGateway
) -> None:
    unvalidated = {"account": "SL100234", "amount": "0.50", "validated": False}
    paid = phone.post(f"{BARAKA}/paybill", json=unvalidated).json

    assert paid["accepted"]
    assert gateway.callbacks() == ["confirmation"]


def test_paybill_says_what_the_gateway_said(phone: FlaskClient, gateway: RecordingGateway) -> None:
    paid = phone.post(f"{BARAKA}/paybill", json={"account": "SL100234", "amount": "500.00"}).json
    assert (paid["accepted"], paid["code"]) == (True, "0")
    assert gateway.told("confirmation")[0]["TransID"] == paid["receipt"]
    gateway.answers["validation"] = (200, {"ResultCode": "C2B00013", "ResultDesc": "Rejected"})
    refused = phone.post(f"{BARAKA}/paybill", json={"account": "SL100234", "amount": "0.50"}).json
    assert refused == {"accepted": False, "code": "C2B00013"}


def test_a_text_is_sent(phone: FlaskClient, gateway: RecordingGateway) -> None:
    assert phone.post(f"{BARAKA}/sms", json={"text": "BAL"}).status_code == 200
    assert gateway.told("inbound")[0]["text"] == "BAL"


def test_a_device_takes_each_code_once(phone: FlaskClient) -> None:
    lamp = f"{API}/devices/sl-100 234"
    assert phone.get(lamp).json == {"kind": "shs", "days": 0, "unlocked": False}
    (days,) = issue_days(LAMP, 1, 7)
    taken = phone.post(f"{lamp}/keypad", json={"code": days.text}).json
    assert taken == {"accepted": True, "kind": "shs", "days": 7, "unlocked": False}
    again = phone.post(f"{lamp}/keypad", json={"code": days.text}).json
    assert (again["accepted"], again["reason"], again["days"]) == (False, "already used", 7)
    unlock = issue_unlock(LAMP, days.counter)
    assert phone.post(f"{lamp}/keypad", json={"code": unlock.text}).json["unlocked"] is True
    assert phone.get(lamp).json == {"kind": "shs", "days": 7, "unlocked": True}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nobody/paybill", {"account": "A", "amount": "1"}, 404),
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
def test_bad_input_gets_one_line_and_never_a_500(
    phone: FlaskClient, gateway: RecordingGateway, path: str, body: object, status: int
) -> None:
    answer = phone.post(API + path, json=body)
    assert answer.status_code == status
    assert "\n" not in answer.json["error"]
    assert gateway.heard == []


@pytest.mark.parametrize("path", ["/nobody/messages", "/0711000002/prompts", "/devices/NOSUCH"])
def test_what_does_not_exist_is_404(phone: FlaskClient, path: str) -> None:
    answer = phone.get(API + path)
    assert answer.status_code == 404
    assert answer.json["error"]


def test_the_page_and_everything_it_loads_are_served(phone: FlaskClient) -> None:
    with phone.get("/phone/") as page:
        assert page.content_type.startswith("text/html")
    assert phone.get("/phone").headers["Location"] == "/phone/"
    for file in STATIC.iterdir():
        with phone.get(f"/phone/static/{file.name}") as served:
            assert served.status_code == 200
    assert phone.get("/phone/static/../app.py").status_code == 404


def test_the_page_needs_no_other_host() -> None:
    for file in STATIC.iterdir():
        words = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in words, file.name


def test_the_books_are_not_asked_for_what_can_be_no_serial() -> None:
    with pytest.raises(UnknownDevice):
        read_device(None, lambda serial: pytest.fail(f"asked for {serial!r}"), "A\0")
