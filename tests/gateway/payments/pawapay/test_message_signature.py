"""Signatures of callbacks: vectors made by others, and what must not pass.

`CAPTURED` are the headers and the key of a callback that pawaPay's sandbox really sent (an
integrator published them; the body is not among them). `RFC` is test case B.2.4 of RFC 9421. The
others are made here, with their signature base written out by hand.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, UnverifiedSignature
from gateway.payments.pawapay import message_signature
from gateway.payments.pawapay.message_signature import SignedMessages, read_public_keys

OURS = "https://gateway.example.org/payments/pawapay/k3y"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
BODY = b'{"depositId": "8917c345-4791-4285-a416-62f24b6982db", "status": "COMPLETED"}'
KEY = ec.derive_private_key(0xA5_5A, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x5A_A5, ec.SECP256R1())


def pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(Encoding.PEM, form).decode()


KEYS = json.dumps([{"id": "K:0", "key": pem(OTHER_KEY)}, {"id": "K:1", "key": pem(KEY)}])


def signed(
    body: bytes = BODY,
    *,
    key: ec.EllipticCurvePrivateKey = KEY,
    keyid: str = "K:1",
    alg: str = "ecdsa-p256-sha256",
    times: str = f"created={SECONDS};expires={SECONDS + 60}",
    method: str = "POST",
    authority: str = "gateway.example.org",
    path: str = "/payments/pawapay/k3y",
    form: Callable[[bytes], bytes] = bytes,
) -> dict[str, str]:
    """The headers of a message that pawaPay signs: base and all written out, nothing computed by
    what is tested."""
    digest = base64.b64encode(hashlib.sha512(body).digest()).decode()
    components = '("@method" "@authority" "@path" "signature-date" "content-digest" "content-type")'
    covered = f'{components};alg="{alg}";keyid="{keyid}";{times}'
    base = (
        f'"@method": {method}\n'
        f'"@authority": {authority}\n'
        f'"@path": {path}\n'
        '"signature-date": 2026-11-24T12:00:00.131905Z\n'
        f'"content-digest": sha-512=:{digest}:\n'
        '"content-type": application/json; charset=UTF-8\n'
        f'"@signature-params": {covered}'
    )
    signature = form(key.sign(base.encode(), ec.ECDSA(SHA256())))
    return {
        "Content-Type": "application/json; charset=UTF-8",
        "Content-Digest": f"sha-512=:{digest}:",
        "Signature-Date": "2026-11-24T12:00:00.131905Z",
        "Signature-Input": f"sig-pp={covered}",
        "Signature": f"sig-pp=:{base64.b64encode(signature).decode()}:",
    }


def raw(der: bytes) -> bytes:
    """r and s as RFC 9421 writes them (3.3.4)."""
    return b"".join(number.to_bytes(32) for number in decode_dss_signature(der))


def messages(address: str = OURS, after_s: float = 0) -> SignedMessages:
    at = NOW + timedelta(seconds=after_s)
    return SignedMessages(read_public_keys(KEYS), (address,), lambda: at)


@pytest.mark.parametrize("form", [bytes, raw])
def test_a_message_signed_by_a_known_key_is_proved_in_either_form_of_signature(
    form: Callable[[bytes], bytes],
) -> None:
    messages().verify(signed(form=form), BODY)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "missing"),
        (signed(BODY.replace(b"COMPLETED", b"FAILED")), "body"),
        (signed(key=OTHER_KEY), "not of this message and key"),
        (signed(keyid="K:0"), "not of this message and key"),
        (signed(keyid="K:9"), "not known"),
        (signed(alg="hmac-sha256"), "not known"),
        (signed(method="PUT"), "not of this message and key"),
        (signed(authority="elsewhere.example.org"), "not of this message and key"),
        (signed(path="/payments/pawapay/guess"), "not of this message and key"),
        (signed(times="expires=99"), "not understood"),
        (signed(times=f"created={SECONDS - 3600};expires={SECONDS + 3600}"), "not of now"),
        (signed(times=f"created={SECONDS + 3600}"), "not of now"),
        (signed(times=f"created={SECONDS - 200};expires={SECONDS - 140}"), "not of now"),
    ],
)
def test_what_is_not_the_signers_own_message_of_now_is_not_proved(
    headers: dict[str, str], why: str
) -> None:
    with pytest.raises(UnverifiedSignature, match=why):
        messages().verify(headers, BODY)


def test_a_signature_lasts_no_longer_than_it_says_and_clocks_may_be_a_minute_apart() -> None:
    headers = signed(times=f"created={SECONDS};expires={SECONDS + 60}")
    for after_s in (-60, 0, 120):
        messages(after_s=after_s).verify(headers, BODY)
    for after_s in (-61, 121):
        with pytest.raises(UnverifiedSignature, match="not of now"):
            messages(after_s=after_s).verify(headers, BODY)


@pytest.mark.parametrize("missing", ["Content-Digest", "Signature-Input", "Signature"])
def test_a_message_without_one_of_the_three_headers_is_not_proved(missing: str) -> None:
    headers = signed()
    del headers[missing]
    with pytest.raises(UnverifiedSignature, match="missing"):
        messages().verify(headers, BODY)


@pytest.mark.parametrize("left_out", ["@method", "@authority", "@path", "content-digest"])
def test_a_signature_that_leaves_out_what_matters_is_not_proved(left_out: str) -> None:
    headers = signed()
    shorter = headers["Signature-Input"].replace(f'"{left_out}"', "").replace("( ", "(")
    with pytest.raises(UnverifiedSignature, match="does not cover"):
        messages().verify(headers | {"Signature-Input": shorter}, BODY)


def test_a_digest_of_a_kind_nobody_knows_is_none() -> None:
    headers = signed()
    stated = headers["Content-Digest"].replace("sha-512", "md5")
    with pytest.raises(UnverifiedSignature, match="body"):
        messages().verify(headers | {"Content-Digest": stated}, BODY)


def test_our_address_is_the_one_the_provider_knows_not_the_one_a_header_names() -> None:
    headers = signed(authority="gateway.example.org:8443") | {"Host": "gateway.example.org"}
    messages(OURS.replace(".org", ".org:8443")).verify(headers, BODY)
    messages(OURS.replace(".org", ".ORG:443")).verify(signed() | {"Host": "10.0.0.7"}, BODY)


CAPTURED_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEavII3g0Afh79ExaQzItBh0vEg85J
JlKmjY/776EaZOe0bAQU5oJrmaEeZQdKqBSXXzKUsCh6rHZKD8EkaIIH6g==
-----END PUBLIC KEY-----"""
CAPTURED = {
    "Content-Type": "application/json",
    "Content-Digest": "sha-512=:nlU9HFYJ3DK9H2MoIsmo6Rtfi8zzIPD7aXYH3yFskeOomWOUlpGbBjN0WOWUjctM"
    "WmgPQp+HMyZYwDP8sTeSIA==:",
    "Signature-Date": "2026-09-23T13:55:10.673817314Z",
    "Signature": "sig-pp=:MEYCIQD0ks6XJ87Bdz3DAICiyYvk3G+PH55x6kPjtsikACmDzgIhAK5hODjNtTfW/Up/"
    "v17LhveEEMBWlUWoxv5XPMcocKqH:",
    "Signature-Input": 'sig-pp=("@method" "@authority" "@path" "signature-date" "content-digest"'
    ' "content-type");alg="ecdsa-p256-sha256";keyid="HTTP_EC_P256_KEY:1"'
    ";created=1790171710;expires=1790171770",
}
CAPTURED_ADDRESS = "https://pay-api.reignovatechnologies.com/api/v1/webhooks/pawapay"


def captured(address: str = CAPTURED_ADDRESS) -> SignedMessages:
    keys = read_public_keys(json.dumps([{"id": "HTTP_EC_P256_KEY:1", "key": CAPTURED_KEY}]))
    return SignedMessages(keys, (address,), lambda: datetime.fromtimestamp(1790171712, UTC))


def test_a_callback_that_pawapay_really_sent_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnverifiedSignature, match="body"):
        captured().verify(CAPTURED, b"{}")
    # its body was not published: the digest, which is signed, stands for it
    monkeypatch.setattr(message_signature, "_check_digest", lambda given, body: None)
    captured().verify(CAPTURED, b"")
    with pytest.raises(UnverifiedSignature, match="not of this message and key"):
        captured(CAPTURED_ADDRESS + "s").verify(CAPTURED, b"")
    later = CAPTURED | {"Signature-Date": "2026-09-23T13:56:10.673817314Z"}
    with pytest.raises(UnverifiedSignature, match="not of this message and key"):
        captured().verify(later, b"")


RFC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----"""
RFC_BASE = (
    '"@status": 200\n'
    '"content-type": application/json\n'
    '"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdX'
    "ymyU0rjJuahq4l5aGgfLQ==:\n"
    '"content-length": 23\n'
    '"@signature-params": ("@status" "content-type" "content-digest" "content-length")'
    ';created=1618884473;keyid="test-key-ecc-p256"'
)
RFC_SIGNATURE = (
    "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw=="
)


def test_the_rfcs_own_vector_for_this_algorithm_verifies_and_an_altered_one_does_not() -> None:
    (key,) = read_public_keys(json.dumps([{"id": "test-key-ecc-p256", "key": RFC_KEY}])).values()
    signature = base64.b64decode(RFC_SIGNATURE)
    message_signature._verify(key, signature, [RFC_BASE.encode()])
    with pytest.raises(UnverifiedSignature):
        message_signature._verify(key, signature, [RFC_BASE.replace("200", "201").encode()])


def test_the_rfcs_own_digest_is_the_digest_of_its_body() -> None:
    stated = RFC_BASE.split('"content-digest": ')[1].split("\n")[0]
    message_signature._check_digest({"content-digest": stated}, b'{"message": "good dog"}')


NEAR = signed()
DAMAGE = st.sampled_from(
    [
        "",
        ":",
        "=",
        ";",
        '"',
        "(",
        ")",
        ",",
        "\x00",
        "\u00e9",
        "=1",
        "=()",
        "?1",
        "@1",
        "sig-pp",
        "1e9",
    ]
)


@given(st.sampled_from(list(NEAR)), st.integers(0, 250), st.integers(0, 12), DAMAGE | st.text())
def test_no_header_does_more_than_be_refused(name: str, at: int, drop: int, put: str) -> None:
    whole = NEAR[name]
    damaged = whole[:at] + put + whole[at + drop :]
    if damaged.strip() == whole:
        return
    try:
        messages().verify(NEAR | {name: damaged}, BODY)
    except UnverifiedSignature:
        return
    # what may pass is written otherwise and says the same: spaces, or a digest more
    assert name in ("Content-Digest", "Signature", "Signature-Input")


@pytest.mark.parametrize(
    "listed",
    ["", "{", "{}", "[]", "[1]", '[{"id": "K:1"}]', '[{"id": "K:1", "key": "-----BEGIN"}]'],
)
def test_public_keys_that_are_none_stop_the_start(listed: str) -> None:
    with pytest.raises(BadInput):
        read_public_keys(listed)


def test_a_key_on_another_curve_is_no_key_here() -> None:
    other = pem(ec.derive_private_key(7, ec.SECP384R1()))
    with pytest.raises(BadInput, match="P-256"):
        read_public_keys(json.dumps([{"id": "K:1", "key": other}]))
