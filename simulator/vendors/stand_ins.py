"""The table of all stand-in vendors."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.vendors.stron import stron
from simulator.vendors.wire import Wire

STAND_INS: Mapping[str, Wire] = {wire.name: wire for wire in (stron,)}


def base_urls(providers: str, account: str = "main") -> dict[str, str]:
    """The setting BASE_URL of an account with each vendor, whose stand-ins are served at
    `providers`."""
    return {
        f"VENDOR_{name.upper()}_{account.upper()}_BASE_URL": wire.base_url(providers)
        for name, wire in STAND_INS.items()
    }
