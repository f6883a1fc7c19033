"""Plans: the payment plans that are allowed for an appliance. Existing sales keep their terms."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, abort

from core.catalogue import PlanOffer
from core.db.console.catalogue import PLANS, find_plan_code
from core.db.plan_offers import find_plan, terms_as_stored
from core.errors import Refused
from core.money import major
from core.plan import ByDay, PlanTerms
from core.plan_quote import ServiceQuote
from core.unit import Unit
from core.usecases.catalogue.change import add_to_catalogue, change_catalogue, withdraw_plan
from core.usecases.sales.quote import quote_offer
from gateway.console import parsing
from gateway.console.formatting import COUNT, LABEL, MONEY, MONOSPACE, day, money
from gateway.console.forms import Done, Field, Form, Values, action_page, no_fields
from gateway.console.listing import Column, Listing, list_page
from gateway.console.pages.shared_fields import (
    CADENCE_OPTIONS,
    SCHEME_OPTIONS,
    code_field,
    plan_fields,
    read_terms,
)

blueprint = Blueprint("plans", __name__)

_ERRORS_AT = {"code_taken": "code", "appliance_unknown": "appliance"}

list_page(
    blueprint,
    "/plans/",
    "plans",
    Listing(
        "Plans",
        PLANS,
        columns=(
            Column("Code", "code", MONOSPACE, "plans.edit", "plan_id"),
            Column("Name", "name"),
            Column("Appliance", "appliance"),
            Column("Scheme", "scheme", LABEL),
            Column("Instalments", "count", COUNT),
            Column("Instalment", "instalment_minor", MONEY),
            Column("Cadence", "cadence", LABEL),
            Column("Down payment", "down_payment_minor", MONEY),
            Column("Preset on devices", "devices", COUNT),
        ),
        buttons=(("Add a plan", "plans.add"),),
        intro="If an appliance has plans, agents can sell it only on one of them. Otherwise agents"
        " and customers agree on the terms freely.",
    ),
)


def _plan_fields() -> tuple[Field, ...]:
    return (
        Field("name", "Name", parsing.name, hint="Shown to agents."),
        *plan_fields("Appliance and terms"),
    )


def _offer(unit: Unit, code: str, values: Values) -> PlanOffer:
    if values["appliance"] is None:
        raise Refused("appliance_unknown", appliance="")
    terms = read_terms(unit, values)
    if isinstance(terms.schedule, ByDay):
        terms = PlanTerms.by_day(terms.appliance, unit.market.currency)
    return PlanOffer(code, values["name"], terms)


def _add_plan(unit: Unit, operator: str, values: Values) -> Done:
    offer = _offer(unit, values["code"], values)
    plan_id = add_to_catalogue(unit, offer, operator, values["reason"])
    return Done("The plan was added.", "plans.edit", {"plan_id": plan_id})


def _preview_plan(unit: Unit, done: Done) -> list[str]:
    """Return the instalments of a sale on this plan today."""
    market = unit.market
    quote = quote_offer(unit, _get_plan(unit, done.ids["plan_id"]).code)
    if isinstance(quote, ServiceQuote):
        a_day, least = money(quote.per_day.minor, market), money(quote.least.minor, market)
        return [f"{a_day} a day, minimum payment {least}"]
    lines = [f"{quote.parts} instalments of {money(quote.each.minor, market)}"]
    if quote.last != quote.each:
        lines = [f"{lines[0]}, the last one {money(quote.last.minor, market)}"]
    if quote.down_payment:
        lines = [f"Down payment {money(quote.down_payment.minor, market)}", *lines]
    cadence = dict(CADENCE_OPTIONS)[quote.cadence]
    return [*lines, f"Due {cadence}, the first one on {day(quote.first_on)} if it is sold today"]


action_page(
    blueprint,
    "/plans/new",
    "add",
    "catalogue",
    Form(
        "Add a plan",
        lambda unit: (
            code_field(),
            *_plan_fields(),
        ),
        _add_plan,
        button="Add",
        errors_at=_ERRORS_AT,
        preview=_preview_plan,
    ),
)


def _get_plan(unit: Unit, plan_id: int) -> PlanOffer:
    code = find_plan_code(unit.connection, plan_id) or abort(404)
    _, offer = find_plan(unit.connection, code, unit.market.currency) or abort(404)
    return offer


def _edit_fields(unit: Unit, plan_id: int) -> tuple[Field, ...]:
    """Return the fields with the present values of the plan."""
    offer = _get_plan(unit, plan_id)
    terms, currency = offer.terms, unit.market.currency

    def amount(minor: int | None) -> str:
        return major(minor, currency) if minor else ""

    stored = terms_as_stored(terms)
    given = {
        "name": offer.name,
        "appliance": terms.appliance,
        "scheme": stored["scheme"],
        "count": str(stored["count"] or ""),
        "instalment": amount(stored["instalment_minor"]),
        "cadence": terms.cadence,
        "down_payment": amount(stored["down_payment_minor"]),
    }
    return tuple(replace(field, value=given[field.name]) for field in _plan_fields())


def _edit_plan(unit: Unit, operator: str, values: Values, plan_id: int) -> Done:
    offer = _offer(unit, _get_plan(unit, plan_id).code, values)
    change_catalogue(unit, offer, operator, values["reason"])
    message = "Saved. Existing sales keep their instalments."
    return Done(message, "plans.edit", {"plan_id": plan_id})


def _plan_summary(unit: Unit, plan_id: int) -> list[tuple[str, str]]:
    offer = _get_plan(unit, plan_id)
    return [("Code", offer.code), ("Scheme", dict(SCHEME_OPTIONS)[offer.terms.schedule.scheme])]


action_page(
    blueprint,
    "/plans/<int:plan_id>",
    "edit",
    "catalogue",
    Form(
        "Edit a plan",
        _edit_fields,
        _edit_plan,
        errors_at=_ERRORS_AT,
        summary=_plan_summary,
        preview=_preview_plan,
        links=(("Withdraw", "plans.withdraw"),),
    ),
)


def _withdraw_plan(unit: Unit, operator: str, values: Values, plan_id: int) -> Done:
    withdraw_plan(unit, _get_plan(unit, plan_id).code, operator, values["reason"])
    return Done("The plan is withdrawn. Existing sales keep their instalments.", "plans.plans")


action_page(
    blueprint,
    "/plans/<int:plan_id>/withdraw",
    "withdraw",
    "catalogue",
    Form("Withdraw a plan", no_fields, _withdraw_plan, button="Withdraw", summary=_plan_summary),
)
