"""Signatures of pawaPay's callbacks: RFC 9421 with ECDSA on P-256, DER encoded.

The private key is derived from a secret number, so that one short setting gives every process the
same key. No code is shared with the gateway's verification of signatures.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEY_ID = "HTTP_EC_P256_KEY:1"
_VALID_SECONDS = 60
_COVERED = ("@method", "@authority", "@path", "signature-date", "content-digest", "content-type")


def _private_key(secret: str) -> EllipticCurvePrivateKey:
    return derive_private_key(int(secret, 16), SECP256R1())


def public_keys(secret: str) -> list[dict[str, str]]:
    """The public keys as the API lists them. `secret` is hexadecimal; none when it is empty."""
    if not secret:
        return []
    form = PublicFormat.SubjectPublicKeyInfo
    pem = _private_key(secret).public_key().public_bytes(Encoding.PEM, form).decode()
    return [{"id": KEY_ID, "key": pem}]


def signature_headers(secret: str, url: str, content_type: str, body: bytes) -> dict[str, str]:
    """The signature headers of a POST of `body` to `url`, signed at the current time."""
    now, target = datetime.now(UTC), urlsplit(url)
    digest = f"sha-512=:{b64encode(hashlib.sha512(body).digest()).decode()}:"
    signed_at = f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"
    values = ("POST", target.netloc.lower(), target.path, signed_at, digest, content_type)
    created = int(now.timestamp())
    names = " ".join(f'"{name}"' for name in _COVERED)
    covered = (
        f'({names});alg="ecdsa-p256-sha256";keyid="{KEY_ID}"'
        f";created={created};expires={created + _VALID_SECONDS}"
    )
    lines = [f'"{name}": {value}' for name, value in zip(_COVERED, values, strict=True)]
    base = "\n".join([*lines, f'"@signature-params": {covered}'])
    signature = _private_key(secret).sign(base.encode(), ECDSA(SHA256()))
    return {
        "Content-Digest": digest,
        "Signature-Date": signed_at,
        "Signature": f"sig-pp=:{b64encode(signature).decode()}:",
        "Signature-Input": f"sig-pp={covered}",
    }
