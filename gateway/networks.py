"""What networks allow a USSD session: the size of a screen, and how long it may last.

By the codes (country and network) that aggregators send. Only what an aggregator's own pages say
stands here: Africa's Talking's help pages for Kenya. Whoever is not listed gets the smallest screen
we know of; a menu must reach its goals within the shortest session.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_SCREEN = 160
# What Africa's Talking puts before a page. Whether it counts is not documented, so it does.
PREFIX = len("CON ")


@dataclass(frozen=True, slots=True)
class Network:
    """Septets of a screen, seconds from the first screen to the forced end, and seconds a caller
    may take for one answer."""

    name: str
    screen: int = SMALLEST_SCREEN
    session_s: int = 180
    idle_s: int = 30


NETWORKS = {
    "63902": Network("Safaricom Kenya"),
    "63903": Network("Airtel Kenya", screen=184, idle_s=60),
    "63999": Network("Equitel Kenya"),
}
SHORTEST_SESSION_S = min(network.session_s for network in NETWORKS.values())
SHORTEST_IDLE_S = min(network.idle_s for network in NETWORKS.values())


def screen_of(code: str) -> int:
    """The septets of a screen on that network; the smallest we know of where it is not listed."""
    return NETWORKS[code].screen if code in NETWORKS else SMALLEST_SCREEN
