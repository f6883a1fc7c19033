from collections.abc import Iterator

import pytest
from africastalking.SMS import SMSService
from flask.testing import FlaskClient
from sqlalchemy import text

from simulator.africastalking import received_sms, send_sms
from simulator.app import ProviderServer
from simulator.callback_sender import send_due_callbacks
from simulator.runtime import SimulatorRuntime
from tests.simulator.recording_gateway import RecordingGateway

KEY = {"apiKey": "at-key", "Accept": "application/json"}
BARAKA, AKINYI = "+254711000002", "+254711000003"


def form(**changed: str) -> dict[str, str]:
    return {"username": "jua", "to": BARAKA, "message": "Token 123", "bulkSMSMode": "1"} | changed


def inbox(runtime: SimulatorRuntime, msisdn: str) -> list[dict[str, str]]:
    with runtime.engine.connect() as connection:
        return received_sms(connection, msisdn)


@pytest.fixture
def running(runtime: SimulatorRuntime) -> Iterator[ProviderServer]:
    servers = ProviderServer(runtime, 0)
    servers.start()
    yield servers
    servers.stop()


def test_a_text_lands_on_the_phone_and_is_reported_delivered(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    answer = providers.post("/version1/messaging", data=form(**{"from": "JUA"}), headers=KEY)
    assert (answer.status_code, answer.headers["Content-Type"]) == (201, "application/json")
    data = answer.json["SMSMessageData"]
    assert data["Message"] == "Sent to 1/1 Total Cost: KES 0.8000"
    (recipient,) = data["Recipients"]
    assert (recipient["statusCode"], recipient["status"]) == (101, "Success")
    assert (recipient["cost"], recipient["messageParts"]) == ("KES 0.8000", 1)

    (received,) = inbox(runtime, BARAKA)
    assert (received["from"], received["text"]) == ("JUA", "Token 123")
    assert gateway.heard == []
    assert send_due_callbacks(runtime.engine, timeout_seconds=5) == 1
    (report,) = gateway.told("delivery")
    assert (report["id"], report["status"]) == (recipient["messageId"], "Success")
    assert (report["phoneNumber"], report["networkCode"]) == (BARAKA, "63902")


def test_one_call_can_half_succeed(runtime: SimulatorRuntime, providers: FlaskClient) -> None:
    fault = {"provider": "africastalking", "name": "refuse_number", "msisdn": AKINYI, "value": 406}
    providers.post("/_ctl/faults", json=fault)
    both = form(to=f"{BARAKA},{AKINYI},0711", enqueue="1")
    answer = providers.post("/version1/messaging", data=both, headers=KEY).json["SMSMessageData"]
    assert answer["Message"] == "Sent to 1/3 Total Cost: KES 0.8000"
    outcomes = [(one["number"], one["statusCode"], one["status"]) for one in answer["Recipients"]]
    assert outcomes == [
        (BARAKA, 102, "Success"),
        (AKINYI, 406, "UserInBlacklist"),
        ("0711", 403, "InvalidPhoneNumber"),
    ]
    assert answer["Recipients"][1] | {"cost": "0", "messageId": "None"} == answer["Recipients"][1]
    assert (len(inbox(runtime, BARAKA)), inbox(runtime, AKINYI)) == (1, [])


def test_a_long_text_costs_by_the_part(providers: FlaskClient) -> None:
    data = form(message="a" * 161)
    answer = providers.post("/version1/messaging", data=data, headers=KEY).json["SMSMessageData"]
    assert answer["Recipients"][0]["messageParts"] == 2
    assert answer["Recipients"][0]["cost"] == "KES 1.6000"


def test_a_wrong_key_user_or_form_is_refused(providers: FlaskClient) -> None:
    path = "/version1/messaging"
    assert providers.post(path, data=form(), headers={"apiKey": "guess"}).status_code == 401
    assert providers.post(path, data=form(username="x"), headers=KEY).status_code == 401
    assert providers.post(path, data=form(message=""), headers=KEY).status_code == 400
    assert providers.post(path, data=form(to=""), headers=KEY).status_code == 400


def test_the_real_sdk_gets_a_dictionary(
    runtime: SimulatorRuntime, running: ProviderServer, gateway: RecordingGateway
) -> None:
    service = SMSService("jua", "at-key")
    service._baseUrl = f"http://127.0.0.1:{running.port}/version1"
    answer = service.send("Token 123", [BARAKA])
    (recipient,) = answer["SMSMessageData"]["Recipients"]
    assert recipient["statusCode"] == 101
    endpoint, report = gateway.arrivals.get(timeout=10)
    assert (endpoint, report["id"]) == ("delivery", recipient["messageId"])


def test_a_sent_text_reaches_the_gateways_door(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    message_id = send_sms(runtime, BARAKA, "BAL + ñ")
    (heard,) = gateway.told("inbound")
    assert (heard["from"], heard["text"], heard["id"]) == (BARAKA, "BAL + ñ", message_id)
    assert set(heard) == {"date", "from", "id", "linkId", "text", "to", "networkCode"}


def test_a_sent_text_is_repeated_until_the_gateway_takes_it(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    gateway.answers["inbound"] = (503, {})
    message_id = send_sms(runtime, BARAKA, "BAL")
    del gateway.answers["inbound"]
    with runtime.engine.begin() as connection:
        connection.execute(text("UPDATE simulator.callbacks SET due_at = now()"))
    assert send_due_callbacks(runtime.engine, timeout_seconds=5) == 1
    assert [heard["id"] for heard in gateway.told("inbound")] == [message_id] * 2
