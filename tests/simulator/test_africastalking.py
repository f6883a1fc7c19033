"""The simulated Africa's Talking: sending, delivery reports and incoming SMS."""

from typing import Any

from africastalking.SMS import SMSService
from flask.testing import FlaskClient
from sqlalchemy import text

from simulator.africastalking import received_sms, send_sms
from simulator.app import ProviderServer
from simulator.callback_sender import send_due_callbacks
from simulator.runtime import SimulatorRuntime
from tests.simulator.recording_gateway import RecordingGateway
from tests.support.replies import json_of

PATH = "/version1/messaging"
KEY = {"apiKey": "at-key", "Accept": "application/json"}
BARAKA, AKINYI = "+254711000002", "+254711000003"


def form(**changed: str) -> dict[str, str]:
    return {"username": "jua", "to": BARAKA, "message": "Token 123", "bulkSMSMode": "1"} | changed


def send(providers: FlaskClient, data: dict[str, str]) -> Any:
    return json_of(providers.post(PATH, data=data, headers=KEY))["SMSMessageData"]


def messages_on(runtime: SimulatorRuntime, msisdn: str) -> list[dict[str, str]]:
    with runtime.engine.connect() as connection:
        return received_sms(connection, msisdn)


def test_a_message_reaches_the_phone_and_is_reported_as_delivered(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    answer = providers.post(PATH, data=form(**{"from": "JUA"}), headers=KEY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/json")
    data = json_of(answer)["SMSMessageData"]
    assert data["Message"] == "Sent to 1/1 Total Cost: KES 0.8000"
    (recipient,) = data["Recipients"]
    assert (recipient["statusCode"], recipient["status"]) == (101, "Success")
    assert (recipient["cost"], recipient["messageParts"]) == ("KES 0.8000", 1)

    (message,) = messages_on(runtime, BARAKA)
    assert (message["from"], message["text"]) == ("JUA", "Token 123")
    assert gateway.callbacks == []
    assert send_due_callbacks(runtime.engine, timeout_seconds=5) == 1
    (report,) = gateway.received("delivery")
    assert (report["id"], report["status"]) == (recipient["messageId"], "Success")
    assert (report["phoneNumber"], report["networkCode"]) == (BARAKA, "63902")


def test_one_request_can_be_accepted_for_some_recipients_only(
    runtime: SimulatorRuntime, providers: FlaskClient
) -> None:
    fault = {"provider": "africastalking", "name": "refuse_number", "msisdn": AKINYI, "value": 406}
    providers.post("/_ctl/faults", json=fault)
    data = send(providers, form(to=f"{BARAKA},{AKINYI},0711", enqueue="1"))
    assert data["Message"] == "Sent to 1/3 Total Cost: KES 0.8000"
    outcomes = [
        (recipient["number"], recipient["statusCode"], recipient["status"])
        for recipient in data["Recipients"]
    ]
    assert outcomes == [
        (BARAKA, 102, "Success"),
        (AKINYI, 406, "UserInBlacklist"),
        ("0711", 403, "InvalidPhoneNumber"),
    ]
    refused = data["Recipients"][1]
    assert refused | {"cost": "0", "messageId": "None"} == refused
    assert (len(messages_on(runtime, BARAKA)), messages_on(runtime, AKINYI)) == (1, [])


def test_a_long_message_costs_by_its_parts(providers: FlaskClient) -> None:
    (recipient,) = send(providers, form(message="a" * 161))["Recipients"]
    assert recipient["messageParts"] == 2
    assert recipient["cost"] == "KES 1.6000"


def test_a_wrong_key_user_or_form_is_refused(providers: FlaskClient) -> None:
    assert providers.post(PATH, data=form(), headers={"apiKey": "guess"}).status_code == 401
    assert providers.post(PATH, data=form(username="x"), headers=KEY).status_code == 401
    assert providers.post(PATH, data=form(message=""), headers=KEY).status_code == 400
    assert providers.post(PATH, data=form(to=""), headers=KEY).status_code == 400


def test_the_real_sdk_gets_a_dictionary(
    provider_server: ProviderServer, gateway: RecordingGateway
) -> None:
    service = SMSService("jua", "at-key")
    service._baseUrl = f"http://127.0.0.1:{provider_server.port}/version1"
    answer = service.send("Token 123", [BARAKA])
    (recipient,) = answer["SMSMessageData"]["Recipients"]
    assert recipient["statusCode"] == 101
    endpoint, report = gateway.arrivals.get(timeout=10)
    assert (endpoint, report["id"]) == ("delivery", recipient["messageId"])


def test_an_sms_from_a_phone_reaches_the_gateway(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    message_id = send_sms(runtime, BARAKA, "BAL + ñ")
    (sms,) = gateway.received("inbound")
    assert (sms["from"], sms["text"], sms["id"]) == (BARAKA, "BAL + ñ", message_id)
    assert set(sms) == {"date", "from", "id", "linkId", "text", "to", "networkCode"}


def test_an_sms_from_a_phone_is_repeated_until_the_gateway_accepts_it(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    gateway.answers["inbound"] = (503, {})
    message_id = send_sms(runtime, BARAKA, "BAL")
    del gateway.answers["inbound"]
    with runtime.engine.begin() as connection:
        connection.execute(text("UPDATE simulator.callbacks SET due_at = now()"))
    assert send_due_callbacks(runtime.engine, timeout_seconds=5) == 1
    assert [sms["id"] for sms in gateway.received("inbound")] == [message_id] * 2
