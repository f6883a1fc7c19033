"""Passwords of the people at the console: argon2id, never kept or compared in clear.

A password is used as it was typed, blanks included. What it must be follows NIST SP 800-63B: long,
and not among those that are guessed first; no rule asks for digits or signs.
"""

from __future__ import annotations

import secrets
from threading import Lock

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn

from core.errors import Refused

SHORTEST = 12
_LONGEST = 200
# A shorter name stands in other words by chance.
_SHORTEST_NAME = 4
# The estimate reads no further: its time grows with the square of the length.
_ESTIMATED = 72
# Of zxcvbn's scores 0 to 4: fewer than a million guesses, by lists of common passwords, names and
# words, rows of keys, dates and repetitions.
_LEAST_SCORE = 2
_HASHER = PasswordHasher()
# An unknown user is checked against this: the answer takes as long.
_UNKNOWN_USER = _HASHER.hash("nobody has this password")
# zxcvbn keeps the words that it is given in one table for all threads.
_estimating = Lock()


def check_strength(password: str, *names: str) -> None:
    """Check a new password of a person with these names (of the login, of the company).

    Raises Refused: password_short, password_like_name, password_common.
    """
    if not SHORTEST <= len(password) <= _LONGEST:
        raise Refused("password_short", least=SHORTEST, most=_LONGEST)
    lowered = password.lower()
    for name in (name.lower() for name in names if len(name) >= _SHORTEST_NAME):
        if name in lowered and len(password) - len(name) < SHORTEST:
            raise Refused("password_like_name")
    with _estimating:
        estimate = zxcvbn(password[:_ESTIMATED], [*names, "dialwatt"])
    if estimate["score"] < _LEAST_SCORE:
        raise Refused("password_common")


def random_password() -> str:
    """Return a first password, 96 bits of chance, for a person to type once."""
    return secrets.token_urlsafe(12)


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
