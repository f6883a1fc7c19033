"""Tariffs: prices from a day on, added and renamed; meters moved to another tariff. Past charges
never change."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from core.catalogue import TariffEntry
from core.db.console.audit import audit_of
from core.db.console.catalogue import TARIFFS, TariffName, find_tariff, meters_on
from core.db.tariffs import tariff_versions
from core.errors import Refused
from core.money import UnitPrice, major, major_price
from core.tariff import TariffVersion, version_on
from core.unit import Unit
from core.usecases.catalogue.access_fees import move_tariff
from core.usecases.catalogue.change import add_to_catalogue, change_catalogue
from gateway.console import parsing
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import COUNT, DAY, MONEY, MONOSPACE, UNIT_PRICE, day, money
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import Column, Listing, list_page
from gateway.console.pages.purchases import Purchase, purchase, purchase_lines, usual_purchases
from gateway.console.pages.shared_fields import catalogue_options, code_field

blueprint = Blueprint("tariffs", __name__)

_TEN_YEARS = timedelta(days=3660)
_ERRORS_AT = {
    "code_taken": "code",
    "catalogue_contradicts": "valid_from",
    "access_days_missing": "every_days",
}

list_page(
    blueprint,
    "/tariffs/",
    "tariffs",
    Listing(
        "Tariffs",
        TARIFFS,
        columns=(
            Column("Code", "code", MONOSPACE, "tariffs.tariff", "tariff_id"),
            Column("Name", "name"),
            Column("Price of a kWh", "price_per_kwh_thousandths", UNIT_PRICE),
            Column("Access rate", "access_rate_minor", MONEY),
            Column("Access days", "access_every_days", COUNT),
            Column("Minimum purchase", "minimum_purchase_minor", MONEY),
            Column("Valid from", "valid_from", DAY),
            Column("Next prices", "changes_on", DAY),
            Column("Meters", "meters", COUNT),
        ),
        fixed_values=lambda unit: {"today": unit.today},
        buttons=(("Add a tariff", "tariffs.add"),),
    ),
)


@page(blueprint, "/tariffs/<int:tariff_id>", "view")
def tariff(tariff_id: int) -> ResponseReturnValue:
    """Show a tariff: its prices from each day on, and what payments buy."""
    with console().read_only_unit() as unit:
        versions = _tariff_versions(unit, tariff_id)
        in_force = version_on(versions, unit.today)
        asked, problem = _purchase_asked(unit, in_force)
        return render_template(
            "tariff.html",
            unit=unit,
            tariff=_get_tariff(unit, tariff_id),
            versions=versions,
            in_force=in_force,
            asked=asked,
            problem=problem,
            purchases=usual_purchases(in_force, unit.market) if in_force else (),
            meters=meters_on(unit.connection, tariff_id),
            audit=audit_of(unit.connection, "tariff", tariff_id),
        )


def _purchase_asked(unit: Unit, in_force: TariffVersion | None) -> tuple[Purchase | None, str]:
    """Return what the amount in the query buys, or the problem with the amount."""
    typed = request.args.get("pays", "").strip()
    if not typed or in_force is None:
        return None, ""
    try:
        return purchase(in_force, parsing.amount_minor(unit, parsing.plain_text(typed))), ""
    except ValueError as problem:
        return None, str(problem)


def _get_tariff(unit: Unit, tariff_id: int) -> TariffName:
    return find_tariff(unit.connection, tariff_id) or abort(404)


def _tariff_versions(unit: Unit, tariff_id: int) -> list[TariffVersion]:
    return tariff_versions(unit.connection, [tariff_id]).get(tariff_id, [])


def _tariff_summary(unit: Unit, tariff_id: int) -> list[tuple[str, str]]:
    found = _get_tariff(unit, tariff_id)
    return [
        ("Tariff", f"{found.name} ({found.code})"),
        ("Meters", str(meters_on(unit.connection, tariff_id))),
    ]


def _describe_version(unit: Unit, version: TariffVersion) -> str:
    market = unit.market
    price = UnitPrice(version.price_per_kwh_thousandths, market.currency)
    line = f"From {day(version.valid_from)}: {price} a kWh"
    if version.access_rate_minor:
        rate = money(version.access_rate_minor, market)
        line += f", access rate {rate} every {version.access_every_days} days"
    if version.minimum_purchase_minor:
        line += f", minimum purchase {money(version.minimum_purchase_minor, market)}"
    return line


def _preview_prices(unit: Unit, done: Done) -> list[str]:
    """Return all prices, and what payments buy at the latest of them."""
    versions = _tariff_versions(unit, done.ids["tariff_id"])
    purchases = purchase_lines(usual_purchases(versions[-1], unit.market), unit.market)
    return [*(_describe_version(unit, version) for version in versions), *purchases]


def _parse_first_day(unit: Unit, typed: str) -> date:
    on = parsing.day(unit, typed)
    if abs(on - unit.today) > _TEN_YEARS:
        raise ValueError("choose a day within ten years")
    return on


def _price_fields(unit: Unit, latest: TariffVersion | None = None) -> tuple[Field, ...]:
    def start(minor: int | None) -> str:
        return major(minor, unit.market.currency) if minor else ""

    known = latest or TariffVersion(unit.today, 0)
    price = known.price_per_kwh_thousandths
    first_on = unit.today + timedelta(days=1) if latest else unit.today
    return (
        Field("valid_from", "Valid from", _parse_first_day, "date", value=first_on.isoformat()),
        Field(
            "price", "Price of a kWh", parsing.price_thousandths,
            value=major_price(price, unit.market.currency) if price else "",
        ),
        Field(
            "access", "Access rate", parsing.amount_minor, optional=True,
            value=start(known.access_rate_minor),
        ),
        Field(
            "every_days", "Access rate due every (days)", parsing.days, optional=True,
            value=str(known.access_every_days or ""),
        ),
        Field(
            "minimum", "Minimum purchase", parsing.amount_minor, optional=True,
            value=start(known.minimum_purchase_minor),
        ),
    )  # fmt: skip


def _read_version(values: Values) -> TariffVersion:
    if values["access"] and not values["every_days"]:
        raise Refused("access_days_missing")
    return TariffVersion(
        values["valid_from"],
        values["price"],
        values["access"] or 0,
        values["every_days"] or None,
        values["minimum"] or 0,
    )


def _add_tariff(unit: Unit, operator: str, values: Values) -> Done:
    entry = TariffEntry(values["code"], values["name"], _read_version(values))
    tariff_id = add_to_catalogue(unit, entry, operator, values["reason"])
    return Done("The tariff was added.", "tariffs.tariff", {"tariff_id": tariff_id})


action_page(
    blueprint,
    "/tariffs/new",
    "add",
    "catalogue",
    Form(
        "Add a tariff",
        lambda unit: (
            code_field(),
            Field("name", "Name", parsing.name),
            *_price_fields(unit),
        ),
        _add_tariff,
        button="Add",
        errors_at=_ERRORS_AT,
        preview=_preview_prices,
    ),
)


def _version_fields(unit: Unit, tariff_id: int) -> tuple[Field, ...]:
    _get_tariff(unit, tariff_id)
    versions = _tariff_versions(unit, tariff_id)
    return _price_fields(unit, versions[-1] if versions else None)


def _add_version(unit: Unit, operator: str, values: Values, tariff_id: int) -> Done:
    found = _get_tariff(unit, tariff_id)
    entry = TariffEntry(found.code, found.name, _read_version(values))
    change_catalogue(unit, entry, operator, values["reason"])
    return Done("The new prices are saved.", "tariffs.tariff", {"tariff_id": tariff_id})


action_page(
    blueprint,
    "/tariffs/<int:tariff_id>/prices",
    "new_prices",
    "catalogue",
    Form(
        "New prices",
        _version_fields,
        _add_version,
        errors_at=_ERRORS_AT,
        summary=_tariff_summary,
        preview=_preview_prices,
    ),
)


def _rename_tariff(unit: Unit, operator: str, values: Values, tariff_id: int) -> Done:
    versions = _tariff_versions(unit, tariff_id) or abort(404)
    entry = TariffEntry(_get_tariff(unit, tariff_id).code, values["name"], versions[-1])
    change_catalogue(unit, entry, operator, values["reason"])
    return Done("Saved.", "tariffs.tariff", {"tariff_id": tariff_id})


action_page(
    blueprint,
    "/tariffs/<int:tariff_id>/name",
    "rename",
    "catalogue",
    Form(
        "Rename a tariff",
        lambda unit, tariff_id: (
            Field("name", "Name", parsing.name, value=_get_tariff(unit, tariff_id).name),
        ),
        _rename_tariff,
        summary=_tariff_summary,
    ),
)


def _move_meters(unit: Unit, operator: str, values: Values, tariff_id: int) -> Done:
    old = _get_tariff(unit, tariff_id).code
    moved = move_tariff(unit, old, values["tariff"], operator, values["reason"])
    meters = "1 meter was" if moved == 1 else f"{moved} meters were"
    message = f"{meters} moved from {old} to {values['tariff']}"
    return Done(message, "tariffs.tariff", {"tariff_id": tariff_id})


def _preview_move(unit: Unit, done: Done) -> list[str]:
    charged = "Access rates that are due are charged now. The next period starts today"
    return [done.message, charged]


action_page(
    blueprint,
    "/tariffs/<int:tariff_id>/move",
    "move",
    "catalogue",
    Form(
        "Move all meters to another tariff",
        lambda unit, tariff_id: (
            Field("tariff", "New tariff", kind="select", options=catalogue_options("tariffs")),
        ),
        _move_meters,
        button="Move the meters",
        errors_at=dict.fromkeys(("tariff_same", "tariff_not_begun"), "tariff"),
        summary=_tariff_summary,
        preview=_preview_move,
    ),
)
