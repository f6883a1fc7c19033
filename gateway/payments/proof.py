"""Proofs: short texts that only we can make. We hand one to a provider, and its message brings it
back: its sender is the provider, or was given it by the provider.

A proof is an HMAC-SHA256 under PROOF_SECRET over what it is for, cut to 80 bits and written in 16
letters and digits (RFC 4648, base 32). It says nothing about the secret.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b32decode, b32encode
from datetime import UTC, datetime, timedelta

from core.environment import Environment, read_setting
from core.errors import BadInput
from core.payment import Evidence
from core.serial_number import normalise_serial

PROOF_LENGTH = 16
_SHORTEST_SECRET = 16
_PROOF_BYTES, _STAMP_BYTES, _RANDOM_BYTES = 10, 4, 6
_NONCE_LENGTH = 16  # of 10 bytes
# A payer approves within minutes of the question, or not at all.
_BROUGHT_BACK_WITHIN = timedelta(days=1)


class Proofs:
    """Makes proofs with the newest secret and knows those of every one. Its repr says nothing."""

    def __init__(self, *secrets_newest_first: str) -> None:
        self._secrets = [secret.encode() for secret in secrets_newest_first]

    @classmethod
    def from_environment(cls, environment: Environment) -> Proofs:
        """Read PROOF_SECRET, `NEW,OLD` while it is changed. Raises BadInput where it is missing or
        one of them is short."""
        listed = [each.strip() for each in read_setting(environment, "PROOF_SECRET").split(",")]
        if any(0 < len(each) < _SHORTEST_SECRET for each in listed):
            raise BadInput(f"PROOF_SECRET must have {_SHORTEST_SECRET} characters or more")
        if not any(listed):
            raise BadInput("PROOF_SECRET is empty")
        return cls(*filter(None, listed))

    def of(self, *subject: object) -> str:
        """Return the proof of a subject, such as ("stk", 41)."""
        return _proof(self._secrets[0], subject)

    def knows(self, given: str, *subject: object) -> bool:
        """Whether `given` is our proof of that subject, in any case."""
        return any(
            hmac.compare_digest(
                given.upper().encode(errors="replace"), _proof(secret, subject).encode()
            )
            for secret in self._secrets
        )

    def of_question(self, account: str, amount_minor: int, asked_at: datetime) -> str:
        """Return what goes along with the answer to a question whether `account` (as typed) may be
        paid that amount: a nonce with the time in it, and the proof of all three."""
        stamp = int(asked_at.timestamp()).to_bytes(_STAMP_BYTES)
        nonce = _letters(stamp + secrets.token_bytes(_RANDOM_BYTES))
        return nonce + self.of("question", normalise_serial(account), amount_minor, nonce)

    def evidence_of(
        self, given: str | None, account: str, amount_minor: int, now: datetime
    ) -> Evidence:
        """Say what it proves that a payment brings back `given` of `of_question`: nothing where it
        brings back nothing, or what is older than a day; forged where it is not ours, or was made
        for another account or amount."""
        if not given:
            return "unverified"
        nonce, proof = given[:_NONCE_LENGTH].upper(), given[_NONCE_LENGTH:]
        subject = ("question", normalise_serial(account), amount_minor, nonce)
        if not self.knows(proof, *subject):
            return "forged"
        asked_at = datetime.fromtimestamp(int.from_bytes(b32decode(nonce)[:_STAMP_BYTES]), UTC)
        return "proved" if abs(now - asked_at) <= _BROUGHT_BACK_WITHIN else "unverified"


def _proof(secret: bytes, subject: tuple[object, ...]) -> str:
    text = "\x1f".join(map(str, subject))
    return _letters(hmac.digest(secret, text.encode(errors="replace"), "sha256")[:_PROOF_BYTES])


def _letters(data: bytes) -> str:
    return b32encode(data).decode()
