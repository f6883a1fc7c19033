"""HTTP message signatures (RFC 9421) of callbacks, verified with keys that we were given.

A signature must cover method, host, path and the digest of the body (RFC 9530), and be recent. Keys
come from the settings and are never fetched: a host can fall into other hands. Host and path are
those of our address as the provider was given it, whatever a proxy makes of them. Only ECDSA on
P-256 with SHA-256 is accepted, written as in the RFC (r and s, 64 bytes) or in DER, as pawaPay
does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
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
    """The public keys by id, from a JSON list of `{"id", "key"}` in PEM. Raises BadInput."""
    try:
        keys = {
            item["id"]: load_pem_public_key(item["key"].encode()) for item in json.loads(listed)
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
    """Verifies POSTs to one of `addresses` (ours, as the signer may know it), signed with one of
    `keys`."""

    keys: PublicKeys
    addresses: Sequence[str]
    clock: Clock = system_clock

    def verify(self, headers: Headers, body: bytes) -> None:
        """Verify that the signer sent this message, and recently. Raises UnverifiedSignature.

        Names in `headers` may be in any case.
        """
        given = {name.lower(): value.strip() for name, value in headers.items()}
        try:
            _check_digest(given, body)
            label, covered, parameters = _input(given)
            self._check_terms(covered, parameters)
            bases = [_base(given, covered, label, address) for address in self.addresses]
            signature, _ = _dictionary(given, "signature")[label]
        except (ValueError, TypeError, KeyError) as flaw:
            raise UnverifiedSignature(
                f"the signature is not understood ({type(flaw).__name__})"
            ) from None
        _verify(self._key(parameters), signature, bases)

    def _check_terms(self, covered: list[str], parameters: Mapping[str, Any]) -> None:
        """Check which parts were signed, how, and when. Raises UnverifiedSignature."""
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


def _base(given: Headers, covered: list[str], label: str, address: str) -> bytes:
    """The signature base (RFC 9421, 2.5). Raises KeyError for a header that is missing."""
    values = {**given, **_derived(address)}
    lines = [f'"{name}": {values[name]}' for name in covered]
    # The member is serialised again, in the one form that the RFC allows, without its label.
    member = {label: _dictionary(given, "signature-input")[label]}
    signed = http_sf.ser(member).removeprefix(f"{label}=")
    return "\n".join([*lines, f'"@signature-params": {signed}']).encode("latin-1")


def _derived(address: str) -> dict[str, str]:
    """The derived components (RFC 9421, 2.2): what is signed besides headers."""
    parts = urlsplit(address)
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return {
        "@method": "POST",
        "@authority": f"{parts.hostname}{port}",
        "@path": parts.path,
    }


def _dictionary(given: Headers, name: str) -> Mapping[str, Any]:
    """A header parsed as a dictionary (RFC 9651). Raises UnverifiedSignature, ValueError."""
    if name not in given:
        raise UnverifiedSignature(f"{name} is missing")
    return cast(dict[str, Any], http_sf.parse(given[name].encode("ascii"), tltype="dictionary"))


def _input(given: Headers) -> tuple[str, list[str], Mapping[str, Any]]:
    """Label, covered components and parameters of the signature. Raises ValueError, TypeError, also
    for components with parameters of their own."""
    ((label, (members, parameters)),) = _dictionary(given, "signature-input").items()
    if any(type(name) is not str or further for name, further in members):
        raise ValueError("components")
    return label, [name for name, _ in members], parameters


def _check_digest(given: Headers, body: bytes) -> None:
    """Check that every digest of a known kind is the body's, and that there is one."""
    stated = {
        name: digest
        for name, (digest, _) in _dictionary(given, "content-digest").items()
        if name in _DIGESTS
    }
    if not stated or any(
        not hmac.compare_digest(digest, _DIGESTS[name](body).digest())
        for name, digest in stated.items()
    ):
        raise UnverifiedSignature("Content-Digest is not the body's")


def _verify(key: ec.EllipticCurvePublicKey, signature: object, bases: Sequence[bytes]) -> None:
    if not isinstance(signature, bytes):
        raise UnverifiedSignature("the signature is not understood")
    forms = [signature]
    if len(signature) == _RAW_LENGTH:
        r, s = signature[:32], signature[32:]
        forms.append(encode_dss_signature(int.from_bytes(r), int.from_bytes(s)))
    if not any(_is_signed(key, form, base) for base in bases for form in forms):
        raise UnverifiedSignature("the signature is not of this message and key")


def _is_signed(key: ec.EllipticCurvePublicKey, signature: bytes, base: bytes) -> bool:
    try:
        key.verify(signature, base, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
