"""What both unsigned channels do: tokens, look-ups, balances, and malformed callbacks."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    BadCallback,
    Temporary,
)
from gateway.payments import airtel, mtn
from gateway.payments.airtel import AirtelChannel, AirtelSettings
from gateway.payments.channel import Balance, PaymentChannel, Pending, parse_receipt
from gateway.payments.mtn import MtnChannel, MtnSettings
from tests.gateway.payments.unsigned_channels import (
    NOWHERE,
    airtel_channel,
    airtel_prompt,
    balance_of,
    looked_up,
    mtn_channel,
    mtn_prompt,
)
from tests.support.standins import StandIns, closed_port_url


@pytest.mark.parametrize("name", ["mtn", "airtel"])
def test_eight_callers_share_one_token(standins: StandIns, name: str) -> None:
    make_channel = mtn_channel if name == "mtn" else airtel_channel
    channel: PaymentChannel = make_channel(standins.url)
    prompts = [mtn_prompt() if name == "mtn" else airtel_prompt() for _ in range(8)]
    standins.fault(name, "delay_reply", operation="token", value="0.05")
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(channel.push, prompts))) == 8
    with standins.runtime.engine.connect() as connection:
        drawn = connection.exec_driver_sql("SELECT draws FROM simulator.faults").scalar_one()
    assert drawn == 1
    channel.close()


@pytest.mark.parametrize("name", ["mtn", "airtel"])
def test_a_stranger_is_not_let_in_and_nothing_was_sent(standins: StandIns, name: str) -> None:
    channel: PaymentChannel
    if name == "mtn":
        channel = MtnChannel(MtnSettings(standins.url, "mtnuganda", "no", "no", "no", NOWHERE))
    else:
        channel = AirtelChannel(AirtelSettings(standins.url, "KE", "no", "no"))
    with pytest.raises(Temporary, match="oauth"):
        channel.push(mtn_prompt())
    channel.close()


@pytest.mark.parametrize("make", [mtn_channel, airtel_channel])
def test_a_refused_connection_means_that_nothing_was_sent(make: Any) -> None:
    channel = make(closed_port_url())
    with pytest.raises(Temporary):
        channel.push(mtn_prompt())
    channel.close()


@pytest.mark.parametrize("make", [mtn_channel, airtel_channel])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_look_up_answered_with_something_else_is_no_failure_of_the_prompt(
    make: Any, status: int
) -> None:
    prompt = mtn_prompt()
    if make is mtn_channel and status == 200:
        assert looked_up(make, prompt, {}) == Pending()
    else:
        with pytest.raises(Temporary):
            looked_up(make, prompt, {}, status)


def test_what_an_account_holds() -> None:
    ugandan = Balance("mtn:mtnuganda", 37_600)
    for stated in ("37600", "37600.00", 37600):
        assert (
            balance_of(mtn_channel, "UGX", {"availableBalance": stated, "currency": "UGX"})
            == ugandan
        )
    figure = {"balance": "37,600.50", "currency": "KES", "account_status": "Active"}
    body = {"data": figure, "status": {"success": True}}
    assert balance_of(airtel_channel, "KES", body) == Balance("airtel:KE", 37_600_50)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    ("make", "currency", "body"),
    [
        (mtn_channel, "UGX", {}),
        (mtn_channel, "UGX", {"availableBalance": "much", "currency": "UGX"}),
        (mtn_channel, "UGX", {"availableBalance": "1", "currency": "EUR"}),
        (mtn_channel, "UGX", {"availableBalance": "-1", "currency": "UGX"}),
        (airtel_channel, "KES", {"data": {"balance": "1", "currency": "UGX"}}),
        (airtel_channel, "KES", {"data": {}, "status": {"success": False}}),
    ],
)
def test_a_balance_that_is_not_understood_is_no_balance(
    make: Any, currency: str, body: dict[str, Any], status: int
) -> None:
    with pytest.raises(Temporary):
        balance_of(make, currency, body, status)


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_no_body_does_more_than_be_refused(body: bytes) -> None:
    for read in (mtn.read_callback, airtel.read_callback):
        with pytest.raises(BadCallback):
            read(body)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["externalId", "status", "transaction", "hash"]), any_json))
def test_no_document_does_more_than_be_refused(document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()
    for read in (mtn.read_callback, airtel.read_callback):
        with pytest.raises(BadCallback):
            read(body)


@pytest.mark.parametrize("written", ["", "straße 1", "A" * 65, "A B", "\ud800"])
def test_what_can_be_no_receipt_is_looked_up_again(written: object) -> None:
    with pytest.raises(Temporary):
        parse_receipt("mtn", written)


def test_a_receipt_may_be_a_number() -> None:
    assert parse_receipt("mtn", 42) == "42"
