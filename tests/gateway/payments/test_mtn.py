"""The MTN client: what a reply means, where the conformance suite does not reach."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.errors import (
    BadCallback,
    OutcomeUnknown,
    Permanent,
    ProviderFailure,
    Temporary,
)
from gateway.payments import mtn
from gateway.payments.channel import Ended, Outcome, Paid, Pending
from tests.gateway.payments.unsigned_channels import (
    looked_up,
    mtn_channel,
    mtn_prompt,
)
from tests.support.standins import StandIns


def test_a_request_mtn_has_already_is_as_good_as_taken(standins: StandIns) -> None:
    channel, prompt = mtn_channel(standins.url), mtn_prompt()
    assert channel.push(prompt) == channel.push(prompt) == prompt.checkout_reference
    assert channel.look_up(prompt) == Pending()
    channel.close()


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("INVALID", Permanent),
        ("TOO_MANY_REQUESTS", Temporary),
        ("PAYER_NOT_FOUND", OutcomeUnknown),  # MTN says it with a 500: asked about, not believed
        ("SERVICE_UNAVAILABLE", OutcomeUnknown),
    ],
)
def test_mtns_refusals_by_what_is_certain(
    standins: StandIns, code: str, meaning: type[ProviderFailure]
) -> None:
    standins.fault("mtn", "error_reply", operation="requesttopay", value=code)
    channel = mtn_channel(standins.url)
    with pytest.raises(meaning) as failure:
        channel.push(mtn_prompt())
    assert failure.type is meaning
    channel.close()


PAID = {"status": "SUCCESSFUL", "financialTransactionId": 42, "amount": "50000", "currency": "UGX"}


def test_what_mtns_status_says() -> None:
    def look(body: dict[str, Any], status: int = 200) -> Outcome:
        return looked_up(mtn_channel, mtn_prompt(), body, status)

    assert look(PAID) == look(PAID | {"amount": 50000}) == Paid("42", 50_000)
    assert look({"status": "FAILED", "reason": "EXPIRED"}) == Ended("EXPIRED")
    assert look({"status": "FAILED", "reason": {"code": "REJECTED"}}) == Ended("REJECTED")
    assert look({"status": "FAILED"}) == Ended("FAILED")
    assert look({"status": "ONGOING"}) == Pending()
    assert look({"code": "RESOURCE_NOT_FOUND"}, 404) == Ended("RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(
    "changed",
    [{"financialTransactionId": None}, {"currency": "EUR"}, {"amount": "much"}, {"amount": "1.5"}],
)
def test_a_success_that_does_not_say_what_moved_is_asked_about_again(
    changed: dict[str, Any],
) -> None:
    with pytest.raises(Temporary):
        looked_up(mtn_channel, mtn_prompt(), PAID | changed)


def test_look_ups_are_rate_limited_and_pushes_are_not(standins: StandIns) -> None:
    def not_now() -> None:
        raise Temporary("mtn", "rate_limited")

    channel, prompt = mtn_channel(standins.url, not_now), mtn_prompt()
    channel.push(prompt)
    with pytest.raises(Temporary, match="rate_limited"):
        channel.look_up(prompt)
    channel.close()


@pytest.mark.parametrize("named", [None, 7, "", "x" * 36, "0" * 32])
def test_an_mtn_callback_names_a_request(named: object) -> None:
    with pytest.raises(BadCallback):
        mtn.read_callback(json.dumps({"externalId": named, "status": "FAILED"}).encode())
