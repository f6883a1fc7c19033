from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from simulator.app import create_providers_app
from simulator.runtime import SimulatorRuntime
from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import PUSH, call, push, query, token

STK = "/payments/daraja/k3y/stk"
REGISTRATION = {
    "ShortCode": "600123",
    "ResponseType": "Cancelled",
    "ConfirmationURL": "https://jua.example/c2b/confirmation",
    "ValidationURL": "https://jua.example/c2b/validation",
}


def test_a_token_is_given_for_the_right_consumer_only(providers: FlaskClient) -> None:
    path = "/oauth/v1/generate?grant_type=client_credentials"
    assert providers.get(path, auth=("consumer", "secret")).json["expires_in"] == "3599"
    refused = providers.get(path, auth=("consumer", "guess"))
    assert (refused.status_code, refused.json["errorCode"]) == (400, "400.008.01")


def test_a_token_ends(runtime: SimulatorRuntime) -> None:
    brief = replace(runtime, settings=replace(runtime.settings, token_seconds=-1))
    answer = push(create_providers_app(brief).test_client(), "http://h/x")
    assert (answer.status_code, answer.json["errorCode"]) == (404, "404.001.03")


@pytest.mark.parametrize("bearer", ["", "Bearer ", "Bearer x.y", "Bearer 99999999999.forged"])
def test_a_forged_token_opens_nothing(providers: FlaskClient, bearer: str) -> None:
    answer = providers.post(
        "/mpesa/stkpush/v1/processrequest", json=PUSH, headers={"Authorization": bearer}
    )
    assert answer.json["errorCode"] == "404.001.03"


def test_a_push_is_accepted_and_is_not_yet_paid(
    providers: FlaskClient, gateway: RecordingGateway
) -> None:
    answer = push(providers, gateway.url + STK)
    assert (answer.status_code, answer.json["ResponseCode"]) == (200, "0")
    assert answer.json["CheckoutRequestID"].startswith("ws_CO_")
    assert gateway.heard == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("AccountReference", "1234567890123", "400.002.02"),
        ("AccountReference", "", "400.002.02"),
        ("TransactionDesc", "fourteen chars", "400.002.02"),
        ("Amount", "0", "400.002.02"),
        ("Amount", "250001", "400.002.02"),
        ("Amount", "10.50", "400.002.02"),
        ("PhoneNumber", "+254711000002", "400.002.02"),
        ("PhoneNumber", "254211000002", "400.002.02"),
        ("PartyA", "0711000002", "400.002.02"),
        ("TransactionType", "PayBill", "400.002.02"),
        ("Timestamp", "2026", "400.002.02"),
        ("BusinessShortCode", "600999", "400.002.02"),
        ("CallBackURL", "jua.example/stk", "400.002.02"),
        ("Password", "d3Jvbmc=", "500.001.1001"),
    ],
)
def test_a_bad_field_is_named_in_darajas_own_error_body(
    providers: FlaskClient, gateway: RecordingGateway, field: str, value: str, code: str
) -> None:
    answer = push(providers, gateway.url + STK, **{field: value})
    assert set(answer.json) == {"requestId", "errorCode", "errorMessage"}
    assert (answer.json["errorCode"], answer.status_code) == (code, int(code[:3]))
    if code == "400.002.02":
        assert field in answer.json["errorMessage"]


@pytest.mark.parametrize("amount", [1, 250000, "1"])
def test_the_limits_themselves_are_allowed(
    providers: FlaskClient, gateway: RecordingGateway, amount: object
) -> None:
    assert push(providers, gateway.url + STK, Amount=amount).status_code == 200


def test_a_query_about_an_open_prompt_is_an_error_and_about_an_unknown_one_another(
    providers: FlaskClient, gateway: RecordingGateway
) -> None:
    checkout_id = push(providers, gateway.url + STK).json["CheckoutRequestID"]
    pending = query(providers, checkout_id)
    assert (pending.status_code, pending.json["errorCode"]) == (500, "500.001.1001")
    assert query(providers, "ws_CO_none").json["errorCode"] == "400.002.02"


def test_addresses_are_registered_once(providers: FlaskClient) -> None:
    path = "/mpesa/c2b/v2/registerurl"
    assert call(providers, path, REGISTRATION).json["ResponseCode"] == "0"
    again = call(providers, path, REGISTRATION)
    assert (again.status_code, again.json["errorCode"]) == (500, "500.003.1001")


@pytest.mark.parametrize(
    "changed",
    [
        {"ResponseType": "completed"},
        {"ConfirmationURL": "https://jua.example/mpesa/c"},
        {"ValidationURL": "https://jua.example/SQL/v"},
        {"ValidationURL": "jua.example"},
        {"ShortCode": ""},
    ],
)
def test_a_registration_with_forbidden_words_or_values_is_refused(
    providers: FlaskClient, changed: dict[str, str]
) -> None:
    answer = call(providers, "/mpesa/c2b/v2/registerurl", REGISTRATION | changed)
    assert answer.json["errorCode"] == "400.002.02"


def test_a_body_that_is_no_json_object_is_refused(providers: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {token(providers)}"}
    for body in (b"[]", b"not json"):
        answer = providers.post("/mpesa/stkpush/v1/processrequest", data=body, headers=headers)
        assert answer.json["errorCode"] == "400.002.02"
