from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import requests
from flask import Flask
from werkzeug.test import Client

from simulator.app import ProviderServer, create_phone_app, mount_phone
from simulator.mobile_money.prompts import answer_prompt, waiting_prompts
from simulator.runtime import SimulatorRuntime
from simulator.settings import SimulatorSettings
from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import PUSH

PARALLEL = 64


@pytest.fixture
def running(runtime: SimulatorRuntime) -> Iterator[ProviderServer]:
    servers = ProviderServer(runtime, 0)
    servers.start()
    yield servers
    servers.stop()


def phone_app(runtime: SimulatorRuntime) -> Flask:
    return create_phone_app(runtime, lambda: [], lambda serial: None)


def test_many_phones_pay_at_once_and_none_waits_for_ever(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    app = phone_app(runtime)

    def pay(number: int) -> Any:
        path = f"/phone/api/2547110{number:05d}/paybill"
        return app.test_client().post(path, json={"account": "SL1", "amount": "10"}).json

    with ThreadPoolExecutor(PARALLEL) as phones:
        answers = list(phones.map(pay, range(PARALLEL)))
    assert {answer["accepted"] for answer in answers} == {True}
    assert len({told["TransID"] for told in gateway.told("confirmation")}) == PARALLEL


def test_many_pushes_over_http_are_all_answered(
    runtime: SimulatorRuntime, running: ProviderServer, gateway: RecordingGateway
) -> None:
    base = f"http://127.0.0.1:{running.port}"
    path = "/oauth/v1/generate?grant_type=client_credentials"
    granted = requests.get(base + path, auth=("consumer", "secret"), timeout=10).json()
    bearer = {"Authorization": f"Bearer {granted['access_token']}"}
    body = PUSH | {"CallBackURL": f"{gateway.url}/payments/daraja/k3y/stk"}

    def push(_: int) -> int:
        url = f"{base}/mpesa/stkpush/v1/processrequest"
        return requests.post(url, json=body, headers=bearer, timeout=30).status_code

    with ThreadPoolExecutor(PARALLEL) as businesses:
        assert set(businesses.map(push, range(PARALLEL))) == {200}
    with runtime.engine.connect() as connection:
        prompts = waiting_prompts(connection, "+254711000002")
    assert len(prompts) == PARALLEL
    with ThreadPoolExecutor(8) as fingers:
        paid = fingers.map(
            lambda prompt: answer_prompt(runtime, "+254711000002", prompt.id, "1234"), prompts
        )
        assert len({answer.receipt for answer in paid}) == PARALLEL


def test_the_postman_closes_prompts_that_run_out(
    runtime: SimulatorRuntime, gateway: RecordingGateway
) -> None:
    hasty = replace(runtime, settings=replace(runtime.settings, prompt_seconds=0))
    servers = ProviderServer(hasty, 0)
    servers.start()
    base = f"http://127.0.0.1:{servers.port}"
    path = "/oauth/v1/generate?grant_type=client_credentials"
    granted = requests.get(base + path, auth=("consumer", "secret"), timeout=10).json()
    requests.post(
        f"{base}/mpesa/stkpush/v1/processrequest",
        json=PUSH | {"CallBackURL": f"{gateway.url}/payments/daraja/k3y/stk"},
        headers={"Authorization": f"Bearer {granted['access_token']}"},
        timeout=10,
    )
    endpoint, told = gateway.arrivals.get(timeout=10)
    servers.stop()
    assert (endpoint, told["Body"]["stkCallback"]["ResultCode"]) == ("stk", 1037)


def test_a_full_house_is_told_to_try_again(runtime: SimulatorRuntime) -> None:
    app = phone_app(replace(runtime, settings=replace(runtime.settings, phone_slots=1)))
    with app.extensions["phone"].slots:
        answer = app.test_client().post("/phone/api/254711000002/sms", json={"text": "BAL"})
    assert answer.status_code == 503


def test_the_phone_stands_beside_the_gateway(runtime: SimulatorRuntime) -> None:
    gateway_app = Flask("gateway")
    gateway_app.add_url_rule("/healthz", view_func=lambda: "ok")
    client = Client(mount_phone(gateway_app, phone_app(runtime)))
    assert client.get("/healthz").text == "ok"
    assert client.get("/phone/api/cast").json == []
    assert client.get("/phones").status_code == 404


def test_settings_have_no_default_credentials() -> None:
    environ = {"PUBLIC_URL": "http://127.0.0.1:8000/", "CALLBACK_KEY": "demo"}
    with pytest.raises(KeyError):
        SimulatorSettings.from_environ(environ)
