"""Sales: the list, one page each; sold, repriced and rescheduled, after a preview."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from core.db.console.audit import audit_of
from core.db.console.sales import SALES, SaleDetails, find_sale_details, instalments_of_sale
from core.errors import Refused
from core.money import Money, major
from core.plan import ByAmount, ByCount
from core.sale import RUNNING, SALE_STATES
from core.unit import Unit
from core.usecases.devices.stock import NamedDevice
from core.usecases.sales.change_sale import NewSchedule, reprice_sale, reschedule_sale
from core.usecases.sales.sell import NewSale, find_sale_before, sell_by_operator
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.auth import page
from gateway.console.console_context import console
from gateway.console.formatting import DAY, MONEY, MONOSPACE, STATE, money
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import (
    Column,
    Filter,
    Listing,
    customer_column,
    list_page,
    state_filter,
)
from gateway.console.pages.shared_fields import (
    CADENCE_OPTIONS,
    plan_fields,
    plan_lines,
    read_terms_for,
)

blueprint = Blueprint("sales", __name__)

_SMS_SENT = "The customer gets an SMS."


def _parse_late(unit: Unit, typed: str) -> Mapping[str, Any]:
    if typed != "yes":
        raise ValueError("choose a value from the list")
    return {"late": unit.today}


list_page(
    blueprint,
    "/sales/",
    "sales",
    Listing(
        "Sales",
        SALES,
        columns=(
            Column("Sold", "sold_on", DAY, "sales.sale", "sale_id"),
            customer_column(),
            Column("Appliance", "appliance"),
            Column(
                "Serial number", "serial", MONOSPACE, "devices.device", "device_id", "device_id"
            ),
            Column("Price", "total_minor", MONEY),
            Column("Paid", "paid_minor", MONEY),
            Column("Next due", "next_due_on", DAY),
            Column("State", "state", STATE),
        ),
        filters=(
            state_filter(*SALE_STATES),
            Filter("late", "Overdue", _parse_late, "select", lambda unit: [("yes", "yes")]),
        ),
        buttons=(("Sell an appliance", "sales.sell"),),
    ),
)  # fmt: skip


@page(blueprint, "/sales/<int:sale_id>", "view")
def sale(sale_id: int) -> ResponseReturnValue:
    """Show a sale: its instalments with what is paid, the original terms, and who sold it."""
    with console().read_only_unit() as unit:
        return render_template(
            "sale.html",
            unit=unit,
            sale=get_sale(unit, sale_id),
            instalments=instalments_of_sale(unit.connection, sale_id),
            running=RUNNING,
            audit=audit_of(unit.connection, "sale", sale_id),
        )


def get_sale(unit: Unit, sale_id: int) -> SaleDetails:
    """Return the sale with that id, or abort with 404."""
    return find_sale_details(unit.connection, sale_id) or abort(404)


def sale_summary(unit: Unit, sale_id: int) -> list[tuple[str, str]]:
    """Return customer, appliance, price and what is paid, for the top of a form."""
    found = get_sale(unit, sale_id)
    market = unit.market
    return [
        ("Customer", found.customer),
        ("Appliance", " ".join(filter(None, (found.appliance, found.serial)))),
        ("Price", money(found.total_minor, market)),
        ("Paid", money(found.paid_minor, market)),
    ]


def _describe_payment(unit: Unit, found: SaleDetails) -> str:
    if found.scheme != "service":
        return f"Paid so far: {money(found.paid_minor, unit.market)}"
    per_day = money(found.price_per_day_minor or 0, unit.market)
    minimum = money(found.minimum_payment_minor, unit.market)
    return f"{per_day} a day, minimum payment {minimum}"


def preview_sale(unit: Unit, done: Done) -> list[str]:
    """Return the appliance, its serial number, the customer and the plan as they would be."""
    found = get_sale(unit, done.ids["sale_id"])
    lines = [
        ", ".join(filter(None, (found.appliance, found.serial, f"for {found.customer}"))),
        *plan_lines(unit, instalments_of_sale(unit.connection, found.id)),
        _describe_payment(unit, found),
    ]
    if found.state == "complete":
        lines.append("Nothing is left to pay: the sale is complete")
    return lines


def _preview_new_sale(unit: Unit, done: Done) -> list[str]:
    """Return the sale as it would be, and whether the same was sold minutes before."""
    earlier = find_sale_before(unit, done.ids["sale_id"])
    warning = [f"The same was sold to this customer at {earlier}: is this another one?"]
    return [*(warning if earlier else ()), *preview_sale(unit, done)]


def _sell_fields(unit: Unit) -> tuple[Field, ...]:
    return (
        Field("number", "Phone number of the customer", parsing.msisdn),
        Field(
            "serial", "Serial number", parsing.serial, optional=True,
            hint="If the appliance has one. A device with a preset plan needs nothing else, and"
            " one whose product is known needs no appliance.",
        ),
        *plan_fields("Appliance and payment plan"),
    )  # fmt: skip


def _sell_appliance(unit: Unit, operator: str, values: Values) -> Done:
    serial = values["serial"]
    terms = read_terms_for(unit, values, serial)
    sale = NewSale(terms, NamedDevice(serial) if serial else None)
    sale_id = sell_by_operator(unit, values["number"], sale, operator, values["reason"])
    message = f"The appliance is sold. {_SMS_SENT}"
    return Done(message, "sales.sale", {"sale_id": sale_id})


action_page(
    blueprint,
    "/sales/new",
    "sell",
    "sell",
    Form(
        "Sell an appliance",
        _sell_fields,
        _sell_appliance,
        button="Sell",
        errors_at={
            "customer_unknown": "number",
            "serial_needed": "serial",
            "serial_misplaced": "serial",
            "unknown_serial": "serial",
            "device_of_another": "serial",
            "device_on_plan": "serial",
            "tariff_needed": "serial",
            "kind_differs": "appliance",
            "product_differs": "appliance",
            "appliance_unknown": "appliance",
            "service_price": "scheme",
            "service_total": "down_payment",
            "plan_count": "count",
            "plan_instalment_small": "instalment",
            "plan_instalment_large": "instalment",
            "plan_down_payment": "down_payment",
        },
        preview=_preview_new_sale,
    ),
)


def _price_fields(unit: Unit, sale_id: int) -> tuple[Field, ...]:
    total = major(get_sale(unit, sale_id).total_minor, unit.market.currency)
    return (Field("total", "New price", parsing.amount_minor, value=total),)


def _lowered_by(unit: Unit, values: Values, sale_id: int) -> int:
    """Return by how much the price is lowered, in minor units."""
    lowered: int = get_sale(unit, sale_id).total_minor - values["total"]
    return max(0, lowered)


def _reprice_sale(unit: Unit, operator: str, values: Values, sale_id: int) -> Done:
    reprice_sale(unit, sale_id, values["total"], operator, values["reason"])
    message = f"The sale has a new price. {_SMS_SENT}"
    return Done(message, "sales.sale", {"sale_id": sale_id})


action_page(
    blueprint,
    "/sales/<int:sale_id>/price",
    "reprice",
    "change_sale",
    Form(
        "Change the price of a sale",
        _price_fields,
        _reprice_sale,
        button="Change the price",
        errors_at=dict.fromkeys(("plan_same", "plan_total", "plan_below_paid"), "total"),
        summary=sale_summary,
        preview=preview_sale,
        act=Act("reprice_sale", _lowered_by),
    ),
)


def _schedule_fields(unit: Unit, sale_id: int) -> tuple[Field, ...]:
    found = get_sale(unit, sale_id)
    return (
        Field(
            "count", "Number of instalments", parsing.whole_number, optional=True,
            hint="They replace the instalments on which nothing is paid.",
        ),
        Field("instalment", "Or amount of each instalment", parsing.amount_minor, optional=True),
        Field(
            "cadence", "Cadence", kind="select", options=lambda unit: CADENCE_OPTIONS,
            value=found.cadence,
        ),
        Field(
            "first_on", "First due day", parsing.day, "date", optional=True,
            hint="Empty: one period from today.",
        ),
    )  # fmt: skip


def _read_schedule(unit: Unit, values: Values) -> ByCount | ByAmount:
    count, instalment_minor = values["count"], values["instalment"]
    if (count is None) == (instalment_minor is None):
        raise Refused("plan_figures")
    if count is not None:
        return ByCount(count)
    return ByAmount(Money(instalment_minor, unit.market.currency))


def _reschedule_sale(unit: Unit, operator: str, values: Values, sale_id: int) -> Done:
    new = NewSchedule(_read_schedule(unit, values), values["cadence"], values["first_on"])
    reschedule_sale(unit, sale_id, new, operator, values["reason"])
    message = f"The instalments are rescheduled. {_SMS_SENT}"
    return Done(message, "sales.sale", {"sale_id": sale_id})


action_page(
    blueprint,
    "/sales/<int:sale_id>/schedule",
    "reschedule",
    "change_sale",
    Form(
        "Reschedule the instalments of a sale",
        _schedule_fields,
        _reschedule_sale,
        button="Reschedule",
        errors_at={
            "plan_figures": "count",
            "plan_count": "count",
            "plan_instalment_small": "instalment",
            "plan_instalment_large": "instalment",
            "plan_first_day": "first_on",
        },
        summary=sale_summary,
        preview=preview_sale,
    ),
)
