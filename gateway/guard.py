"""Who may send callbacks: by address, where a provider publishes its own, and by manners.

Whoever knows the key and speaks sense is always let in: behind a proxy that was set up wrongly
everybody has one address. Only answers that are refusals anyway get shorter, and the log says once
a minute that an address misbehaves.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from core.settings import GuardSettings
from gateway.limits import Limits

log = logging.getLogger(__name__)

# Refusals of one address in a minute, after which it is told to slow down.
_REFUSALS_MAX = 600
_MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Guard:
    """Which addresses may send callbacks, and which have sent too many bad ones."""

    settings: GuardSettings
    limits: Limits

    def source(self, asked: Mapping[str, Any]) -> str:
        """The address the request came from: what the nearest trusted proxy saw, counted from the
        right, because everything further left is the sender's own word."""
        hops = self.settings.proxy_hops
        told = str(asked.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        if not hops or len(told) < hops:
            return str(asked.get("REMOTE_ADDR", ""))
        return told[-hops].strip()

    def admits(self, provider: str, source: str) -> bool:
        """Whether this address may speak for that provider; all may where none are listed."""
        listed = self.settings.allowed.get(provider)
        if not listed:
            return True
        try:
            address = ip_address(source)
        except ValueError:
            return False
        return any(address in network for network in listed)

    def refused(self, source: str, endpoint: str, why: str) -> bool:
        """Take note of a refusal; True when this address has had too many this minute."""
        refusals = self.limits.count("refusals", source, _MINUTE_S)
        if refusals == 1:
            log.warning("%s: %s, from %.45s (and perhaps more this minute)", endpoint, why, source)
        return refusals > _REFUSALS_MAX
