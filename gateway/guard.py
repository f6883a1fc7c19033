"""Addresses of callbacks: which may speak for a provider, and which send too many bad requests.

A good request with the right key is always let in: behind a proxy that is set up wrongly all
requests have one address. Only refusals get shorter, and once a minute the log names the address.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

from core.environment import Environment, read_setting, refuse_retired
from core.errors import BadInput
from gateway.limits import Limits
from gateway.settings import ENDPOINTS

log = logging.getLogger(__name__)

# After so many refusals in a minute an address is answered 429.
_REFUSALS_MAX = 600
_MINUTE_S = 60
FORWARDED = "HTTP_X_FORWARDED_FOR"
# What else proxies add to a request.
_PASSED_ON = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_PROTO")
_PROXIES_BY_ADDRESS = "set TRUSTED_PROXIES to the addresses or networks of your proxies"
# The list of those who may read readiness and figures stands beside those of the endpoints.
MONITORING = "monitoring"
_THIS_HOST = "127.0.0.0/8,::1"

Networks = tuple[IPv4Network | IPv6Network, ...]


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """The networks of the proxies before the web process, and the networks from which an endpoint
    may be called, by its name. An endpoint without a list may be called from anywhere."""

    proxies: Networks = ()
    allowed: Mapping[str, Networks] = field(default_factory=dict)

    @classmethod
    def from_environment(cls, environment: Environment) -> GuardSettings:
        refuse_retired(environment, "TRUSTED_PROXY_HOPS", "TRUSTED_PROXIES", _PROXIES_BY_ADDRESS)
        allowed = {
            endpoint.name: _networks(environment, endpoint.list_setting) for endpoint in ENDPOINTS
        }
        monitoring = _networks(environment, "MONITORING_ALLOWED_IPS", _THIS_HOST)
        return cls(_networks(environment, "TRUSTED_PROXIES"), allowed | {MONITORING: monitoring})


def _networks(environment: Environment, name: str, default: str = "") -> Networks:
    """Addresses and networks (192.0.2.0/24), separated by commas or spaces."""
    listed = read_setting(environment, name, default).replace(",", " ").split()
    try:
        return tuple(ip_network(network) for network in listed)
    except ValueError as error:
        raise BadInput(f"{name}: {error}") from None


def _address(written: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: with or without a port, IPv4 also in its IPv6 form. None for
    what is no address."""
    bare = written.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(written: str, networks: Networks) -> bool:
    address = _address(written) if networks else None
    return address is not None and any(address in network for network in networks)


@dataclass(frozen=True, slots=True)
class Guard:
    """Which addresses may send callbacks, and which have sent too many bad ones."""

    settings: GuardSettings
    limits: Limits

    def source(self, environ: Mapping[str, Any]) -> str:
        """The address the request came from, as the outermost of our proxies saw it.

        Only what a proxy of ours has written is read: each hop is asked who called it, from the
        nearest on, until one is not ours. The sender itself can write what stands further left.
        """
        came_from = str(environ.get("REMOTE_ADDR", ""))
        hops = str(environ.get(FORWARDED, "")).split(",")
        while hops and hops[-1].strip() and _is_in(came_from, self.settings.proxies):
            came_from = hops.pop().strip()
        return str(_address(came_from) or came_from)

    def admits(self, endpoint: str, source: str) -> bool:
        """Whether this address may call the endpoint. Without a list any may."""
        listed = self.settings.allowed.get(endpoint)
        return not listed or _is_in(source, listed)

    def admits_sender(self, endpoint: str, environ: Mapping[str, Any]) -> bool:
        """Whether the address that the request came from may call the endpoint."""
        return not self.settings.allowed.get(endpoint) or self.admits(
            endpoint, self.source(environ)
        )

    def may_monitor(self, environ: Mapping[str, Any]) -> bool:
        """Whether the sender may read readiness and figures. What a proxy passed on that is not
        ours, or that does not say for whom, may be from anywhere."""
        peer = str(environ.get("REMOTE_ADDR", ""))
        if FORWARDED in environ:
            is_known = _is_in(peer, self.settings.proxies)
        else:
            is_known = not any(name in environ for name in _PASSED_ON)
        return is_known and self.admits(MONITORING, self.source(environ))

    def refused(self, source: str, endpoint: str, outcome: str) -> bool:
        """Count a refusal; True when this address has had too many in this minute."""
        refusals = self.limits.count("refusals", source, _MINUTE_S)
        if refusals == 1:
            log.warning(
                "%s: %s, from %.45s (and perhaps more this minute)", endpoint, outcome, source
            )
        return refusals > _REFUSALS_MAX
