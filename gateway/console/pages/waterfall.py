"""The order in which payments pay, from a day on. Payments that were made keep theirs."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

from flask import Blueprint

from core.db.console.catalogue import WATERFALLS
from core.db.waterfalls import all_waterfalls
from core.tariff import TariffVersion
from core.unit import Unit
from core.usecases.catalogue.waterfalls import change_waterfall
from core.waterfall import (
    DEFAULT_WATERFALL,
    STEPS,
    Obligation,
    Target,
    Waterfall,
    apply_money,
    waterfall_on,
)
from gateway.console import parsing
from gateway.console.formatting import DAY, day, label, money
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import Column, Listing, list_page

blueprint = Blueprint("waterfall", __name__)

_INTRO = (
    "What a payment pays first. Arrears are down payments and instalments that are due. Money owed"
    " for a payment that was taken back always comes before them. The lifeline is how much of a"
    " payment for a meter may go to debts; the rest is for energy."
)
_ORDERS = {" ".join(steps): steps for steps in permutations(STEPS)}

list_page(
    blueprint,
    "/waterfall/",
    "waterfall",
    Listing(
        "Order of payment",
        WATERFALLS,
        columns=(
            Column("Valid from", "valid_from", DAY),
            Column("Order", "steps"),
            Column("Lifeline", "lifeline"),
        ),
        buttons=(("New order", "waterfall.change"),),
        intro=_INTRO,
    ),
)


def _describe_order(waterfall: Waterfall) -> str:
    steps = ", ".join(label(step) for step in waterfall.steps)
    percent = waterfall.lifeline_percent
    lifeline = "" if percent is None else f"; debts get at most {percent} % of money for a meter"
    since = "Until then" if waterfall == DEFAULT_WATERFALL else f"From {day(waterfall.valid_from)}"
    return f"{since}: {steps}{lifeline}"


def _parse_percent(unit: Unit, typed: str) -> int:
    percent = parsing.whole_number(unit, typed)
    if percent > 100:
        raise ValueError("at most 100")
    return percent


def _fields(unit: Unit) -> tuple[Field, ...]:
    in_force = waterfall_on(all_waterfalls(unit.connection), unit.today)
    options = [(value, ", ".join(map(label, steps))) for value, steps in _ORDERS.items()]
    tomorrow = unit.today + timedelta(days=1)
    percent = in_force.lifeline_percent
    return (
        Field("valid_from", "Valid from", parsing.day, "date", value=tomorrow.isoformat()),
        Field(
            "order", "Order", kind="select", options=lambda _: options,
            value=" ".join(in_force.steps),
        ),
        Field(
            "lifeline", "Lifeline (percent)", _parse_percent, optional=True,
            value="" if percent is None else str(percent),
            hint="At most so much of a payment for a meter goes to debts. Empty: no limit.",
        ),
    )  # fmt: skip


def _change_order(unit: Unit, operator: str, values: Values) -> Done:
    waterfall = Waterfall(values["valid_from"], _ORDERS[values["order"]], values["lifeline"])
    change_waterfall(unit, waterfall, operator, values["reason"])
    return Done("The order of payment is saved.", "waterfall.waterfall")


def _preview(unit: Unit, done: Done) -> list[str]:
    """Return all orders, and what a payment does in each that is or comes in force."""
    versions = [DEFAULT_WATERFALL, *all_waterfalls(unit.connection)]
    lines = [_describe_order(version) for version in versions]
    for day_on in sorted({unit.today, *(version.valid_from for version in versions[1:])}):
        if day_on >= unit.today:
            lines.append(
                f"On {day(day_on)}: {_describe_example(unit, waterfall_on(versions, day_on))}"
            )
    return lines


def _describe_example(unit: Unit, waterfall: Waterfall) -> str:
    """Return what becomes of 600 for a meter whose owner owes an instalment of 300 and a fee of
    200."""
    unit_minor, today = unit.market.cash_unit_minor * 100, date.max
    owed = [
        Obligation("instalment", None, today, 3 * unit_minor, sale_id=1),
        Obligation("access_rate", None, today, 2 * unit_minor),
    ]
    meter = Target(0, tariff=TariffVersion(today, unit_minor * 1000))
    outcome = apply_money(6 * unit_minor, 0, owed, meter, today, waterfall=waterfall)
    paid = money(6 * unit_minor, unit.market)
    parts = (
        f"{label(line.kind)} {money(line.amount_minor, unit.market)}" for line in outcome.lines
    )
    return f"of {paid} for a meter, {', '.join(parts)}"


action_page(
    blueprint,
    "/waterfall/new",
    "change",
    "catalogue",
    Form(
        "New order of payment",
        _fields,
        _change_order,
        errors_at={"catalogue_contradicts": "valid_from"},
        preview=_preview,
    ),
)
