"""Daraja's access tokens."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from simulator.app import create_providers_app
from simulator.runtime import SimulatorRuntime
from tests.simulator.safaricom.daraja_client import PUSH, push, token
from tests.support.replies import json_of


def test_a_token_is_issued_only_to_the_right_consumer(providers: FlaskClient) -> None:
    path = "/oauth/v1/generate?grant_type=client_credentials"
    assert json_of(providers.get(path, auth=("consumer", "secret")))["expires_in"] == "3599"
    refused = providers.get(path, auth=("consumer", "guess"))
    assert (refused.status_code, json_of(refused)["errorCode"]) == (400, "400.008.01")


def test_a_token_expires(runtime: SimulatorRuntime) -> None:
    expired = replace(runtime, settings=replace(runtime.settings, token_seconds=-1))
    answer = push(create_providers_app(expired).test_client(), "http://h/x")
    assert (answer.status_code, json_of(answer)["errorCode"]) == (404, "404.001.03")


@pytest.mark.parametrize("bearer", ["", "Bearer ", "Bearer x.y", "Bearer 99999999999.forged"])
def test_a_forged_token_is_refused(providers: FlaskClient, bearer: str) -> None:
    answer = providers.post(
        "/mpesa/stkpush/v1/processrequest", json=PUSH, headers={"Authorization": bearer}
    )
    assert json_of(answer)["errorCode"] == "404.001.03"


def test_a_body_that_is_not_a_json_object_is_refused(providers: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer {token(providers)}"}
    for body in (b"[]", b"not json"):
        answer = providers.post("/mpesa/stkpush/v1/processrequest", data=body, headers=headers)
        assert json_of(answer)["errorCode"] == "400.002.02"
