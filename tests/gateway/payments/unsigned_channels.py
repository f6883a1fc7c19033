"""The MTN and Airtel channels of the tests, and prompts for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from core.prompt import Prompt
from gateway.payments.airtel import AirtelChannel, AirtelSettings
from gateway.payments.channel import Balance, Outcome, PaymentChannel
from gateway.payments.mtn import MtnChannel, MtnSettings
from tests.gateway.payments.bodies import PROMPT
from tests.support.standins import canned

NOWHERE = "http://127.0.0.1:9"
TOKEN = {"access_token": "t", "expires_in": 3600}
UGANDAN = Prompt(**PROMPT | {"channel": "mtn", "msisdn": "+256772000001", "currency": "UGX"})
KENYAN = Prompt(**PROMPT | {"channel": "airtel", "msisdn": "+254733000001"})


def mtn_channel(url: str, wait_turn: Callable[[], None] = lambda: None) -> MtnChannel:
    return MtnChannel(
        MtnSettings(url, "mtnuganda", "subscription", "api-user", "api-key", f"{NOWHERE}/mtn"),
        wait_turn,
    )


def airtel_channel(url: str) -> AirtelChannel:
    return AirtelChannel(AirtelSettings(url, "KE", "client", "secret"))


def mtn_prompt() -> Prompt:
    return replace(UGANDAN, checkout_reference=str(uuid4()))


def airtel_prompt() -> Prompt:
    return replace(KENYAN, checkout_reference=uuid4().hex)


def looked_up(make: Any, prompt: Prompt, body: dict[str, Any], status: int = 200) -> Outcome:
    with canned(status, "application/json", json.dumps(TOKEN | body)) as url:
        channel: PaymentChannel = make(url)
        try:
            return channel.look_up(prompt)
        finally:
            channel.close()


def balance_of(make: Any, currency: str, body: dict[str, Any], status: int = 200) -> Balance:
    with canned(status, "application/json", json.dumps(TOKEN | body)) as url:
        channel = make(url)
        try:
            read: Balance = channel.read_balance(currency)
            return read
        finally:
            channel.close()
