"""The Airtel client: what a reply means, where the conformance suite does not reach."""

from __future__ import annotations

import base64
import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import (
    PhoneNumberFormat,
    PhoneNumberType,
    example_number_for_type,
    format_number,
)

from core.errors import (
    OutcomeUnknown,
    Permanent,
    ProviderFailure,
    Temporary,
    UnverifiedSignature,
)
from gateway.payments import airtel
from gateway.payments.channel import Ended, Outcome, Paid, Pending
from tests.gateway.payments.unsigned_channels import (
    airtel_channel,
    airtel_prompt,
    looked_up,
)
from tests.support.standins import StandIns, served

UNSIGNED = f'{{"transaction": {{"id": "{"0" * 32}", "status_code": "TS"}}}}'.encode()
HASH = b"29XW1mmaB9j8l6Uh2g1MRTlCdzcf5tEapoVVRcoNhnY="


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


def test_what_airtels_enquiry_says() -> None:
    def look(status: str, code: str = "", **known: str) -> Outcome:
        body = {
            "data": {"transaction": {"status": status, **known}},
            "status": {"response_code": code},
        }
        return looked_up(airtel_channel, airtel_prompt(), body)

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


def test_airtel_gets_the_national_number_with_its_zeros_in_every_country() -> None:
    asked: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        asked.append(body.get("subscriber", {}).get("msisdn", ""))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"access_token": "t", "expires_in": 3600}).encode()]

    with served(app) as url:
        for country, _ in airtel.CHANNEL.wallets:
            number = example_number_for_type(country, PhoneNumberType.MOBILE)
            assert number is not None
            msisdn = format_number(number, PhoneNumberFormat.E164)
            channel = airtel.AirtelChannel(airtel.AirtelSettings(url, country, "client", "secret"))
            with contextlib.suppress(ProviderFailure):
                channel.push(replace(airtel_prompt(), msisdn=msisdn))
            channel.close()
            assert f"+{number.country_code}{asked[-1]}" == msisdn
    assert "061234567" in asked  # Congo


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
