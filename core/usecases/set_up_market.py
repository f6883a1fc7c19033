"""An owner sets the market up at the console or puts it right, by the rules of a catalogue file."""

from __future__ import annotations

from dataclasses import asdict, replace

from core.catalogue import Catalogue
from core.errors import BrokenInvariant, Refused
from core.market import Market
from core.unit import Unit
from core.usecases.audit import write_audit
from core.usecases.load_catalogue import catalogue_problems, load_catalogue

_ROW = 1


def set_up_market(unit: Unit, market: Market, operator: str, reason: str) -> None:
    """Write it. Raises Refused catalogue_contradicts (another currency than that of payments in the
    books), reason_missing."""
    there = replace(unit, market=market)
    catalogue = Catalogue(market)
    for problem in catalogue_problems(there, catalogue):
        raise Refused("catalogue_contradicts", problem=problem)
    load_catalogue(there, catalogue, _no_pin)
    write_audit(unit, operator, "set_up", "market", _ROW, reason, **asdict(market))


def _no_pin(pin: str) -> str:
    raise BrokenInvariant("a market has no PIN")
