from collections.abc import Iterator

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

BARAKA = "+254711000002"
STK = "/payments/daraja/k3y/stk"


def ask_for(providers: FlaskClient, name: str, value: str = "", **more: object) -> None:
    fault = {"provider": "safaricom", "name": name, "value": value} | more
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
    ask_for(providers, "fail_before", operation="stkpush", times=1)
    assert push(providers, gateway.url + STK).status_code == 500
    assert open_prompts(runtime) == []
    assert push(providers, gateway.url + STK).status_code == 200


def test_a_failure_after_the_effect_leaves_one(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    ask_for(providers, "fail_after", operation="stkpush", times=1)
    assert push(providers, gateway.url + STK).status_code == 500
    assert len(open_prompts(runtime)) == 1


def test_a_named_error_of_the_providers(
    providers: FlaskClient, gateway: RecordingGateway, runtime: SimulatorRuntime
) -> None:
    ask_for(providers, "error_reply", "500.003.02", operation="stkpush")
    answer = push(providers, gateway.url + STK)
    assert (answer.status_code, answer.json["errorCode"]) == (500, "500.003.02")
    assert open_prompts(runtime) == []


@pytest.fixture
def running(runtime: SimulatorRuntime) -> Iterator[ProviderServer]:
    servers = ProviderServer(runtime, 0)
    servers.start()
    yield servers
    servers.stop()


def test_a_lost_reply_is_lost_on_the_wire_after_the_effect(
    runtime: SimulatorRuntime, running: ProviderServer, providers: FlaskClient
) -> None:
    fault = {"provider": "africastalking", "name": "lose_reply", "times": 1}
    providers.post("/_ctl/faults", json=fault)
    url = f"http://127.0.0.1:{running.port}/version1/messaging"
    form = {"username": "jua", "to": BARAKA, "message": "Token 123"}
    with pytest.raises(requests.ConnectionError):
        requests.post(url, data=form, headers={"apiKey": "at-key"}, timeout=10)
    with runtime.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM simulator.sms")).scalar() == 1


def test_the_callback_can_come_before_the_answer(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    ask_for(providers, "callback_first", operation="stkpush")
    answer = push(providers, gateway.url + STK)
    assert answer.status_code == 200
    assert gateway.callbacks() == ["stk", "confirmation"]


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
    ask_for(providers, name, value)
    pay_prompt(runtime, providers, gateway)
    assert gateway.callbacks() == endpoints


def test_a_delayed_callback_comes_when_it_is_due(
    runtime: SimulatorRuntime, providers: FlaskClient, gateway: RecordingGateway
) -> None:
    ask_for(providers, "delay_callback", "3600")
    assert pay_by_paybill(runtime, BARAKA, "SL100234", 100_00).accepted
    assert gateway.callbacks() == ["validation"]
    with runtime.engine.begin() as connection:
        connection.execute(text("UPDATE simulator.callbacks SET due_at = now()"))
    send_due_callbacks(runtime.engine, timeout_seconds=5)
    assert gateway.callbacks() == ["validation", "confirmation"]


@pytest.mark.parametrize(
    ("form", "shown"), [("plain", "254711000002"), ("masked", "2547 ***** 002")]
)
def test_the_payer_is_shown_in_every_known_form(
    runtime: SimulatorRuntime,
    providers: FlaskClient,
    gateway: RecordingGateway,
    form: str,
    shown: str,
) -> None:
    ask_for(providers, "payer_form", form)
    pay_by_paybill(runtime, BARAKA, "SL100234", 100_00)
    assert {told["MSISDN"] for _, told in gateway.heard} == {shown}


def test_the_same_seed_gives_the_same_faults(
    runtime: SimulatorRuntime, providers: FlaskClient
) -> None:
    def draws() -> list[bool]:
        providers.delete("/_ctl/faults")
        ask_for(providers, "drop_callback", share=0.5, seed=7)
        return [
            bool(draw_faults(runtime.engine, CALLBACK_FAULTS, "safaricom", "x")) for _ in range(20)
        ]

    first = draws()
    assert draws() == first
    assert len(set(first)) == 2


def test_a_fault_keeps_to_its_phone_and_its_number_of_times(
    runtime: SimulatorRuntime, providers: FlaskClient
) -> None:
    ask_for(providers, "drop_callback", msisdn=BARAKA, times=1)
    hits = [
        bool(draw_faults(runtime.engine, CALLBACK_FAULTS, "safaricom", "x", phone))
        for phone in ("+254711000009", BARAKA, BARAKA)
    ]
    assert hits == [False, True, False]


def test_an_unknown_fault_is_refused(providers: FlaskClient) -> None:
    for fault in ({}, {"provider": "safaricom", "name": "x"}, {"provider": "x"}):
        assert providers.post("/_ctl/faults", json=fault).status_code == 400
    assert providers.get("/_ctl/faults").json["faults"] == []
