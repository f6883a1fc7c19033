"""Who may send callbacks: by address, where a provider publishes its own, and by manners.

Whoever knows the key and speaks sense is always let in: behind a proxy that was set up wrongly
everybody has one address. Only answers that are refusals anyway get shorter, and the log says once
a minute that an address misbehaves.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from core.environment import Environment, read_setting
from core.errors import BadInput
from gateway.limits import Limits

log = logging.getLogger(__name__)

# Refusals of one address in a minute, after which it is told to slow down.
_REFUSALS_MAX = 600
_MINUTE_S = 60
_MOST_HOPS = 9


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """How many trusted proxies stand before the web process, and from which addresses a provider's
    or an aggregator's callbacks may come; whoever is not listed may call from everywhere."""

    proxy_hops: int = 0
    allowed: Mapping[str, tuple[IPv4Network | IPv6Network, ...]] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Environment) -> GuardSettings:
        hops = read_setting(environment, "TRUSTED_PROXY_HOPS", "0")
        if not hops.isdecimal() or int(hops) > _MOST_HOPS:
            raise BadInput(f"TRUSTED_PROXY_HOPS must be 0 to {_MOST_HOPS}, not {hops!r}")
        allowed = {
            "daraja": _networks(environment, "DARAJA_ALLOWED_IPS"),
            "mtn": _networks(environment, "MTN_ALLOWED_IPS"),
            "airtel": _networks(environment, "AIRTEL_ALLOWED_IPS"),
            "pawapay": _networks(environment, "PAWAPAY_ALLOWED_IPS"),
            "ussd/africastalking": _networks(environment, "USSD_AFRICASTALKING_ALLOWED_IPS"),
            "ussd/hubtel": _networks(environment, "USSD_HUBTEL_ALLOWED_IPS"),
            "ussd/arkesel": _networks(environment, "USSD_ARKESEL_ALLOWED_IPS"),
            "ussd/beem": _networks(environment, "USSD_BEEM_ALLOWED_IPS"),
            "ussd/airtel": _networks(environment, "USSD_AIRTEL_ALLOWED_IPS"),
        }
        return cls(int(hops), allowed)


def _networks(environment: Environment, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks (192.0.2.0/24), separated by commas or spaces."""
    listed = read_setting(environment, name, "").replace(",", " ").split()
    try:
        return tuple(ip_network(network) for network in listed)
    except ValueError as error:
        raise BadInput(f"{name}: {error}") from None


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
