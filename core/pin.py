"""Agents' PINs: hashed with argon2id over a peppered digest, never kept or compared in clear.

The pepper is a setting outside the database: four digits are guessed in a moment by anyone who has
the rows alone.
"""

from __future__ import annotations

import hmac
import re

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

_HASHER = PasswordHasher()
_PIN = re.compile(r"[0-9]{4,6}")


def parse_pin(text: str) -> str:
    """The PIN. Raises ValueError unless it is 4 to 6 digits; the message does not repeat it."""
    if not _PIN.fullmatch(text):
        raise ValueError("a PIN is 4 to 6 digits")
    return text


def hash_pin(pin: str, pepper: str) -> str:
    """The argon2id hash to store, with its own salt and cost in it (tens of milliseconds)."""
    return _HASHER.hash(_peppered(pin, pepper))


def verify_pin(stored: str, pin: str, pepper: str) -> bool:
    """Whether `pin` is the one behind the stored hash."""
    try:
        return _HASHER.verify(stored, _peppered(pin, pepper))
    except (VerifyMismatchError, InvalidHashError):
        return False


def _peppered(pin: str, pepper: str) -> bytes:
    return hmac.digest(pepper.encode(), pin.encode(), "sha256")


class Pins:
    """Hashes and checks PINs with one pepper; its repr says nothing."""

    def __init__(self, pepper: str) -> None:
        self._pepper = pepper

    def hash(self, pin: str) -> str:
        return hash_pin(pin, self._pepper)

    def verify(self, stored: str, pin: str) -> bool:
        return verify_pin(stored, pin, self._pepper)
