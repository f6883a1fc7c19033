"""Reading a catalogue file (TOML): strictly, and with all of its problems at once.

Pure: it reads a text and gives back values. What contradicts the books is found by
`core.usecases.catalogue.load`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from core import market_facts
from core.appliance import Appliance
from core.catalogue import (
    AgentEntry,
    Catalogue,
    Manufacturer,
    PlanOffer,
    TariffEntry,
    Village,
)
from core.errors import BadInput
from core.market import Market
from core.money import Money
from core.msisdn import parse_msisdn
from core.pin import parse_pin
from core.plan import (
    CADENCES,
    MAX_INSTALMENTS,
    SCHEMES,
    ByAmount,
    ByCount,
    PlanTerms,
)
from core.tariff import TariffVersion
from core.tokens.family import FAMILIES, VENDORS, can, lacking
from core.tokens.typed import new_meters
from gateway.payments.channel_table import channel_table
from operations.importing.fields import (
    Fields,
    amount,
    at_least_one,
    code,
    day,
    hint,
    many,
    money,
    one_of,
    positive,
    text,
    whole,
    yes_or_no,
)

TABLES = ("market", "village", "manufacturer", "tariff", "appliance", "plan", "agent")
DEVICE_KINDS = ("meter", "shs", "e_bike")

_SHARE = re.compile(r"[01](\.[0-9]{1,4})?")

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class _Place:
    """What the reading of entries depends on."""

    country: str
    currency: str
    language: str
    languages: tuple[str, ...]


def parse_catalogue(
    content: str, market: Market | None, spoken: tuple[str, ...]
) -> tuple[Catalogue, list[str]]:
    """The catalogue and what is wrong with it; entries with a problem are left out.

    `market` is the one in the books, for a file that has none; `spoken` are the languages with
    wordings. Raises BadInput when the text is not TOML or nothing can be made of it.
    """
    try:
        tables = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"this is not TOML: {error}") from error
    problems = [
        f"[{name}]: there is no such table{hint(name, TABLES)}"
        for name in tables.keys() - set(TABLES)
    ]
    given = _market(tables, spoken, problems)
    market = given or market
    if market is None:
        if "market" not in tables:
            problems.append("[market]: is missing, and the book is empty")
        raise BadInput(*problems)
    place = _Place(market.country, market.currency, market.default_language, market.languages)
    return Catalogue(
        market=given,
        villages=_entries(tables, "village", _village, place, problems),
        manufacturers=_entries(tables, "manufacturer", _manufacturer, place, problems),
        tariffs=_entries(tables, "tariff", _tariff, place, problems),
        appliances=_entries(tables, "appliance", _appliance, place, problems),
        plans=_entries(tables, "plan", _plan, place, problems),
        agents=_entries(tables, "agent", _agent, place, problems),
    ), problems


def _market(
    tables: Mapping[str, Any], spoken: tuple[str, ...], problems: list[str]
) -> Market | None:
    if "market" not in tables:
        return None
    if not isinstance(tables["market"], dict):
        problems.append("[market]: there is one market; write it as [market]")
        return None
    fields = Fields("market", tables["market"], problems)
    currency = fields.need("currency", market_facts.currency)
    money = amount(currency or "KES")
    market = Market(
        country=fields.need("country", market_facts.country),
        currency=currency,
        cash_unit_minor=fields.need("cash_unit", positive(money)),
        timezone=fields.need("timezone", market_facts.timezone),
        languages=fields.need("languages", at_least_one(one_of(*spoken))),
        service_code=fields.need("service_code", market_facts.service_code),
        operator=fields.need("operator", text),
        payment_max_minor=fields.may(
            "payment_max",
            positive(money),
            market_facts.usual_ceiling_minor(currency, channel_table()),
        ),
    )
    fields.refuse_unknown()
    return market if fields.is_good else None


def _entries(
    tables: Mapping[str, Any],
    table: str,
    read: Callable[[Fields, _Place], Entry],
    place: _Place,
    problems: list[str],
) -> tuple[Entry, ...]:
    """The good entries of a table; one that stands there twice is a problem."""
    entries: dict[object, Entry] = {}
    for where, values in _rows(tables, table, problems):
        fields = Fields(where, values, problems)
        entry = read(fields, place)
        fields.refuse_unknown()
        if not fields.is_good:
            continue
        key = _key(entry)
        if key in entries:
            problems.append(f"{where}: stands in the file twice")
        entries[key] = entry
    return tuple(entries.values())


def _rows(
    tables: Mapping[str, Any], table: str, problems: list[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    rows = tables.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        problems.append(f"[{table}]: write each one under a [[{table}]] of its own")
        return
    for number, row in enumerate(rows, start=1):
        name = row.get("msisdn" if table == "agent" else "code")
        yield (f'{table} "{name}"' if isinstance(name, str) else f"{table} number {number}"), row


def _key(entry: object) -> object:
    if isinstance(entry, TariffEntry):
        return entry.code, entry.version.valid_from
    return entry.msisdn if isinstance(entry, AgentEntry) else getattr(entry, "code")  # noqa: B009


def _village(fields: Fields, place: _Place) -> Village:
    return Village(fields.need("code", code), fields.need("name", text))


def _manufacturer(fields: Fields, place: _Place) -> Manufacturer:
    maker = Manufacturer(
        code=fields.need("code", code),
        name=fields.need("name", text),
        kinds=fields.need("kinds", at_least_one(one_of(*DEVICE_KINDS))),
        token_family=fields.need("token", one_of(*FAMILIES, *VENDORS, "none")),
        sts=fields.may("sts", _new_meters, None),
    )
    if maker.sts and not can(maker.token_family, "energy"):
        fields.problem("sts", "only a maker of STS meters has it")
    for kind in maker.kinds or ():
        if need := lacking(maker.token_family, kind):
            fields.problem("token", f"{maker.token_family} has no {need} tokens, as a {kind} needs")
    return maker


def _tariff(fields: Fields, place: _Place) -> TariffEntry:
    money = amount(place.currency)
    version = TariffVersion(
        valid_from=fields.need("valid_from", day),
        price_per_kwh_minor=fields.need("price_per_kwh", positive(money)),
        access_rate_minor=fields.may("access_rate", money, 0),
        access_every_days=fields.may("access_every_days", whole(1, 3650), None),
        minimum_purchase_minor=fields.may("minimum_purchase", money, 0),
    )
    if version.access_rate_minor and not version.access_every_days:
        fields.problem("access_every_days", "is missing: an access rate falls due every N days")
    return TariffEntry(fields.need("code", code), fields.need("name", text), version)


def _appliance(fields: Fields, place: _Place) -> Appliance:
    money = amount(place.currency)
    return Appliance(
        code=fields.need("code", code),
        name=fields.need("name", text),
        kind=fields.need("kind", one_of(*DEVICE_KINDS, "other")),
        price_minor=fields.need("price", money),
        initial_days=fields.may("initial_days", whole(0, 3650), 0),
        price_per_day_minor=fields.may("price_per_day", positive(money), None),
        minimum_payment_minor=fields.may("minimum_payment", money, 0),
    )


def _plan(fields: Fields, place: _Place) -> PlanOffer:
    plan, name = fields.need("code", code), fields.need("name", text)
    return PlanOffer(plan, name, _terms(fields, place.currency))


def _terms(fields: Fields, currency: str) -> PlanTerms:
    appliance = fields.need("appliance", code)
    scheme = fields.need("scheme", one_of(*SCHEMES))
    if scheme == "service":
        return PlanTerms.by_day(appliance, currency)
    cadence = fields.need("cadence", one_of(*CADENCES))
    down_payment = fields.may("down_payment", money(currency), Money(0, currency))
    schedule: ByCount | ByAmount
    if scheme == "amount":
        each = money(currency, positive(amount(currency)))
        schedule = ByAmount(fields.need("instalment", each))
    else:
        schedule = ByCount(fields.need("count", whole(1, MAX_INSTALMENTS)))
    return PlanTerms(appliance, schedule, cadence, down_payment)


def _agent(fields: Fields, place: _Place) -> AgentEntry:
    return AgentEntry(
        msisdn=fields.need("msisdn", lambda value: parse_msisdn(text(value), place.country)),
        name=fields.need("name", text),
        surname=fields.need("surname", text),
        language=fields.may("language", one_of(*place.languages), place.language),
        pin=fields.need("pin", _pin),
        pin_is_initial=fields.may("pin_is_initial", yes_or_no, True),
        float_limit_minor=fields.need("float_limit", amount(place.currency)),
        commission_collections_bp=fields.may("commission_collections", _share, 0),
        commission_sales_bp=fields.may("commission_sales", _share, 0),
        villages=fields.may("villages", many(code), ()),
    )


def _new_meters(value: object) -> dict[str, Any]:
    """What new meters of a maker leave the factory with, as the books keep it."""
    return new_meters(text(value)).stored()


def _pin(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('write it in quotes, like "0123": a number loses its zeros')
    return parse_pin(value)


def _share(value: object) -> int:
    """A share like "0.05" in hundredths of a percent: 500."""
    if not isinstance(value, str) or not _SHARE.fullmatch(value) or Decimal(value) > 1:
        raise ValueError(f'not a share: {value!r} (in quotes, like "0.05" for 5 percent)')
    return int(Decimal(value) * 10_000)
