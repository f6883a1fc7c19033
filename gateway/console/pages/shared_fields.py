"""Fields, options and preview lines that several forms share, above all those of payment plans."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from core.db.console.catalogue import codes_of
from core.db.console.devices import latest_device_of, plans_for_kind, products_for
from core.db.console.sales import InstalmentRow, instalments_of_sale, latest_sale_of_customer
from core.db.products import find_product
from core.money import Money
from core.plan import PAYG, ByAmount, ByCount, ByDay, PlanTerms, Schedule
from core.unit import Unit
from core.usecases.sales.allowed_plans import find_plan_set_on
from gateway.console import parsing
from gateway.console.formatting import day, label, money
from gateway.console.forms import Field, Options, Values

SCHEME_OPTIONS = (
    ("count", "by number of instalments"),
    ("amount", "by amount of an instalment"),
    ("service", "by the day, without a plan"),
)
CADENCE_OPTIONS = (("daily", "every day"), ("weekly", "every week"), ("monthly", "every month"))


def catalogue_options(table: str) -> Options:
    """Return options from a catalogue table: the code and the name of each row."""
    return lambda unit: codes_of(unit.connection, table)


def languages(unit: Unit) -> Sequence[tuple[str, str]]:
    """Return the languages of the market as options."""
    return [(code, code) for code in unit.market.languages]


def code_field() -> Field:
    """Return the field for the code of a new catalogue entry."""
    return Field("code", "Code", parsing.code, hint="A short name. It cannot be changed later.")


def device_kinds(unit: Unit) -> Sequence[tuple[str, str]]:
    """Return the kinds of devices as options."""
    return [(kind, label(kind)) for kind in ("meter", *PAYG)]


def plan_field(kind: str, serial: str, value: str = "", *, optional: bool = False) -> Field:
    """Return the field for a plan that is allowed for that device of that kind."""

    def allowed(unit: Unit) -> Sequence[tuple[str, str]]:
        return plans_for_kind(unit.connection, kind, serial)

    return Field("plan", "Plan", kind="select", options=allowed, value=value, optional=optional)


def products_of(kind: str, serial: str | None = None) -> Options:
    """Return options from the appliances of that kind; for a device that is known to be one of
    them only that one."""
    return lambda unit: products_for(unit.connection, kind, serial)


def products_of_all(unit: Unit) -> list[tuple[str, str]]:
    """Return options from the appliances of every kind of device."""
    return [product for kind, _ in device_kinds(unit) for product in products_of(kind)(unit)]


def plan_fields(
    heading: str = "Payment plan of a kit or an e-bike", appliances: Options | None = None
) -> tuple[Field, ...]:
    """Return the fields for the terms of a sale. All are optional: the use case checks them."""
    return (
        Field(
            "appliance", "Appliance", kind="select",
            options=appliances or catalogue_options("appliances"), optional=True, heading=heading,
        ),
        Field(
            "scheme", "Scheme", kind="select", options=lambda unit: SCHEME_OPTIONS, optional=True
        ),
        Field("count", "Number of instalments", parsing.whole_number, optional=True),
        Field("instalment", "Amount of an instalment", parsing.amount_minor, optional=True),
        Field(
            "cadence", "Cadence", kind="select", options=lambda unit: CADENCE_OPTIONS,
            optional=True,
        ),
        Field("down_payment", "Down payment", parsing.amount_minor, optional=True),
    )  # fmt: skip


def read_terms(unit: Unit, values: Values) -> PlanTerms:
    """Return the terms from the plan fields. The use case refuses missing or wrong values."""
    currency = unit.market.currency
    scheme = values["scheme"] or ("count" if values["instalment"] is None else "amount")
    schedules: dict[str, Schedule] = {
        "count": ByCount(values["count"] or 0),
        "amount": ByAmount(Money(values["instalment"] or 0, currency)),
        "service": ByDay(),
    }
    return PlanTerms(
        values["appliance"] or "",
        schedules[scheme],
        values["cadence"] or "weekly",
        Money(values["down_payment"] or 0, currency),
    )


def read_terms_for(unit: Unit, values: Values, serial: str | None) -> PlanTerms:
    """Return the terms of a sale of that device. Where no appliance was chosen they are those of
    the plan that is set on it, else the plan fields for the product that it is."""
    if serial is None or values["appliance"]:
        return read_terms(unit, values)
    preset = find_plan_set_on(unit, serial)
    if preset is not None:
        return preset
    product = find_product(unit.connection, serial)
    return read_terms(unit, values | {"appliance": product.code} if product else values)


def plan_lines(unit: Unit, instalments: Sequence[InstalmentRow]) -> list[str]:
    """Describe instalments in lines; consecutive equal instalments share a line."""
    lines = []
    for (is_down, minor), group in groupby(
        instalments, lambda instalment: (instalment.number == 0, instalment.amount_minor)
    ):
        equal, amount = list(group), money(minor, unit.market)
        if is_down:
            lines.append(f"Down payment {amount}, due {day(equal[0].due_on)}")
        elif len(equal) == 1:
            lines.append(f"1 instalment of {amount}, due {day(equal[0].due_on)}")
        else:
            span = f"{day(equal[0].due_on)} to {day(equal[-1].due_on)}"
            lines.append(f"{len(equal)} instalments of {amount}, due {span}")
    total = sum(instalment.amount_minor for instalment in instalments)
    return [*lines, f"Total {money(total, unit.market)}"] if instalments else []


def latest_plan_lines(unit: Unit, customer_id: int) -> list[str]:
    """Describe the instalments of the customer's newest sale."""
    sale_id = latest_sale_of_customer(unit.connection, customer_id)
    return plan_lines(unit, instalments_of_sale(unit.connection, sale_id)) if sale_id else []


def given_lines(unit: Unit, customer_id: int) -> list[str]:
    """Say which product and device the customer just got, as `Lamp kit, LAMP300, for Neema`."""
    given = latest_device_of(unit.connection, customer_id)
    if given is None:
        return []
    return [f"{given.product or label(given.kind)}, {given.serial}, for {given.customer}"]
