"""What networks allow a USSD session: the size of a screen, and how long a session may last.

Source: Africa's Talking's help pages for Kenya. A network that is not listed gets the smallest
screen we know of; a menu must reach its goals within the shortest session.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.network import NETWORK_OF_CODE, Network

SMALLEST_SCREEN = 160
# What Africa's Talking puts before a page. Whether it counts is not documented, so it does.
PREFIX = len("CON ")


@dataclass(frozen=True, slots=True)
class NetworkLimits:
    """Septets of a screen, seconds from the first screen to the forced end, and seconds a caller
    may take for one answer."""

    screen: int = SMALLEST_SCREEN
    session_s: int = 180
    idle_s: int = 30


_LIMITS: dict[Network, NetworkLimits] = {
    ("KE", "Safaricom"): NetworkLimits(),
    ("KE", "Airtel"): NetworkLimits(screen=184, idle_s=60),
    ("KE", "Equitel"): NetworkLimits(),
}
SHORTEST_SESSION_S = min(limits.session_s for limits in _LIMITS.values())
SHORTEST_IDLE_S = min(limits.idle_s for limits in _LIMITS.values())


def screen_of(code: str) -> int:
    """The septets of a screen on the network with that code; the smallest one known where the
    network is not listed."""
    network = NETWORK_OF_CODE.get(code)
    return _LIMITS[network].screen if network in _LIMITS else SMALLEST_SCREEN
