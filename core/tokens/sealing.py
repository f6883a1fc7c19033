"""Sealing a device key: the row it is bound to, and what can seal it."""

from __future__ import annotations

from typing import Protocol


class Seals(Protocol):
    """A key ring, which can also decrypt, or a public sealing key, which cannot."""

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        """Return the encrypted key, bound to the place `bound_to` names."""

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        """Return whether `sealed` holds that key. Raises TokenError where this cannot tell."""


def chain_bound_to(serial: str) -> str:
    """Return the name of the place of the last links of a device's codes."""
    return f"devices:{serial}:sealed_chain"


def bound_to(serial: str) -> str:
    """Return the name of the place of a device's key: in no other row does it decrypt."""
    return f"devices:{serial}:sealed_key"
