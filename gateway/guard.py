"""Addresses of callbacks: which may speak for a provider, and which send too many bad requests.

A good request with the right key is always let in: behind a proxy that is set up wrongly all
requests have one address. Only refusals get shorter, and once a minute the log names the address.
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

# After so many refusals in a minute an address is answered 429.
_REFUSALS_MAX = 600
_MINUTE_S = 60
_MOST_HOPS = 9


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """The number of trusted proxies before the web process, and the addresses from which callbacks
    of a provider or aggregator may come. A provider without a list may call from any address."""

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

    def source(self, environ: Mapping[str, Any]) -> str:
        """The address the request came from, as the outermost trusted proxy saw it.

        Forwarded addresses count from the right: the sender itself can write those further left.
        """
        hops = self.settings.proxy_hops
        forwarded = str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",")
        if not hops or len(forwarded) < hops:
            return str(environ.get("REMOTE_ADDR", ""))
        return forwarded[-hops].strip()

    def admits(self, provider: str, source: str) -> bool:
        """Whether this address may speak for the provider. Without a list any may."""
        listed = self.settings.allowed.get(provider)
        if not listed:
            return True
        try:
            address = ip_address(source)
        except ValueError:
            return False
        return any(address in network for network in listed)

    def refused(self, source: str, endpoint: str, outcome: str) -> bool:
        """Count a refusal; True when this address has had too many in this minute."""
        refusals = self.limits.count("refusals", source, _MINUTE_S)
        if refusals == 1:
            log.warning(
                "%s: %s, from %.45s (and perhaps more this minute)", endpoint, outcome, source
            )
        return refusals > _REFUSALS_MAX
