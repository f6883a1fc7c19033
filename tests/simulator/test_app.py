"""The two web applications of the simulator, served to many callers at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import requests
from flask import Flask

from simulator.app import ProviderServer, create_phone_app
from simulator.mobile_money.prompts import answer_prompt, waiting_prompts
from simulator.runtime import SimulatorRuntime
from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import PUSH

PARALLEL = 64
BARAKA = "+254711000002"


def phone_app(runtime: SimulatorRuntime) -> Flask:
    return create_phone_app(runtime, lambda: [], lambda serial: None)


def push_over_http(server: ProviderServer, callback_url: str, pushes: int) -> set[int]:
    """Make STK pushes at once; the HTTP statuses."""
    base = f"http://127.0.0.1:{server.port}"
    path = "/oauth/v1/generate?grant_type=client_credentials"
    granted = requests.get(base + path, auth=("consumer", "secret"), timeout=10).json()
    bearer = {"Authorization": f"Bearer {granted['access_token']}"}
    body = PUSH | {"CallBackURL": callback_url}

    def push(_: int) -> int:
        url = f"{base}/mpesa/stkpush/v1/processrequest"
        return requests.post(url, json=body, headers=bearer, timeout=30).status_code

    with ThreadPoolExecutor(pushes) as businesses:
        return set(businesses.map(push, range(pushes)))


def test_many_phones_pay_at_once_and_all_are_answered(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    app = phone_app(runtime)

    def pay(number: int) -> Any:
        path = f"/phone/api/2547110{number:05d}/paybill"
        return app.test_client().post(path, json={"account": "SL1", "amount": "10"}).json

    with ThreadPoolExecutor(PARALLEL) as phones:
        results = list(phones.map(pay, range(PARALLEL)))
    assert {result["accepted"] for result in results} == {True}
    confirmations = gateway.received("confirmation")
    assert len({confirmation["TransID"] for confirmation in confirmations}) == PARALLEL


def test_many_pushes_over_http_are_all_answered(
    runtime: SimulatorRuntime, provider_server: ProviderServer, gateway: RecordingGateway
) -> None:
    callback_url = f"{gateway.url}/payments/daraja/k3y/stk"
    assert push_over_http(provider_server, callback_url, PARALLEL) == {200}
    with runtime.engine.connect() as connection:
        prompts = waiting_prompts(connection, BARAKA)
    assert len(prompts) == PARALLEL
    with ThreadPoolExecutor(8) as fingers:
        results = fingers.map(
            lambda prompt: answer_prompt(runtime, BARAKA, prompt.id, "1234"), prompts
        )
        assert len({result.receipt for result in results}) == PARALLEL


def test_prompts_that_are_not_answered_in_time_are_closed_and_reported(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    hasty = replace(runtime, settings=replace(runtime.settings, prompt_seconds=0))
    server = ProviderServer(hasty, 0)
    server.start()
    push_over_http(server, f"{gateway.url}/payments/daraja/k3y/stk", 1)
    endpoint, fields = gateway.arrivals.get(timeout=10)
    server.stop()
    assert (endpoint, fields["Body"]["stkCallback"]["ResultCode"]) == ("stk", 1037)


def test_a_phone_that_finds_no_free_slot_is_told_to_try_again(runtime: SimulatorRuntime) -> None:
    app = phone_app(replace(runtime, settings=replace(runtime.settings, phone_slots=1)))
    with app.extensions["phone"].slots:
        answer = app.test_client().post("/phone/api/254711000002/sms", json={"text": "BAL"})
    assert answer.status_code == 503
