"""pawaPay's client and callback: what answers mean where the conformance suite does not reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadCallback, OutcomeUnknown, Permanent, ProviderFailure, Temporary
from core.prompt import Prompt
from gateway.payments.channel import Ended, Outcome, Paid, Pending
from gateway.payments.pawapay.client import PawaPayChannel, read_deposit
from gateway.payments.pawapay.message_signature import read_public_keys
from gateway.payments.pawapay.settings import PawaPaySettings
from tests.gateway.conftest import Web
from tests.gateway.payments.bodies import PROMPT, pawapay_deposit
from tests.support.builders import insert_prompt
from tests.support.scenario import Scenario
from tests.support.standins import StandIns, canned, closed_port_url, stand_ins

NOWHERE = "http://127.0.0.1:9"
REFERENCE = "8917c345-4791-4285-a416-62f24b6982db"
UGANDAN = Prompt(
    **PROMPT
    | {
        "channel": "pawapay",
        "network": "MTN_MOMO_UGA",
        "msisdn": "+256772000001",
        "currency": "UGX",
        "checkout_reference": REFERENCE,
    }
)


def channel_at(url: str, token: str = "pawapay-token") -> PawaPayChannel:
    return PawaPayChannel(PawaPaySettings(url, token))


@pytest.fixture
def database_url(simulated_database_url: str) -> str:
    """Where the stand-ins keep their world, too."""
    return simulated_database_url


@pytest.fixture
def standins(database_url: str) -> Iterator[StandIns]:
    with stand_ins(database_url, NOWHERE, "k3y") as running:
        yield running


def fresh(**changed: Any) -> Prompt:
    return replace(UGANDAN, checkout_reference=str(uuid4()), **changed)


def test_a_deposit_pawapay_has_already_is_as_good_as_taken(standins: StandIns) -> None:
    channel, prompt = channel_at(standins.url), fresh()
    assert channel.push(prompt) == channel.push(prompt) == prompt.checkout_reference
    assert channel.look_up(prompt) == Pending()
    assert channel.look_up(fresh()) == Ended("NOT_FOUND")
    channel.close()


def test_an_amount_is_written_without_decimals_where_there_are_none(standins: StandIns) -> None:
    """Many networks refuse them, and say so before anybody's phone rings."""
    channel = channel_at(standins.url)
    kenyan = {"currency": "KES", "network": "MPESA_KEN", "msisdn": "+254711000001"}
    channel.push(fresh(**kenyan, amount_minor=500_00))
    with pytest.raises(Permanent, match="INVALID_AMOUNT"):
        channel.push(fresh(**kenyan, amount_minor=500_50))
    zambian = {"currency": "ZMW", "network": "MTN_MOMO_ZMB", "msisdn": "+260961000001"}
    channel.push(fresh(**zambian, amount_minor=500_50))
    channel.close()


def test_a_serial_number_with_other_signs_still_makes_a_message(standins: StandIns) -> None:
    channel = channel_at(standins.url)
    channel.push(fresh(account_reference="M/1.00_0-ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789"))
    channel.close()


def test_a_stranger_is_not_let_in_and_nothing_was_sent(standins: StandIns) -> None:
    channel = channel_at(standins.url, "guess")
    with pytest.raises(Temporary, match="AUTHENTICATION_ERROR"):
        channel.push(fresh())
    channel.close()


def test_a_refused_connection_means_that_nothing_was_sent() -> None:
    channel = channel_at(closed_port_url())
    with pytest.raises(Temporary):
        channel.push(fresh())
    channel.close()


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("AMOUNT_OUT_OF_BOUNDS", Permanent),
        ("INVALID_PROVIDER", Permanent),
        ("INVALID_INPUT", Permanent),
        ("DEPOSITS_NOT_ALLOWED", Permanent),
        ("PROVIDER_TEMPORARILY_UNAVAILABLE", Temporary),
        ("UNKNOWN_ERROR", OutcomeUnknown),
    ],
)
def test_refusals_by_what_is_certain(
    standins: StandIns, code: str, meaning: type[ProviderFailure]
) -> None:
    standins.fault("pawapay", "error_reply", operation="deposits", value=code)
    channel = channel_at(standins.url)
    with pytest.raises(meaning) as failure:
        channel.push(fresh())
    assert failure.type is meaning
    channel.close()


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"status": "REJECTED"}', '{"status": 7}'])
def test_an_answer_that_says_nothing_is_no_refusal(body: str) -> None:
    with canned(200, "application/json", body) as url:
        channel = channel_at(url)
        with pytest.raises(OutcomeUnknown):
            channel.push(UGANDAN)
        channel.close()


def looked_up(body: dict[str, Any], status: int = 200) -> Outcome:
    with canned(status, "application/json", json.dumps(body)) as url:
        channel = channel_at(url)
        try:
            return channel.look_up(UGANDAN)
        finally:
            channel.close()


def found(**changed: Any) -> dict[str, Any]:
    deposit = pawapay_deposit(REFERENCE, paid=True, amount="50000") | changed
    return {"status": "FOUND", "data": deposit}


def test_what_a_look_up_says() -> None:
    paid = found(providerTransactionId="18294")
    assert looked_up(paid) == looked_up(found(providerTransactionId="18294", amount="50000.00"))
    assert looked_up(paid) == Paid("18294", 50_000)
    # without the network's own id the deposit's names the payment: it is unique
    assert looked_up(found(providerTransactionId=None)) == Paid(REFERENCE, 50_000)
    for status in ("ACCEPTED", "PROCESSING", "IN_RECONCILIATION"):
        assert looked_up(found(status=status)) == Pending()
    reason = {"failureCode": "PAYER_NOT_FOUND", "failureMessage": "x"}
    assert looked_up(found(status="FAILED", failureReason=reason)) == Ended("PAYER_NOT_FOUND")
    assert looked_up(found(status="FAILED")) == Ended("FAILED")
    assert looked_up({"status": "NOT_FOUND"}) == Ended("NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (found(currency="EUR"), 200),
        (found(amount="much"), 200),
        (found(amount="1.5"), 200),
        (found(depositId=str(uuid4())), 200),
        ({"status": "FOUND"}, 200),
        ({"status": "FOUND", "data": []}, 200),
        ({}, 200),
        ({"status": "NOT_FOUND"}, 404),
        ({"failureReason": {"failureCode": "AUTHENTICATION_ERROR"}}, 403),
        ({}, 500),
    ],
)
def test_a_look_up_that_does_not_say_what_moved_is_asked_again(
    body: dict[str, Any], status: int
) -> None:
    with pytest.raises(Temporary):
        looked_up(body, status)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(any_json | st.dictionaries(st.sampled_from(["depositId", "status", "amount"]), any_json))
def test_no_document_does_more_than_be_refused(document: Any) -> None:
    with pytest.raises(BadCallback):
        read_deposit(document)


@pytest.fixture
def asked(scenario: Scenario) -> int:
    """A prompt for 500.00 that pawaPay has taken."""
    with scenario.engine.begin() as connection:
        return insert_prompt(
            connection,
            device_id=scenario.device_id("M100"),
            account_reference="M100",
            channel="pawapay",
            network="MPESA_KEN",
            checkout_reference=REFERENCE,
        )


def deposit(**changed: Any) -> dict[str, Any]:
    document = pawapay_deposit(REFERENCE, paid=True, amount="500", currency="KES")
    return document | {"providerTransactionId": "TKX1A2B3C4"} | changed


PAYMENTS = "SELECT provider_account, receipt, amount_minor, source FROM payments"


def test_a_signed_callback_is_booked_before_it_is_acknowledged_and_once(
    web: Web, scenario: Scenario, asked: int, woken: Any
) -> None:
    assert web.pawapay(deposit()).status_code == 200
    booked = [("pawapay:MPESA_KEN", "TKX1A2B3C4", 500_00, "callback")]
    assert scenario.rows(PAYMENTS) == booked
    assert woken() == {"payments"}
    # again, also under no id or another one: it is the same deposit
    for changed in ({}, {"providerTransactionId": None}, {"providerTransactionId": "X9"}):
        assert web.pawapay(deposit(**changed)).status_code == 200
    assert scenario.rows(PAYMENTS) == booked
    assert scenario.rows("SELECT state FROM prompts") == [("paid",)]


def test_ten_of_them_at_once_are_booked_once(web: Web, scenario: Scenario, asked: int) -> None:
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: web.pawapay(deposit()).status_code, range(10)))
    assert answers == [200] * 10
    assert len(scenario.rows(PAYMENTS)) == 1


@pytest.mark.parametrize(
    "changed", [{"amount": "5000"}, {"currency": "UGX"}, {"amount": "1.5.0"}, {"amount": "0"}]
)
def test_a_signed_callback_about_other_money_is_refused_and_looked_up_later(
    web: Web, scenario: Scenario, asked: int, changed: dict[str, str]
) -> None:
    assert web.pawapay(deposit(**changed)).status_code == 400
    assert scenario.rows(PAYMENTS) == []
    assert scenario.rows("SELECT state, next_attempt_at IS NULL FROM prompts") == [
        ("pending", False)
    ]


def test_a_failure_is_told_once_and_money_that_came_after_all_is_booked(
    web: Web, scenario: Scenario, asked: int
) -> None:
    failed = pawapay_deposit(REFERENCE, paid=False, amount="500", currency="KES")
    assert [web.pawapay(failed).status_code for _ in range(2)] == [200, 200]
    assert scenario.rows("SELECT state, provider_code FROM prompts") == [
        ("failed", "PAYMENT_NOT_APPROVED")
    ]
    assert scenario.rows("SELECT kind FROM sms") == [("not_paid_because",)]
    assert web.pawapay(deposit()).status_code == 200
    assert web.pawapay(failed).status_code == 200
    assert scenario.rows("SELECT state FROM prompts") == [("paid",)]
    assert len(scenario.rows(PAYMENTS)) == 1


def test_a_deposit_of_another_channel_or_of_nobody_books_nothing(
    web: Web, scenario: Scenario, asked: int
) -> None:
    scenario.run("UPDATE prompts SET channel = 'mtn'")
    assert web.pawapay(deposit()).status_code == 200
    assert web.pawapay(deposit(depositId=str(uuid4()))).status_code == 200
    assert scenario.rows(PAYMENTS) == []


def test_one_that_is_still_on_its_way_changes_nothing(
    web: Web, scenario: Scenario, asked: int
) -> None:
    before = scenario.rows("SELECT * FROM prompts")
    assert web.pawapay(deposit(status="PROCESSING")).status_code == 200
    assert scenario.rows("SELECT * FROM prompts") == before


def test_the_stand_in_lists_its_keys_as_the_setting_wants_them(standins: StandIns) -> None:
    listed = requests.get(f"{standins.url}/v2/public-key/http", timeout=10).text
    assert list(read_public_keys(listed)) == ["HTTP_EC_P256_KEY:1"]
