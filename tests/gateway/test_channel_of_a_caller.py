"""Dial and pay: the prompt goes by the channel of the network the call came by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.app import create_app
from tests.gateway.conftest import AMINA, KEY
from tests.support.phone import Phone
from tests.support.scenario import Scenario

SAFARICOM, AIRTEL, TELKOM = "63902", "63903", "63907"


@pytest.fixture
def gateway(scenario: Scenario, environment: dict[str, str]) -> Iterator[Any]:
    app = create_app(environment | {"AIRTEL_BASE_URL": "http://127.0.0.1:9"})
    yield app
    app.close()


def pay(gateway: Any, network: str) -> str:
    phone = Phone(gateway, AMINA, f"/ussd/africastalking/{KEY}", network)
    assert "500" in phone.dial("1*M100*500")
    return phone.answer("1")


@pytest.mark.parametrize(
    ("network", "channel", "is_ours"), [(SAFARICOM, "daraja", False), (AIRTEL, "airtel", True)]
)
def test_the_prompt_goes_by_the_network_of_the_call(
    gateway: Any, scenario: Scenario, network: str, channel: str, is_ours: bool
) -> None:
    assert pay(gateway, network).startswith("END")
    ((went_by, reference),) = scenario.rows("SELECT channel, checkout_reference FROM prompts")
    assert went_by == channel
    assert (reference is not None) is is_ours


def test_a_caller_whose_network_has_no_channel_is_told_and_nothing_waits(
    gateway: Any, scenario: Scenario
) -> None:
    assert pay(gateway, TELKOM).startswith("CON We cannot take mobile money from your network")
    assert scenario.rows("SELECT count(*) FROM prompts") == [(0,)]
