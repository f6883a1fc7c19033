"""What sealing a device's key takes: a place it is bound to, and somebody who seals."""

from __future__ import annotations

from typing import Protocol


class Seals(Protocol):
    """A key ring, which also opens; or a letterbox, into which keys only go."""

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """The sealed form of a key for one place."""

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        """Whether that key is inside. Raises TokenError where that cannot be told."""


def bound_to(serial: str) -> str:
    """The place a device's key is sealed for: the cipher text opens in no other row or field."""
    return f"devices:{serial}:sealed_key"
