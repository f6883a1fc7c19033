"""The faults that a test can ask a simulated provider to commit."""

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import text

from simulator.app import ProviderServer
from simulator.callback_sender import send_due_callbacks
from simulator.fault_injection import CALLBACK_FAULTS, draw_faults
from simulator.mobile_money.prompts import answer_prompt, waiting_prompts
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.c2b_payment import pay_by_paybill
from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import push
from tests.support.replies import json_of

BARAKA = "+254711000002"
STK = "/payments/daraja/k3y/stk"


def add_fault(providers: FlaskClient, name: str, value: str = "", **options: object) -> None:
    fault = {"provider": "safaricom", "name": name, "value": value} | options
    assert providers.post("/_ctl/faults", json=fault).status_code == 201


def open_prompts(runtime: SimulatorRuntime) -> list[int]:
    with runtime.engine.connect() as connection:
        return [prompt.id for prompt in waiting_prompts(connection, BARAKA)]


def pay_prompt(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    push(providers, gateway.url + STK)
    assert answer_prompt(runtime, BARAKA, open_prompts(runtime)[0], "1234").accepted


def test_a_failure_before_the_effect_leaves_no_prompt(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    add_fault(providers, "fail_before", operation="stkpush", times=1)
    assert push(providers, gateway.url + STK).status_code == 500
    assert open_prompts(runtime) == []
    assert push(providers, gateway.url + STK).status_code == 200


def test_a_failure_after_the_effect_leaves_a_prompt(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    add_fault(providers, "fail_after", operation="stkpush", times=1)
    assert push(providers, gateway.url + STK).status_code == 500
    assert len(open_prompts(runtime)) == 1


def test_an_error_code_of_the_provider_is_answered_in_its_own_error_body(
    providers: FlaskClient, gateway: RecordingGateway, runtime: SimulatorRuntime
) -> None:
    add_fault(providers, "error_reply", "500.003.02", operation="stkpush")
    answer = push(providers, gateway.url + STK)
    assert (answer.status_code, json_of(answer)["errorCode"]) == (500, "500.003.02")
    assert open_prompts(runtime) == []


def test_a_lost_reply_cuts_the_connection_after_the_effect(
    runtime: SimulatorRuntime, provider_server: ProviderServer, providers: FlaskClient
) -> None:
    fault = {"provider": "africastalking", "name": "lose_reply", "times": 1}
    providers.post("/_ctl/faults", json=fault)
    url = f"http://127.0.0.1:{provider_server.port}/version1/messaging"
    form = {"username": "jua", "to": BARAKA, "message": "Token 123"}
    with pytest.raises(requests.ConnectionError):
        requests.post(url, data=form, headers={"apiKey": "at-key"}, timeout=10)
    with runtime.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM simulator.sms")).scalar() == 1


def test_a_callback_can_come_before_the_reply(
    providers: FlaskClient, gateway: RecordingGateway
) -> None:
    add_fault(providers, "callback_first", operation="stkpush")
    answer = push(providers, gateway.url + STK)
    assert answer.status_code == 200
    assert gateway.endpoints() == ["stk", "confirmation"]


@pytest.mark.parametrize(
    ("name", "value", "endpoints"),
    [
        ("drop_callback", "", []),
        ("drop_callback", "stk", ["confirmation"]),
        ("drop_callback", "confirmation", ["stk"]),
        ("reverse_callbacks", "", ["confirmation", "stk"]),
        ("repeat_callback", "2", ["stk", "stk", "confirmation", "confirmation"]),
    ],
)
def test_callbacks_are_dropped_repeated_and_reordered(
    runtime: SimulatorRuntime,
    providers: FlaskClient,
    gateway: RecordingGateway,
    name: str,
    value: str,
    endpoints: list[str],
) -> None:
    add_fault(providers, name, value)
    pay_prompt(runtime, providers, gateway)
    assert gateway.endpoints() == endpoints


def test_a_delayed_callback_comes_when_it_is_due(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    add_fault(providers, "delay_callback", "3600")
    assert pay_by_paybill(runtime, BARAKA, "SL100234", 100_00).accepted
    assert gateway.endpoints() == ["validation"]
    with runtime.engine.begin() as connection:
        connection.execute(text("UPDATE simulator.callbacks SET due_at = now()"))
    send_due_callbacks(runtime.engine, timeout_seconds=5)
    assert gateway.endpoints() == ["validation", "confirmation"]


@pytest.mark.parametrize(
    ("form", "msisdn"), [("plain", "254711000002"), ("masked", "2547 ***** 002")]
)
def test_the_payer_is_shown_in_every_known_form(
    runtime: SimulatorRuntime,
    providers: FlaskClient,
    gateway: RecordingGateway,
    form: str,
    msisdn: str,
) -> None:
    add_fault(providers, "payer_form", form)
    pay_by_paybill(runtime, BARAKA, "SL100234", 100_00)
    assert {fields["MSISDN"] for _, fields in gateway.callbacks} == {msisdn}


def test_the_same_seed_gives_the_same_faults(
    runtime: SimulatorRuntime, providers: FlaskClient
) -> None:
    def draws() -> list[bool]:
        providers.delete("/_ctl/faults")
        add_fault(providers, "drop_callback", share=0.5, seed=7)
        return [
            bool(draw_faults(runtime.engine, CALLBACK_FAULTS, "safaricom", "x")) for _ in range(20)
        ]

    first = draws()
    assert draws() == first
    assert len(set(first)) == 2


def test_a_fault_applies_to_its_phone_and_its_number_of_times(
    runtime: SimulatorRuntime, providers: FlaskClient
) -> None:
    add_fault(providers, "drop_callback", msisdn=BARAKA, times=1)
    drawn = [
        bool(draw_faults(runtime.engine, CALLBACK_FAULTS, "safaricom", "x", msisdn))
        for msisdn in ("+254711000009", BARAKA, BARAKA)
    ]
    assert drawn == [False, True, False]


def test_an_unknown_fault_is_refused(providers: FlaskClient) -> None:
    faults: list[dict[str, str]] = [{}, {"provider": "safaricom", "name": "x"}, {"provider": "x"}]
    for fault in faults:
        assert providers.post("/_ctl/faults", json=fault).status_code == 400
    assert json_of(providers.get("/_ctl/faults"))["faults"] == []
