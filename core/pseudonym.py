"""Pseudonyms: how keys name a person without telling who it is.

A plain hash of a phone number is no secret: all numbers of a country are hashed in a minute. With a
secret of ours in it only we can say which number a pseudonym stands for.
"""

from __future__ import annotations

import hmac

_BYTES = 16


class Pseudonyms:
    """Makes pseudonyms under one secret (PIN_PEPPER, which the web process has in any case); its
    repr says nothing."""

    def __init__(self, secret: str) -> None:
        # Of its own, so that no pseudonym says anything about a PIN.
        self._key = hmac.digest(secret.encode(), b"pseudonyms", "sha256")

    def of(self, text: str) -> str:
        """The pseudonym of a text: 32 hex digits, the same every time."""
        return hmac.digest(self._key, text.encode(), "sha256")[:_BYTES].hex()
