"""The registration of C2B URLs."""

import pytest
from flask.testing import FlaskClient

from tests.simulator.safaricom.daraja_client import call
from tests.support.replies import json_of

REGISTRATION = {
    "ShortCode": "600123",
    "ResponseType": "Cancelled",
    "ConfirmationURL": "https://jua.example/c2b/confirmation",
    "ValidationURL": "https://jua.example/c2b/validation",
}


def test_urls_are_registered_once(providers: FlaskClient) -> None:
    path = "/mpesa/c2b/v2/registerurl"
    assert json_of(call(providers, path, REGISTRATION))["ResponseCode"] == "0"
    again = call(providers, path, REGISTRATION)
    assert (again.status_code, json_of(again)["errorCode"]) == (500, "500.003.1001")


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
    assert json_of(answer)["errorCode"] == "400.002.02"
