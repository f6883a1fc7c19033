"""How the stand-in for pawaPay signs its callbacks: RFC 9421, ECDSA on P-256, written in DER.

The key comes from a secret number, so that a setting on one line is enough to have the same one in
every process. Nothing here is shared with what checks signatures in the gateway.
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
_LASTS_S = 60
_COVERED = ("@method", "@authority", "@path", "signature-date", "content-digest", "content-type")


def _key(secret: str) -> EllipticCurvePrivateKey:
    return derive_private_key(int(secret, 16), SECP256R1())


def public_keys(secret: str) -> list[dict[str, str]]:
    """As the API lists them; none without a secret (60 hexadecimal digits or so)."""
    if not secret:
        return []
    form = PublicFormat.SubjectPublicKeyInfo
    pem = _key(secret).public_key().public_bytes(Encoding.PEM, form).decode()
    return [{"id": KEY_ID, "key": pem}]


def signature_headers(secret: str, url: str, content_type: str, body: bytes) -> dict[str, str]:
    """What a POST of that body to that address carries besides its type, signed now."""
    now, target = datetime.now(UTC), urlsplit(url)
    digest = f"sha-512=:{b64encode(hashlib.sha512(body).digest()).decode()}:"
    signed_at = f"{now:%Y-%m-%dT%H:%M:%S.%fZ}"
    values = ("POST", target.netloc.lower(), target.path, signed_at, digest, content_type)
    created = int(now.timestamp())
    names = " ".join(f'"{name}"' for name in _COVERED)
    covered = (
        f'({names});alg="ecdsa-p256-sha256";keyid="{KEY_ID}"'
        f";created={created};expires={created + _LASTS_S}"
    )
    lines = [f'"{name}": {value}' for name, value in zip(_COVERED, values, strict=True)]
    base = "\n".join([*lines, f'"@signature-params": {covered}'])
    signature = _key(secret).sign(base.encode(), ECDSA(SHA256()))
    return {
        "Content-Digest": digest,
        "Signature-Date": signed_at,
        "Signature": f"sig-pp=:{b64encode(signature).decode()}:",
        "Signature-Input": f"sig-pp={covered}",
    }
