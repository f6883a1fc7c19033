"""Passwords of the people at the console: argon2id, never kept or compared in clear."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from core.errors import Refused

SHORTEST = 10
_LONGEST = 200
_HASHER = PasswordHasher()
# An unknown user is checked against this: the answer takes as long.
_UNKNOWN_USER = _HASHER.hash("nobody has this password")


def check_strength(password: str) -> None:
    """Raises Refused("password_short")."""
    if not SHORTEST <= len(password) <= _LONGEST:
        raise Refused("password_short", least=SHORTEST)


def hash_password(password: str) -> str:
    """The argon2id hash to store, with its own salt and cost in it."""
    return _HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether the password fits the hash. None (no such user) gives False as slowly."""
    try:
        _HASHER.verify(stored or _UNKNOWN_USER, password[:_LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None
