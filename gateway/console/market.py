"""The market: set up on an empty book, put right later. Owners only."""

from __future__ import annotations

from flask import Blueprint

from core import market_facts
from core.errors import Refused
from core.market import Market
from core.money import major, typed_minor
from core.unit import Unit
from core.usecases.set_up_market import set_up_market
from core.wording.spoken import LANGUAGES
from gateway.console.desk import BLANK_MARKET
from gateway.console.forms import Done, Field, Form, Values, act_page

pages = Blueprint("market", __name__)


def _languages(unit: Unit, typed: str) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(typed.replace(",", " ").lower().split()))
    for code in given:
        if code not in LANGUAGES:
            raise ValueError(f"{code} is not spoken; there are {', '.join(LANGUAGES)}")
    return given


def _fields(unit: Unit) -> tuple[Field, ...]:
    market = unit.market
    known = market is not BLANK_MARKET
    cash_unit = major(market.cash_unit_minor, market.currency) if known else ""
    most = major(market.payment_max_minor, market.currency) if known else ""
    return (
        Field("operator", "Operator", hint="Your name, as texts sign.", value=market.operator),
        Field(
            "country",
            "Country",
            lambda _, typed: market_facts.country(typed.upper()),
            hint="Two letters, like KE: how local phone numbers are read.",
            value=market.country,
        ),
        Field(
            "currency",
            "Currency",
            lambda _, typed: market_facts.currency(typed.upper()),
            hint="Three letters, like KES.",
            value=market.currency,
        ),
        Field(
            "cash_unit",
            "Smallest cash amount",
            hint="What a customer can really pay, like 1.00.",
            value=cash_unit,
        ),
        Field(
            "timezone",
            "Time zone",
            lambda _, typed: market_facts.timezone(typed),
            hint="Like Africa/Nairobi.",
            value=market.timezone if known else "",
        ),
        Field(
            "languages",
            "Languages",
            _languages,
            hint=f"Of {', '.join(LANGUAGES)}; the first is everybody's until they choose.",
            value=" ".join(market.languages) if known else "",
        ),
        Field(
            "service_code",
            "Service code",
            lambda _, typed: market_facts.service_code(typed),
            hint="What people dial, like *384*96#.",
            value=market.service_code,
        ),
        Field(
            "payment_max",
            "Largest payment",
            optional=True,
            hint="Empty: what mobile money allows.",
            value=most,
        ),
    )


def _set_up(unit: Unit, who: str, values: Values) -> Done:
    currency = values["currency"]
    market = Market(
        country=values["country"],
        currency=currency,
        cash_unit_minor=_minor("cash_unit_wrong", values["cash_unit"], currency),
        timezone=values["timezone"],
        languages=values["languages"],
        service_code=values["service_code"],
        operator=values["operator"],
        payment_max_minor=_minor("payment_max_wrong", values["payment_max"], currency)
        if values["payment_max"]
        else market_facts.usual_ceiling_minor(currency),
    )
    set_up_market(unit, market, who, values["reason"])
    return Done("The market is set up.", "today.today")


def _minor(code: str, typed: str, currency: str) -> int:
    """An amount above nothing in the currency that was typed beside it. Raises Refused(code)."""
    try:
        minor = typed_minor(typed, currency)
    except ValueError as error:
        raise Refused(code, problem=str(error)) from None
    if not minor:
        raise Refused(code, problem="it is more than nothing")
    return minor


act_page(
    pages,
    "/market",
    "market",
    "market",
    Form(
        "The market",
        _fields,
        _set_up,
        beside={
            "catalogue_contradicts": "currency",
            "cash_unit_wrong": "cash_unit",
            "payment_max_wrong": "payment_max",
        },
    ),
)
