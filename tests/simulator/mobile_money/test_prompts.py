"""Payment prompts: each is answered once, reported by callback, and expires without an answer."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from simulator.callback_sender import send_due_callbacks
from simulator.mobile_money.prompts import answer_prompt, expire_prompts, waiting_prompts
from simulator.mobile_money.wallets import set_balance
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.payloads import c2b_msisdn
from tests.simulator.recording_gateway import RecordingGateway
from tests.simulator.safaricom.daraja_client import push, query
from tests.support.replies import json_of

BARAKA = "+254711000002"


@pytest.fixture
def checkout_id(providers: FlaskClient, gateway: RecordingGateway) -> str:
    url = gateway.url + "/payments/daraja/k3y/stk"
    return str(json_of(push(providers, url))["CheckoutRequestID"])


def the_prompt(runtime: SimulatorRuntime) -> Any:
    with runtime.engine.connect() as connection:
        (prompt,) = waiting_prompts(connection, BARAKA)
    return prompt


def test_a_paid_prompt_is_reported_twice_under_one_receipt(
    runtime: SimulatorRuntime, gateway: RecordingGateway, providers: FlaskClient, checkout_id: str
) -> None:
    answer = answer_prompt(runtime, BARAKA, the_prompt(runtime).id, "1234")
    assert answer.accepted
    assert answer.receipt is not None
    assert re.fullmatch("[A-Z]{2}[A-Z0-9]{8}", answer.receipt)
    assert gateway.endpoints() == ["stk", "confirmation"]

    stk = gateway.received("stk")[0]["Body"]["stkCallback"]
    assert (stk["CheckoutRequestID"], stk["ResultCode"]) == (checkout_id, 0)
    items = {item["Name"]: item.get("Value") for item in stk["CallbackMetadata"]["Item"]}
    assert items["MpesaReceiptNumber"] == answer.receipt
    assert (items["Amount"], items["PhoneNumber"]) == (500, 254711000002)
    assert isinstance(items["TransactionDate"], int)

    (c2b,) = gateway.received("confirmation")
    assert (c2b["TransID"], c2b["BillRefNumber"]) == (answer.receipt, "SL100234")
    assert (c2b["TransAmount"], c2b["OrgAccountBalance"]) == ("500.00", "500.00")
    assert c2b["MSISDN"] == c2b_msisdn(BARAKA, "hashed")
    assert len(c2b["MSISDN"]) == 64

    queried = json_of(query(providers, checkout_id))
    assert queried["ResultCode"] == "0"
    assert answer.receipt not in str(queried)


@pytest.mark.parametrize(("pin", "code"), [(None, 1032), ("0000", 2001)])
def test_a_cancelled_prompt_and_a_wrong_pin_move_no_money(
    runtime: SimulatorRuntime,
    gateway: RecordingGateway,
    providers: FlaskClient,
    checkout_id: str,
    pin: str | None,
    code: int,
) -> None:
    answer = answer_prompt(runtime, BARAKA, the_prompt(runtime).id, pin)
    assert (answer.accepted, answer.code, answer.receipt) == (False, str(code), None)
    assert gateway.endpoints() == ["stk"]
    result = gateway.received("stk")[0]["Body"]["stkCallback"]
    assert result["ResultCode"] == code
    assert "CallbackMetadata" not in result
    assert json_of(query(providers, checkout_id))["ResultCode"] == str(code)


def test_a_phone_with_too_low_a_balance_pays_nothing(
    runtime: SimulatorRuntime, gateway: RecordingGateway, checkout_id: str
) -> None:
    with runtime.engine.begin() as connection:
        set_balance(connection, BARAKA, 499_99)
    answer = answer_prompt(runtime, BARAKA, the_prompt(runtime).id, "1234")
    assert answer.code == "1"
    assert gateway.received("stk")[0]["Body"]["stkCallback"]["ResultCode"] == 1


def test_a_prompt_without_answer_expires(
    runtime: SimulatorRuntime, gateway: RecordingGateway, providers: FlaskClient, checkout_id: str
) -> None:
    assert expire_prompts(runtime) == 0
    later = datetime.now(UTC) + timedelta(seconds=runtime.settings.prompt_seconds + 1)
    assert expire_prompts(replace(runtime, clock=lambda: later)) == 1
    send_due_callbacks(runtime.engine, timeout_seconds=5)
    assert gateway.received("stk")[0]["Body"]["stkCallback"]["ResultCode"] == 1037
    assert json_of(query(providers, checkout_id))["ResultCode"] == "1037"


def test_a_prompt_is_answered_once_and_by_its_own_phone(
    runtime: SimulatorRuntime, gateway: RecordingGateway, checkout_id: str
) -> None:
    prompt = the_prompt(runtime)
    with pytest.raises(LookupError):
        answer_prompt(runtime, "+254711000003", prompt.id, "1234")
    answer_prompt(runtime, BARAKA, prompt.id, "1234")
    with pytest.raises(LookupError):
        answer_prompt(runtime, BARAKA, prompt.id, "1234")
    assert gateway.endpoints() == ["stk", "confirmation"]
