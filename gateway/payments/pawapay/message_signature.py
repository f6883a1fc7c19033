"""Proof that a callback is the provider's: an HTTP message signature (RFC 9421) by a key we know.

The signature must cover method, host, path and the digest of the body (RFC 9530), and be fresh. The
keys are given, never fetched: whoever answers for the provider's host some day is not believed. The
host and path are those of our own address as the provider was given it, whatever a proxy made of
them. Only ECDSA on P-256 with SHA-256 is known here. The signature may be written as the RFC says
(r and s, 64 bytes) or in DER, as pawaPay's is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import http_sf
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from core.clock import Clock, system_clock
from core.errors import BadInput, UnverifiedSignature

PublicKeys = Mapping[str, ec.EllipticCurvePublicKey]
Headers = Mapping[str, str]

_ALGORITHM = "ecdsa-p256-sha256"
_COVERED = {"@method", "@authority", "@path", "content-digest"}
_DIGESTS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
_LASTS_S = 300
# How far two clocks may be apart.
_LEEWAY_S = 60
_DEFAULT_PORTS = {"https": 443, "http": 80}
_RAW_LENGTH = 64


def read_public_keys(listed: str) -> PublicKeys:
    """The keys of a JSON list of `{"id", "key"}`, each key in PEM. Raises BadInput."""
    try:
        keys = {
            load["id"]: load_pem_public_key(load["key"].encode()) for load in json.loads(listed)
        }
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        raise BadInput('public keys must be JSON: [{"id": "...", "key": "-----BEGIN"}]') from None
    known = {
        name: key
        for name, key in keys.items()
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    }
    if not known:
        raise BadInput("none of the public keys is one on the curve P-256")
    return known


@dataclass(frozen=True, slots=True)
class SignedMessages:
    """POSTs to `address`, our own as the signer knows it, signed with one of `keys` (id -> key)."""

    keys: PublicKeys
    address: str
    clock: Clock = system_clock

    def verify(self, headers: Headers, body: bytes) -> None:
        """Returns when this is the signer's own message, as it was sent and sent lately. Raises
        UnverifiedSignature otherwise. `headers`: names in any case."""
        given = {name.lower(): value.strip() for name, value in headers.items()}
        try:
            _check_digest(given, body)
            label, covered, parameters = _input(given)
            self._check_terms(covered, parameters)
            base = self._base(given, covered, label)
            signature, _ = _dictionary(given, "signature")[label]
        except (ValueError, TypeError, KeyError) as flaw:
            raise UnverifiedSignature(
                f"the signature is not understood ({type(flaw).__name__})"
            ) from None
        _verify(self._key(parameters), signature, base)

    def _check_terms(self, covered: list[str], parameters: Mapping[str, Any]) -> None:
        """What was signed, how, and when."""
        if not set(covered) >= _COVERED or len(set(covered)) < len(covered):
            raise UnverifiedSignature("the signature does not cover what it must")
        if parameters.get("alg", _ALGORITHM) != _ALGORITHM:
            raise UnverifiedSignature("the signature's algorithm is not known here")
        now, made_at = self.clock().timestamp(), int(parameters["created"])
        ends_at = min(int(parameters.get("expires", made_at + _LASTS_S)), made_at + _LASTS_S)
        if not made_at - _LEEWAY_S <= now <= ends_at + _LEEWAY_S:
            raise UnverifiedSignature("the signature is not of now")

    def _key(self, parameters: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
        key = self.keys.get(str(parameters.get("keyid")))
        if key is None:
            raise UnverifiedSignature("the signature's key is not known here")
        return key

    def _base(self, given: Headers, covered: list[str], label: str) -> bytes:
        """RFC 9421, 2.5. Raises KeyError for what the message does not have."""
        values = {**given, **self._derived()}
        lines = [f'"{name}": {values[name]}' for name in covered]
        # The whole member is written anew, in the one way the RFC allows, without its label.
        member = {label: _dictionary(given, "signature-input")[label]}
        signed = http_sf.ser(member).removeprefix(f"{label}=")
        return "\n".join([*lines, f'"@signature-params": {signed}']).encode("latin-1")

    def _derived(self) -> dict[str, str]:
        """RFC 9421, 2.2: what is signed of the request besides its headers."""
        parts = urlsplit(self.address)
        port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
        return {
            "@method": "POST",
            "@authority": f"{parts.hostname}{port}",
            "@path": parts.path,
        }


def _dictionary(given: Headers, name: str) -> Mapping[str, Any]:
    """A header as the dictionary it is (RFC 9651). Raises UnverifiedSignature, ValueError."""
    if name not in given:
        raise UnverifiedSignature(f"{name} is missing")
    return cast(dict[str, Any], http_sf.parse(given[name].encode("ascii"), tltype="dictionary"))


def _input(given: Headers) -> tuple[str, list[str], Mapping[str, Any]]:
    """Label, covered components and parameters of the one signature. Raises ValueError, TypeError
    also for components that need more than their name."""
    ((label, (members, parameters)),) = _dictionary(given, "signature-input").items()
    if any(type(name) is not str or further for name, further in members):
        raise ValueError("components")
    return label, [name for name, _ in members], parameters


def _check_digest(given: Headers, body: bytes) -> None:
    """Every digest of a kind we know must be the body's, and one must be there."""
    told = {
        name: digest
        for name, (digest, _) in _dictionary(given, "content-digest").items()
        if name in _DIGESTS
    }
    if not told or any(
        not hmac.compare_digest(digest, _DIGESTS[name](body).digest())
        for name, digest in told.items()
    ):
        raise UnverifiedSignature("Content-Digest is not the body's")


def _verify(key: ec.EllipticCurvePublicKey, signature: object, base: bytes) -> None:
    if not isinstance(signature, bytes):
        raise UnverifiedSignature("the signature is not understood")
    forms = [signature]
    if len(signature) == _RAW_LENGTH:
        r, s = signature[:32], signature[32:]
        forms.append(encode_dss_signature(int.from_bytes(r), int.from_bytes(s)))
    if not any(_is_signed(key, form, base) for form in forms):
        raise UnverifiedSignature("the signature is not of this message and key")


def _is_signed(key: ec.EllipticCurvePublicKey, signature: bytes, base: bytes) -> bool:
    try:
        key.verify(signature, base, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
