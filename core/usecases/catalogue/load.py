"""Load a catalogue: everything new or changed by code, in one transaction, or nothing.

What a file leaves out stays as it is. Loading never rewrites the past: prices that were in force,
the currency of payments, the token family of existing devices, the PIN of an agent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta

from sqlalchemy import Connection

from core.appliance import Appliance
from core.catalogue import AgentEntry, Catalogue, Manufacturer, PlanOffer, TariffEntry
from core.db.appliances import appliances_by_code
from core.db.bulk import Stored, Values, insert_rows, rows_by_key, upsert
from core.db.plan_offers import terms_as_stored
from core.db.prompts import is_asked_between
from core.db.tables.catalogue import appliances, manufacturers, market, plan_offers, tariffs
from core.db.tables.catalogue import tariff_versions as versions_table
from core.db.tables.customers import agents, villages
from core.db.tariffs import (
    access_anchors,
    appliances_sold,
    charged_between,
    delete_future_version,
    energy_paid_between,
    families_in_use,
    find_market,
    has_payments,
    kinds_in_use,
    moved_away_since,
    tariff_versions,
)
from core.errors import Refused
from core.plan import ByDay, PlanTerms, make_plan
from core.tariff import TariffVersion, fees_due
from core.tokens.family import can, lacking
from core.unit import Unit
from core.usecases.catalogue.waterfalls import store_waterfalls, waterfall_problems

HashPin = Callable[[str], str]
Loaded = dict[str, Stored]


def catalogue_problems(unit: Unit, catalogue: Catalogue) -> list[str]:
    """Return what contradicts the database, one line each; empty when it can be loaded."""
    return [
        *_market_problems(unit, catalogue),
        *_manufacturer_problems(unit.connection, catalogue.manufacturers),
        *_tariff_problems(unit, catalogue.tariffs),
        *_appliance_problems(unit.connection, catalogue.appliances),
        *_plan_problems(unit, catalogue),
        *_agent_problems(unit, catalogue),
        *waterfall_problems(unit, catalogue.waterfalls),
    ]


def load_catalogue(unit: Unit, catalogue: Catalogue, hash_pin: HashPin) -> Loaded:
    """Store a catalogue without problems; returns per table how many rows were new, changed, same.

    On an empty database the unit carries the catalogue's own market.
    """
    connection = unit.connection
    loaded: Loaded = {}
    if catalogue.market is not None:
        given = asdict(catalogue.market) | {"languages": list(catalogue.market.languages)}
        loaded["market"] = upsert(connection, market, "id", [given | {"id": 1}])
    loaded["villages"] = upsert(
        connection, villages, "code", [asdict(village) for village in catalogue.villages]
    )
    loaded["manufacturers"] = upsert(
        connection,
        manufacturers,
        "code",
        [
            asdict(manufacturer) | {"kinds": list(manufacturer.kinds)}
            for manufacturer in catalogue.manufacturers
        ],
    )
    loaded["tariff versions"] = _store_tariffs(unit, catalogue.tariffs)
    loaded["appliances"] = upsert(
        connection, appliances, "code", [asdict(appliance) for appliance in catalogue.appliances]
    )
    loaded["plans"] = _store_plans(connection, catalogue.plans)
    loaded["waterfalls"] = store_waterfalls(connection, catalogue.waterfalls)
    loaded["agents"] = _store_agents(connection, catalogue.agents, hash_pin)
    return loaded


def _market_problems(unit: Unit, catalogue: Catalogue) -> Iterator[str]:
    given, stored = catalogue.market, find_market(unit.connection)
    if given is None or stored is None or not has_payments(unit.connection):
        return
    if given.currency != stored.currency:
        yield (
            f"market: currency: there are payments in {stored.currency} already, it cannot become"
            f" {given.currency}"
        )


def _manufacturer_problems(
    connection: Connection, given: tuple[Manufacturer, ...]
) -> Iterator[str]:
    codes = [entry.code for entry in given]
    families, kinds = families_in_use(connection, codes), kinds_in_use(connection, codes)
    for entry in given:
        family = families.get(entry.code, entry.token_family)
        if family != entry.token_family:
            yield (
                f'manufacturer "{entry.code}": token: devices with keys for {family} are'
                f" registered, it cannot become {entry.token_family}; give the new devices a"
                " manufacturer code of their own"
            )
        if entry.sts and not can(entry.token_family, "energy"):
            yield (
                f'manufacturer "{entry.code}": token: its new meters are STS meters, it cannot'
                f" become {entry.token_family}"
            )
        for kind in entry.kinds:
            if need := lacking(entry.token_family, kind):
                yield (
                    f'manufacturer "{entry.code}": token: {entry.token_family} has no {need}'
                    f" tokens, as a {kind} needs"
                )
        for kind in sorted(kinds.get(entry.code, set()) - set(entry.kinds)):
            yield (
                f'manufacturer "{entry.code}": kinds: {kind} devices of this manufacturer are'
                " registered"
            )


def _tariff_problems(unit: Unit, given: tuple[TariffEntry, ...]) -> Iterator[str]:
    known = _known_versions(unit.connection, given)
    rows = rows_by_key(unit.connection, tariffs, "code", {entry.code for entry in given})
    for entry in given:
        if entry.code not in rows:
            continue
        day, versions = entry.version.valid_from, known.get(entry.code, {})
        if versions.get(day) == entry.version or day > unit.today:
            continue
        if day in versions:
            yield (
                f'tariff "{entry.code}": valid_from: the version of {day} is in force with other'
                " figures, and a change never rewrites the past: give it a new valid_from"
            )
        elif why := changes_past_charges(
            unit, rows[entry.code]["id"], list(versions.values()), entry.version
        ):
            yield (
                f'tariff "{entry.code}": valid_from: since {day} {why} at other prices, and a'
                f" change never rewrites the past: take {unit.today + timedelta(days=1)} or later"
            )


def _appliance_problems(connection: Connection, given: tuple[Appliance, ...]) -> Iterator[str]:
    sold = appliances_sold(connection, [entry.code for entry in given])
    for entry in given:
        kind = sold.get(entry.code, entry.kind)
        if kind != entry.kind:
            yield f'appliance "{entry.code}": kind: it has been sold as {kind}; give it a new code'


def _plan_problems(unit: Unit, catalogue: Catalogue) -> Iterator[str]:
    """Each plan must be possible at its appliance's price: the file's, else the stored one."""
    codes = {offer.terms.appliance for offer in catalogue.plans}
    known: dict[str, Appliance] = {**appliances_by_code(unit.connection, codes)}
    known |= {appliance.code: appliance for appliance in catalogue.appliances}
    cash_unit_minor = (catalogue.market or unit.market).cash_unit_minor
    for offer in catalogue.plans:
        item = known.get(offer.terms.appliance)
        if item is None:
            problem = f'appliance: there is no appliance "{offer.terms.appliance}"'
        else:
            problem = _plan_problem(offer.terms, item, unit.today, cash_unit_minor)
        if problem:
            yield f'plan "{offer.code}": {problem}'


def _plan_problem(terms: PlanTerms, item: Appliance, today: date, cash_unit_minor: int) -> str:
    """Return why the appliance cannot be sold on these terms; empty where it can."""
    if isinstance(terms.schedule, ByDay) and not item.price_per_day_minor:
        return f'scheme: "{item.code}" has no price_per_day'
    try:
        make_plan(terms, item, today, cash_unit_minor)
    except Refused as refused:
        return f'it does not come out for the price of "{item.code}" ({refused.code})'
    return ""


def _agent_problems(unit: Unit, catalogue: Catalogue) -> Iterator[str]:
    named = {code for agent in catalogue.agents for code in agent.villages}
    known = {*rows_by_key(unit.connection, villages, "code", named)}
    known |= {village.code for village in catalogue.villages}
    for agent in catalogue.agents:
        for code in agent.villages:
            if code not in known:
                yield f'agent "{agent.msisdn}": villages: there is no village "{code}"'


def _known_versions(
    connection: Connection, given: tuple[TariffEntry, ...]
) -> dict[str, dict[date, TariffVersion]]:
    """Return the stored versions of the given tariffs, by code and first day."""
    rows = rows_by_key(connection, tariffs, "code", {entry.code for entry in given})
    versions = tariff_versions(connection, [row["id"] for row in rows.values()])
    return {
        code: {version.valid_from: version for version in versions.get(row["id"], [])}
        for code, row in rows.items()
    }


def _store_tariffs(unit: Unit, given: tuple[TariffEntry, ...]) -> Stored:
    """Add new versions and replace those that begin in the future. Counted by version."""
    known = _known_versions(unit.connection, given)
    names = {entry.code: {"code": entry.code, "name": entry.name} for entry in given}
    upsert(unit.connection, tariffs, "code", list(names.values()))
    rows = rows_by_key(unit.connection, tariffs, "code", names)
    new = [entry for entry in given if entry.version.valid_from not in known.get(entry.code, {})]
    others = [entry for entry in given if entry.version.valid_from in known.get(entry.code, {})]
    changed = [
        other for other in others if known[other.code][other.version.valid_from] != other.version
    ]
    for entry in changed:
        delete_future_version(
            unit.connection, rows[entry.code]["id"], entry.version.valid_from, unit.today
        )
    insert_rows(
        unit.connection,
        versions_table,
        [asdict(entry.version) | {"tariff_id": rows[entry.code]["id"]} for entry in new + changed],
    )
    return Stored(len(new), len(changed), len(others) - len(changed))


def _store_plans(connection: Connection, offers: Sequence[PlanOffer]) -> Stored:
    """Store plans by code. What was sold on one keeps its instalments, whatever changes here."""
    known = appliances_by_code(connection, {offer.terms.appliance for offer in offers})
    rows = [
        {
            "code": offer.code,
            "name": offer.name,
            "appliance_id": known[offer.terms.appliance].id,
            **terms_as_stored(offer.terms),
        }
        for offer in offers
    ]
    return upsert(connection, plan_offers, "code", rows)


def _store_agents(
    connection: Connection, given: tuple[AgentEntry, ...], hash_pin: HashPin
) -> Stored:
    """Store agents by number. An existing agent keeps the PIN, whatever the file says."""
    known = rows_by_key(connection, agents, "msisdn", {entry.msisdn for entry in given})
    return upsert(
        connection, agents, "msisdn", [_agent_row(entry, known, hash_pin) for entry in given]
    )


def _agent_row(agent: AgentEntry, known: dict[str, Values], hash_pin: HashPin) -> Values:
    row = asdict(agent) | {"villages": list(agent.villages)}
    pin = row.pop("pin")
    if agent.msisdn in known:
        kept = known[agent.msisdn]
        return row | {"pin_hash": kept["pin_hash"], "pin_is_initial": kept["pin_is_initial"]}
    return row | {"pin_hash": hash_pin(pin)}


def changes_past_charges(
    unit: Unit, tariff_id: int, versions: Sequence[TariffVersion], new: TariffVersion
) -> str | None:
    """Return what stands against that version, in words; None when nothing does.

    `versions` are the stored ones, oldest first: the new one would be valid until the next of them.
    """
    later = (version.valid_from for version in versions if version.valid_from > new.valid_from)
    last_on = min(next(later, date.max) - timedelta(days=1), unit.today)
    if new.valid_from > last_on:
        return None
    span = (unit.connection, tariff_id, new.valid_from, last_on)
    if energy_paid_between(*span):
        return "energy was sold"
    if is_asked_between(unit.connection, unit.market.instants(new.valid_from, last_on), tariff_id):
        return "payers were asked for money, and may still pay"
    if charged_between(*span):
        return "fees fell due"
    if moved_away_since(unit.connection, tariff_id, new.valid_from, unit.market.timezone):
        return "its meters were moved away"
    then = sorted([*versions, new], key=lambda version: version.valid_from)
    for anchor_on in access_anchors(unit.connection, tariff_id):
        if fees_due(versions, anchor_on, last_on)[0] != fees_due(then, anchor_on, last_on)[0]:
            return "fees fell due, or would have"
    return None
