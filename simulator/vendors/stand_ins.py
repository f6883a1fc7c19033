"""The table of all stand-in vendors."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.vendors.angaza import angaza
from simulator.vendors.calin import calin
from simulator.vendors.calin_pos import calin_pos
from simulator.vendors.chint import chint
from simulator.vendors.gomelong import gomelong
from simulator.vendors.gomelong_sts import gomelong_sts
from simulator.vendors.koios import koios
from simulator.vendors.sparkmeter import sparkmeter
from simulator.vendors.steama import steama
from simulator.vendors.stron import stron
from simulator.vendors.stron_old import stron_old
from simulator.vendors.sunking import sunking
from simulator.vendors.wire import Wire

_WIRES = (
    angaza,
    calin,
    calin_pos,
    chint,
    gomelong,
    gomelong_sts,
    koios,
    sparkmeter,
    steama,
    stron,
    stron_old,
    sunking,
)
STAND_INS: Mapping[str, Wire] = {wire.name: wire for wire in _WIRES}


def vendor_addresses(providers: str) -> dict[str, str]:
    """The settings of the account `main` with each vendor that are addresses, where the stand-ins
    are served at `providers`."""
    return {name: url for wire in _WIRES for name, url in wire.addresses(providers).items()}
