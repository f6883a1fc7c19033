"""The MTN and Airtel clients: what an answer means, where the conformance suite does not reach."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    BadCallback,
    OutcomeUnknown,
    Permanent,
    ProviderFailure,
    Temporary,
    UnverifiedSignature,
)
from core.prompt import Prompt
from gateway.payments import airtel, mtn
from gateway.payments.airtel import AirtelChannel, AirtelSettings
from gateway.payments.channel import Ended, Held, Outcome, Paid, PaymentChannel, Pending
from gateway.payments.mtn import MtnChannel, MtnSettings
from tests.gateway.payments.bodies import PROMPT
from tests.support.standins import StandIns, canned, closed_port_url, stand_ins

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


@pytest.fixture
def database_url(simulated_database_url: str) -> str:
    """Where the stand-ins keep their world, too."""
    return simulated_database_url


@pytest.fixture
def standins(database_url: str) -> Iterator[StandIns]:
    with stand_ins(database_url, NOWHERE, "k3y") as running:
        yield running


def mtn_prompt() -> Prompt:
    return replace(UGANDAN, checkout_reference=str(uuid4()))


def airtel_prompt() -> Prompt:
    return replace(KENYAN, checkout_reference=uuid4().hex)


def test_a_request_mtn_has_already_is_as_good_as_taken(standins: StandIns) -> None:
    channel, prompt = mtn_channel(standins.url), mtn_prompt()
    assert channel.push(prompt) == channel.push(prompt) == prompt.checkout_reference
    assert channel.look_up(prompt) == Pending()
    channel.close()


@pytest.mark.parametrize("name", ["mtn", "airtel"])
def test_eight_callers_share_one_token(standins: StandIns, name: str) -> None:
    channel: PaymentChannel = {"mtn": mtn_channel, "airtel": airtel_channel}[name](standins.url)
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
def test_nobody_at_the_door_means_that_nothing_was_sent(make: Any) -> None:
    channel = make(closed_port_url())
    with pytest.raises(Temporary):
        channel.push(mtn_prompt())
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


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("DP00800001000", OutcomeUnknown),
        ("DP00800001006", OutcomeUnknown),
        ("DP00800001024", OutcomeUnknown),
        ("DP00800001004", Permanent),
        ("DP00800001010", Permanent),
    ],
)
def test_airtels_refusals_by_what_is_certain(
    standins: StandIns, code: str, meaning: type[ProviderFailure]
) -> None:
    standins.fault("airtel", "error_reply", operation="payments", value=code)
    channel = airtel_channel(standins.url)
    with pytest.raises(meaning) as failure:
        channel.push(airtel_prompt())
    assert failure.type is meaning
    channel.close()


def said(make: Any, prompt: Prompt, body: dict[str, Any], status: int = 200) -> Outcome:
    with canned(status, "application/json", json.dumps(TOKEN | body)) as url:
        channel: PaymentChannel = make(url)
        try:
            return channel.look_up(prompt)
        finally:
            channel.close()


PAID = {"status": "SUCCESSFUL", "financialTransactionId": 42, "amount": "50000", "currency": "UGX"}


def test_what_mtns_status_says() -> None:
    def look(body: dict[str, Any], status: int = 200) -> Outcome:
        return said(mtn_channel, mtn_prompt(), body, status)

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
        said(mtn_channel, mtn_prompt(), PAID | changed)


@pytest.mark.parametrize("make", [mtn_channel, airtel_channel])
@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_look_up_answered_with_something_else_is_no_failure_of_the_prompt(
    make: Any, status: int
) -> None:
    prompt = mtn_prompt()
    if make is mtn_channel and status == 200:
        assert said(make, prompt, {}) == Pending()
    else:
        with pytest.raises(Temporary):
            said(make, prompt, {}, status)


def test_mtns_look_ups_are_paced_and_its_pushes_are_not(standins: StandIns) -> None:
    def not_now() -> None:
        raise Temporary("mtn", "rate_limited")

    channel, prompt = mtn_channel(standins.url, not_now), mtn_prompt()
    channel.push(prompt)
    with pytest.raises(Temporary, match="rate_limited"):
        channel.look_up(prompt)
    channel.close()


def held(make: Any, currency: str, body: dict[str, Any], status: int = 200) -> Held:
    with canned(status, "application/json", json.dumps(TOKEN | body)) as url:
        channel = make(url)
        try:
            read: Held = channel.read_balance(currency)
            return read
        finally:
            channel.close()


def test_what_an_account_holds() -> None:
    ugandan = Held("mtn:mtnuganda", 37_600)
    for said in ("37600", "37600.00", 37600):
        assert held(mtn_channel, "UGX", {"availableBalance": said, "currency": "UGX"}) == ugandan
    figure = {"balance": "37,600.50", "currency": "KES", "account_status": "Active"}
    body = {"data": figure, "status": {"success": True}}
    assert held(airtel_channel, "KES", body) == Held("airtel:KE", 37_600_50)


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
        held(make, currency, body, status)


def test_what_airtels_enquiry_says() -> None:
    def look(status: str, code: str = "", **known: str) -> Outcome:
        body = {
            "data": {"transaction": {"status": status, **known}},
            "status": {"response_code": code},
        }
        return said(airtel_channel, airtel_prompt(), body)

    # the amount is our own: Airtel does not say it
    assert look("TS", airtel_money_id="MP1") == Paid("MP1", 500_00)
    assert look("TF", "DP00800001002") == Ended("DP00800001002")
    assert look("TE") == Ended("TE")
    assert look("TA") == look("TIP") == Pending()
    assert look("", "DP00800001025") == Ended("DP00800001025")
    with pytest.raises(Temporary):
        look("TS")


def test_what_airtel_cannot_be_asked_is_not_sent(standins: StandIns) -> None:
    channel = airtel_channel(standins.url)
    with pytest.raises(Permanent):
        channel.push(replace(airtel_prompt(), amount_minor=500_50))
    channel.close()


def test_airtels_signature_is_checked_in_the_body() -> None:
    # computed with openssl: dgst -sha256 -hmac k3y -binary | base64
    signed = UNSIGNED[:-1] + b', "hash": "' + HASH + b'"}'
    assert airtel.read_callback(UNSIGNED) == airtel.read_callback(signed) == "0" * 32
    airtel.verify_callback({}, signed, "k3y")
    forged = [UNSIGNED, signed.replace(HASH, b"AAAA"), signed.replace(b"TS", b"TF")]
    for body in forged:
        with pytest.raises(UnverifiedSignature, match="hash"):
            airtel.verify_callback({}, body, "k3y")


@pytest.mark.parametrize("name", ["X-Signature", "x-signature", "Hash"])
def test_airtels_signature_is_checked_in_a_header(name: str) -> None:
    for digest in (HASH.decode(), base64.b64decode(HASH).hex()):
        airtel.verify_callback({name: digest, "Host": "x"}, UNSIGNED, "k3y")
        for body in (UNSIGNED + b" ", UNSIGNED.replace(b"TS", b"TF")):
            with pytest.raises(UnverifiedSignature):
                airtel.verify_callback({name: digest}, body, "k3y")


def test_one_right_signature_does_not_cover_for_a_wrong_one() -> None:
    signed = UNSIGNED[:-1] + b', "hash": "' + HASH + b'"}'
    with pytest.raises(UnverifiedSignature):
        airtel.verify_callback({"X-Signature": "AAAA"}, signed, "k3y")
    with pytest.raises(UnverifiedSignature):
        airtel.verify_callback({"X-Signature": HASH.decode()}, signed.replace(HASH, b"AA"), "k3y")


@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_signature_does_more_than_be_refused(body: bytes, digest: str) -> None:
    with pytest.raises(UnverifiedSignature):
        airtel.verify_callback({"X-Signature": digest}, body, "k3y")


UNSIGNED = f'{{"transaction": {{"id": "{"0" * 32}", "status_code": "TS"}}}}'.encode()
HASH = b"29XW1mmaB9j8l6Uh2g1MRTlCdzcf5tEapoVVRcoNhnY="


@pytest.mark.parametrize("named", [None, 7, "", "x" * 36, "0" * 32])
def test_an_mtn_callback_names_a_request(named: object) -> None:
    with pytest.raises(BadCallback):
        mtn.read_callback(json.dumps({"externalId": named, "status": "FAILED"}).encode())


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
