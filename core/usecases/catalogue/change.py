"""An owner adds to the catalogue or corrects it at the console, by the rules of a catalogue file.

One entry at a time. Existing sales keep their own figures.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from core.appliance import Appliance
from core.catalogue import Catalogue, Manufacturer, PlanOffer, TariffEntry, Village
from core.db.plan_offers import appliance_with_plans, delete_plan, lock_plan, terms_as_stored
from core.db.registration import ids_by_code
from core.db.tables.catalogue import appliances, manufacturers, plan_offers, tariffs
from core.db.tables.customers import villages
from core.errors import BrokenInvariant, Refused
from core.market import Market
from core.unit import Unit
from core.usecases.catalogue.load import catalogue_problems, load_catalogue
from core.usecases.operators.audit import write_audit

Entry = Village | Manufacturer | TariffEntry | Appliance | PlanOffer

_TABLES = {
    Village: villages,
    Manufacturer: manufacturers,
    TariffEntry: tariffs,
    Appliance: appliances,
    PlanOffer: plan_offers,
}


def add_to_catalogue(unit: Unit, entry: Entry, operator: str, reason: str) -> int:
    """Add an entry; returns the id of its row.

    Raises Refused: code_taken, catalogue_contradicts, reason_missing.
    """
    if ids_by_code(unit.connection, _TABLES[type(entry)], [entry.code]):
        raise Refused("code_taken", taken=entry.code)
    return _write(unit, "add", entry, operator, reason)


def change_catalogue(unit: Unit, entry: Entry, operator: str, reason: str) -> int:
    """Change the entry with that code; a tariff gets a new version. Returns the id of its row.

    Raises Refused: catalogue_contradicts (prices that were in force, a kind that was sold, the
    token family of existing devices), reason_missing.
    """
    return _write(unit, "change", entry, operator, reason)


def withdraw_plan(unit: Unit, code: str, operator: str, reason: str) -> None:
    """Remove a plan from the offers; sales on it keep their instalments.

    Raises Refused: plan_not_allowed, plan_in_use (it is set on devices), reason_missing.
    """
    found = lock_plan(unit.connection, code)
    if found is None:
        raise Refused("plan_not_allowed")
    plan_id, devices = found
    if devices:
        raise Refused("plan_in_use", devices=devices)
    delete_plan(unit.connection, plan_id)
    write_audit(unit, operator, "withdraw", "plan_offer", plan_id, reason, code=code)


def _write(unit: Unit, action: str, entry: Entry, operator: str, reason: str) -> int:
    catalogue = _catalogue_of(unit, entry)
    for problem in catalogue_problems(unit, catalogue):
        raise Refused("catalogue_contradicts", problem=problem)
    load_catalogue(unit, catalogue, _no_pin)
    table = _TABLES[type(entry)]
    row_id = ids_by_code(unit.connection, table, [entry.code])[entry.code]
    subject = table.name.removesuffix("s")
    write_audit(unit, operator, action, subject, row_id, reason, **_details(entry))
    return row_id


def _details(entry: Entry) -> dict[str, Any]:
    """Return what an audit row says of an entry."""
    if isinstance(entry, PlanOffer):
        named = {"code": entry.code, "name": entry.name, "appliance": entry.terms.appliance}
        return named | terms_as_stored(entry.terms)
    details: dict[str, Any] = json.loads(json.dumps(asdict(entry), default=str))
    return details


def _catalogue_of(unit: Unit, entry: Entry) -> Catalogue:
    """Return a catalogue of this entry; an appliance brings its plans, which must fit its price."""
    match entry:
        case Village():
            return Catalogue(None, villages=(entry,))
        case Manufacturer():
            return Catalogue(None, manufacturers=(entry,))
        case TariffEntry():
            return Catalogue(None, tariffs=(entry,))
        case Appliance():
            found = appliance_with_plans(unit.connection, entry.code, unit.market.currency)
            plans = tuple(found[1]) if found else ()
            return Catalogue(None, appliances=(entry,), plans=plans)
        case PlanOffer():
            return Catalogue(None, plans=(entry,))


def _no_pin(pin: str) -> str:
    raise BrokenInvariant("no agent comes with one of these")


_ROW = 1


def set_up_market(unit: Unit, market: Market, operator: str, reason: str) -> None:
    """Store the market.

    Raises Refused: catalogue_contradicts (a currency other than that of recorded payments),
    reason_missing.
    """
    there = replace(unit, market=market)
    catalogue = Catalogue(market)
    for problem in catalogue_problems(there, catalogue):
        raise Refused("catalogue_contradicts", problem=problem)
    load_catalogue(there, catalogue, _no_pin_set_up_market)
    write_audit(unit, operator, "set_up", "market", _ROW, reason, **asdict(market))


def _no_pin_set_up_market(pin: str) -> str:
    raise BrokenInvariant("a market has no PIN")
