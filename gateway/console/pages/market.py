"""The market: set up in an empty database, edited later. Owners only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint

from core import market_facts
from core.errors import Refused
from core.market import Market
from core.money import major, typed_minor
from core.unit import Unit
from core.usecases.catalogue.change import set_up_market
from core.wording.product import LANGUAGES
from gateway.console import parsing
from gateway.console.console_context import BLANK_MARKET
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.payments.channel_table import channel_table

blueprint = Blueprint("market", __name__)


def _parse_languages(unit: Unit, typed: str) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(typed.replace(",", " ").lower().split()))
    for code in given:
        if code not in LANGUAGES:
            raise ValueError(f"{code} is not available; choose from {', '.join(LANGUAGES)}")
    return given


def _market_fields(unit: Unit) -> tuple[Field, ...]:
    market = unit.market

    def text_field(name: str, label: str, read: Callable[[str], str], hint: str) -> Field:
        return Field(
            name, label, lambda _, typed: read(typed), hint=hint, value=getattr(market, name)
        )

    def amount(minor: int) -> str:
        return "" if market is BLANK_MARKET else major(minor, market.currency)

    languages = f"From {', '.join(LANGUAGES)}. The first is the default."
    return (
        Field("operator", "Operator", hint="Your company, as SMS sign.", value=market.operator),
        text_field("country", "Country", lambda typed: market_facts.country(typed.upper()),
             "Two letters, like KE. It decides how local phone numbers are read."),
        text_field("currency", "Currency", lambda typed: market_facts.currency(typed.upper()),
             "Three letters, like KES."),
        Field("cash_unit", "Smallest cash amount", value=amount(market.cash_unit_minor),
              hint="The smallest coin or note in use, like 1.00."),
        replace(text_field("timezone", "Time zone", market_facts.timezone, "Like Africa/Nairobi."),
                value="" if market is BLANK_MARKET else market.timezone),
        Field("languages", "Languages", _parse_languages, hint=languages,
              value="" if market is BLANK_MARKET else " ".join(market.languages)),
        text_field("service_code", "Service code", market_facts.service_code,
             "What callers dial, like *384*96#."),
        Field("payment_max", "Largest payment", optional=True,
              value=amount(market.payment_max_minor), hint="Empty: the limit of mobile money."),
        Field("default_after", "Days late until a sale is in default", parsing.whole_number,
              optional=True, value=str(market.default_after_days or ""),
              hint="Empty: only an operator decides that."),
        Field("help_line", "Help line", optional=True, value=market.help_line or "",
              hint="The telephone number that customers call, like +254700000000."),
        Field("help_hours", "Hours of the help line", hint="Like 8-18.", optional=True,
              parse=lambda _, typed: market_facts.help_hours(typed), value=market.help_hours or ""),
        Field("tax_number", "Tax number", optional=True, value=market.tax_number or "",
              hint="Your number with the tax office."),
        Field("sms_countries", "Other countries answered by SMS", parse=_parse_countries,
              optional=True, value=" ".join(market.sms_countries),
              hint="Like UG TZ. Strangers of other countries get no answer."),
    )  # fmt: skip


def _parse_countries(unit: Unit, typed: str) -> tuple[str, ...]:
    return tuple(market_facts.country(word) for word in typed.replace(",", " ").split())


def _set_up(unit: Unit, operator: str, values: Values) -> Done:
    currency = values["currency"]
    market = Market(
        country=values["country"],
        currency=currency,
        cash_unit_minor=_parse_amount("cash_unit_wrong", values["cash_unit"], currency),
        timezone=values["timezone"],
        languages=values["languages"],
        service_code=values["service_code"],
        operator=values["operator"],
        payment_max_minor=_parse_amount("payment_max_wrong", values["payment_max"], currency)
        if values["payment_max"]
        else market_facts.usual_ceiling_minor(currency, channel_table()),
        default_after_days=values["default_after"] or None,
        help_line=_parse_help_line(values["help_line"], values["country"]),
        help_hours=values["help_hours"] or None,
        tax_number=values["tax_number"] or None,
        sms_countries=values["sms_countries"] or (),
    )
    set_up_market(unit, market, operator, values["reason"])
    return Done("The market is saved.", "dashboard.dashboard")


def _parse_help_line(typed: str, country: str) -> str | None:
    """Return the number as typed in that country, in E.164. Raises Refused("help_line_wrong")."""
    try:
        return market_facts.help_line(typed, country) if typed else None
    except ValueError as error:
        raise Refused("help_line_wrong", problem=str(error)) from None


def _parse_amount(code: str, typed: str, currency: str) -> int:
    """Return an amount above 0 in the currency that was typed. Raises Refused(code)."""
    try:
        minor = typed_minor(typed, currency)
    except ValueError as error:
        raise Refused(code, problem=str(error)) from None
    if not minor:
        raise Refused(code, problem="it must be more than 0")
    return minor


action_page(
    blueprint,
    "/market",
    "market",
    "market",
    Form(
        "The market",
        _market_fields,
        _set_up,
        errors_at={
            "catalogue_contradicts": "currency",
            "cash_unit_wrong": "cash_unit",
            "payment_max_wrong": "payment_max",
            "help_line_wrong": "help_line",
        },
    ),
)
