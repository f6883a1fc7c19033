"""STK push: what is accepted, what is refused, and how it is queried."""

import pytest
from flask.testing import FlaskClient

from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import push, query
from tests.support.replies import json_of

STK = "/payments/daraja/k3y/stk"


def test_an_accepted_push_is_not_yet_paid(
    providers: FlaskClient, gateway: RecordingGateway
) -> None:
    answer = push(providers, gateway.url + STK)
    assert (answer.status_code, json_of(answer)["ResponseCode"]) == (200, "0")
    assert json_of(answer)["CheckoutRequestID"].startswith("ws_CO_")
    assert gateway.callbacks == []


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
def test_an_invalid_field_is_named_in_darajas_error_body(
    providers: FlaskClient, gateway: RecordingGateway, field: str, value: str, code: str
) -> None:
    answer = push(providers, gateway.url + STK, **{field: value})
    assert set(json_of(answer)) == {"requestId", "errorCode", "errorMessage"}
    assert (json_of(answer)["errorCode"], answer.status_code) == (code, int(code[:3]))
    if code == "400.002.02":
        assert field in json_of(answer)["errorMessage"]


@pytest.mark.parametrize("amount", [1, 250000, "1"])
def test_the_limits_themselves_are_allowed(
    providers: FlaskClient, gateway: RecordingGateway, amount: object
) -> None:
    assert push(providers, gateway.url + STK, Amount=amount).status_code == 200


def test_a_query_for_an_open_prompt_and_for_an_unknown_prompt_are_different_errors(
    providers: FlaskClient, gateway: RecordingGateway
) -> None:
    checkout_id = json_of(push(providers, gateway.url + STK))["CheckoutRequestID"]
    pending = query(providers, checkout_id)
    assert (pending.status_code, json_of(pending)["errorCode"]) == (500, "500.001.1001")
    assert json_of(query(providers, "ws_CO_none"))["errorCode"] == "400.002.02"
