"""Reading a catalogue file (TOML) strictly, with all of its problems together.

It reads only the text. What contradicts the database is found by `core.usecases.catalogue.load`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
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
    parse_account,
)
from core.errors import BadInput
from core.market import Market
from core.money import Money, typed_thousandths
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
from core.tokens.family import FAMILIES, can, lacking
from core.tokens.typed import new_meters
from core.vend import DEFAULT_ACCOUNT, VENDORS
from core.waterfall import STEPS, Waterfall
from gateway.payments.channel_table import channel_table
from operations.importing.fields import (
    Fields,
    amount,
    boolean,
    code,
    day,
    hint,
    list_of,
    money,
    non_empty_list_of,
    one_of,
    positive,
    text,
    whole_number,
)

TABLES = (
    "market",
    "village",
    "manufacturer",
    "tariff",
    "appliance",
    "plan",
    "agent",
    "waterfall",
)
DEVICE_KINDS = ("meter", "shs", "e_bike")

# What tells the entries of a table apart, where it is not a code.
_NAMED_BY = {"agent": "msisdn", "waterfall": "valid_from"}
_SHARE = re.compile(r"[01](\.[0-9]{1,4})?")

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class _Context:
    """The parts of the market that entries are read by."""

    country: str
    currency: str
    language: str
    languages: tuple[str, ...]


def parse_catalogue(
    content: str, market: Market | None, languages: tuple[str, ...]
) -> tuple[Catalogue, list[str]]:
    """Return the catalogue and its problems; entries with a problem are left out.

    `market` is the one in the database, for a file without a market. `languages` are those with a
    translation. Raises BadInput where the text is not TOML, or where there is no market.
    """
    try:
        tables = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"this is not TOML: {error}") from error
    problems = [
        f"[{name}]: there is no such table{hint(name, TABLES)}"
        for name in tables.keys() - set(TABLES)
    ]
    given = _market(tables, languages, problems)
    market = given or market
    if market is None:
        if "market" not in tables:
            problems.append("[market]: is missing, and the database has none")
        raise BadInput(*problems)
    context = _Context(market.country, market.currency, market.default_language, market.languages)
    return Catalogue(
        market=given,
        villages=_entries(tables, "village", _village, context, problems),
        manufacturers=_entries(tables, "manufacturer", _manufacturer, context, problems),
        tariffs=_entries(tables, "tariff", _tariff, context, problems),
        appliances=_entries(tables, "appliance", _appliance, context, problems),
        plans=_entries(tables, "plan", _plan, context, problems),
        agents=_entries(tables, "agent", _agent, context, problems),
        waterfalls=_entries(tables, "waterfall", _waterfall, context, problems),
    ), problems


def _market(
    tables: Mapping[str, Any], languages: tuple[str, ...], problems: list[str]
) -> Market | None:
    if "market" not in tables:
        return None
    if not isinstance(tables["market"], dict):
        problems.append("[market]: there is one market; write it as [market]")
        return None
    fields = Fields("market", tables["market"], problems)
    country = fields.required("country", market_facts.country)
    currency = fields.required("currency", market_facts.currency)
    money = amount(currency or "KES")
    market = Market(
        country=country,
        currency=currency,
        cash_unit_minor=fields.required("cash_unit", positive(money)),
        timezone=fields.required("timezone", market_facts.timezone),
        languages=fields.required("languages", non_empty_list_of(one_of(*languages))),
        service_code=fields.required("service_code", market_facts.service_code),
        operator=fields.required("operator", text),
        payment_max_minor=fields.optional(
            "payment_max",
            positive(money),
            market_facts.usual_ceiling_minor(currency, channel_table()),
        ),
        default_after_days=fields.optional("default_after_days", whole_number(1), None),
        help_line=fields.optional(
            "help_line", lambda value: market_facts.help_line(value, country or "KE"), None
        ),
        help_hours=fields.optional("help_hours", market_facts.help_hours, None),
        tax_number=fields.optional("tax_number", text, None),
        sms_countries=fields.optional("sms_countries", list_of(market_facts.country), ()),
    )
    fields.refuse_unknown()
    return market if fields.is_good else None


def _entries(
    tables: Mapping[str, Any],
    table: str,
    read: Callable[[Fields, _Context], Entry],
    context: _Context,
    problems: list[str],
) -> tuple[Entry, ...]:
    """Return the good entries of a table. An entry that appears twice is a problem."""
    entries: dict[object, Entry] = {}
    for where, values in _rows(tables, table, problems):
        fields = Fields(where, values, problems)
        entry = read(fields, context)
        fields.refuse_unknown()
        if not fields.is_good:
            continue
        key = _key(entry)
        if key in entries:
            problems.append(f"{where}: appears twice")
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
        name = row.get(_NAMED_BY.get(table, "code"))
        is_named = isinstance(name, str | date)
        yield (f'{table} "{name}"' if is_named else f"{table} number {number}"), row


def _key(entry: object) -> object:
    if isinstance(entry, TariffEntry):
        return entry.code, entry.version.valid_from
    if isinstance(entry, Waterfall):
        return entry.valid_from
    return entry.msisdn if isinstance(entry, AgentEntry) else getattr(entry, "code")  # noqa: B009


def _village(fields: Fields, context: _Context) -> Village:
    return Village(fields.required("code", code), fields.required("name", text))


def _account(value: object) -> str:
    return parse_account(text(value))


def _manufacturer(fields: Fields, context: _Context) -> Manufacturer:
    manufacturer = Manufacturer(
        code=fields.required("code", code),
        name=fields.required("name", text),
        kinds=fields.required("kinds", non_empty_list_of(one_of(*DEVICE_KINDS))),
        token_family=fields.required("token", one_of(*FAMILIES, *VENDORS, "none")),
        sts=fields.optional("sts", _new_meters, None),
        account=fields.optional("account", _account, DEFAULT_ACCOUNT),
    )
    if manufacturer.sts and not can(manufacturer.token_family, "energy"):
        fields.problem("sts", "only a manufacturer of STS meters has it")
    for kind in manufacturer.kinds or ():
        if need := lacking(manufacturer.token_family, kind):
            fields.problem(
                "token", f"{manufacturer.token_family} has no {need} tokens, as a {kind} needs"
            )
    return manufacturer


def _tariff(fields: Fields, context: _Context) -> TariffEntry:
    money, price = amount(context.currency), amount(context.currency, typed_thousandths)
    version = TariffVersion(
        valid_from=fields.required("valid_from", day),
        price_per_kwh_thousandths=fields.required("price_per_kwh", positive(price)),
        access_rate_minor=fields.optional("access_rate", money, 0),
        access_every_days=fields.optional("access_every_days", whole_number(1, 3650), None),
        minimum_purchase_minor=fields.optional("minimum_purchase", money, 0),
    )
    if version.access_rate_minor and not version.access_every_days:
        fields.problem("access_every_days", "is missing: an access rate falls due every N days")
    return TariffEntry(fields.required("code", code), fields.required("name", text), version)


def _appliance(fields: Fields, context: _Context) -> Appliance:
    money = amount(context.currency)
    return Appliance(
        code=fields.required("code", code),
        name=fields.required("name", text),
        kind=fields.required("kind", one_of(*DEVICE_KINDS, "other")),
        price_minor=fields.required("price", money),
        initial_days=fields.optional("initial_days", whole_number(0, 3650), 0),
        price_per_day_minor=fields.optional("price_per_day", positive(money), None),
        minimum_payment_minor=fields.optional("minimum_payment", money, 0),
    )


def _plan(fields: Fields, context: _Context) -> PlanOffer:
    plan, name = fields.required("code", code), fields.required("name", text)
    return PlanOffer(plan, name, _terms(fields, context.currency))


def _terms(fields: Fields, currency: str) -> PlanTerms:
    appliance = fields.required("appliance", code)
    scheme = fields.required("scheme", one_of(*SCHEMES))
    if scheme == "service":
        return PlanTerms.by_day(appliance, currency)
    cadence = fields.required("cadence", one_of(*CADENCES))
    down_payment = fields.optional("down_payment", money(currency), Money(0, currency))
    schedule: ByCount | ByAmount
    if scheme == "amount":
        each = money(currency, positive(amount(currency)))
        schedule = ByAmount(fields.required("instalment", each))
    else:
        schedule = ByCount(fields.required("count", whole_number(1, MAX_INSTALMENTS)))
    return PlanTerms(appliance, schedule, cadence, down_payment)


def _agent(fields: Fields, context: _Context) -> AgentEntry:
    return AgentEntry(
        msisdn=fields.required("msisdn", lambda value: parse_msisdn(text(value), context.country)),
        name=fields.required("name", text),
        surname=fields.required("surname", text),
        language=fields.optional("language", one_of(*context.languages), context.language),
        pin=fields.required("pin", _pin),
        pin_is_initial=fields.optional("pin_is_initial", boolean, True),
        float_limit_minor=fields.required("float_limit", amount(context.currency)),
        commission_collections_bp=fields.optional("commission_collections", _share, 0),
        commission_sales_bp=fields.optional("commission_sales", _share, 0),
        villages=fields.optional("villages", list_of(code), ()),
    )


def _waterfall(fields: Fields, context: _Context) -> Waterfall:
    steps = fields.required("order", list_of(one_of(*STEPS)))
    if fields.is_good and len(steps) < len(STEPS):
        fields.problem("order", f"has to name each of {', '.join(STEPS)}")
    percent = fields.optional("lifeline_percent", whole_number(0, 100), None)
    return Waterfall(fields.required("valid_from", day), steps, percent)


def _new_meters(value: object) -> dict[str, Any]:
    """Return the STS data that new meters of a manufacturer have, as the database stores it."""
    return new_meters(text(value)).stored()


def _pin(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('write it in quotes, like "0123": a number would lose its zeros')
    return parse_pin(value)


def _share(value: object) -> int:
    """Return a share like "0.05" in basis points: 500."""
    if not isinstance(value, str) or not _SHARE.fullmatch(value) or Decimal(value) > 1:
        raise ValueError(f'not a share: {value!r} (in quotes, like "0.05" for 5 percent)')
    return int(Decimal(value) * 10_000)
