"""What forms offer to choose from, and the fields of a payment plan that several forms share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from core.db.console.catalogue import codes_of
from core.db.console.devices import plans_for_kind
from core.db.console.sales import InstalmentRow, instalments_of_sale, latest_sale_of_customer
from core.money import Money
from core.plan import PAYG
from core.unit import Unit
from core.usecases.sales.offer import Terms
from gateway.console import parsing
from gateway.console.formatting import day, label, money
from gateway.console.forms import Field, Options, Values

SCHEMES = (
    ("count", "a number of instalments"),
    ("amount", "an amount for each instalment"),
    ("service", "by the day, without a plan"),
)
CADENCES = (("daily", "every day"), ("weekly", "every week"), ("monthly", "every month"))


def of_catalogue(table: str) -> Options:
    """(code, name) of a table of the catalogue."""
    return lambda unit: codes_of(unit.connection, table)


def languages(unit: Unit) -> Sequence[tuple[str, str]]:
    """The languages of the market."""
    return [(code, code) for code in unit.market.languages]


def code_field() -> Field:
    """The code of something that is added to the catalogue."""
    return Field("code", "Code", parsing.code, hint="Short, and for good.")


def device_kinds(unit: Unit) -> Sequence[tuple[str, str]]:
    """What a device can be."""
    return [(kind, label(kind)) for kind in ("meter", *PAYG)]


def plan_choice(kind: str, value: str = "") -> Field:
    """A plan of those offered for a device of that kind."""

    def offered(unit: Unit) -> Sequence[tuple[str, str]]:
        return plans_for_kind(unit.connection, kind)

    hint = "Of those offered for such a device."
    return Field("plan", "Plan", kind="select", options=offered, value=value, hint=hint)


def plan_fields(heading: str = "How a kit or an e-bike is paid off") -> tuple[Field, ...]:
    """How an appliance is paid off. Nothing is needed: who asks knows whether there is a plan."""
    return (
        Field(
            "appliance", "Appliance", kind="select", options=of_catalogue("appliances"),
            optional=True, hint="What is sold.",
            heading=heading,
        ),
        Field("scheme", "Paid", kind="select", options=lambda unit: SCHEMES, optional=True),
        Field("count", "How many instalments", parsing.whole_number, optional=True),
        Field("instalment", "Amount of an instalment", parsing.amount_minor, optional=True),
        Field("cadence", "How often", kind="select", options=lambda unit: CADENCES, optional=True),
        Field("down_payment", "Down payment", parsing.amount_minor, optional=True),
    )  # fmt: skip


def read_terms(unit: Unit, values: Values) -> Terms:
    """The terms in the plan's fields; what is missing or wrong is refused by the use case."""
    currency = unit.market.currency
    scheme = values["scheme"] or ("count" if values["instalment"] is None else "amount")
    figures = {
        "count": values["count"] or 0,
        "amount": Money(values["instalment"] or 0, currency),
        "service": 0,
    }
    return Terms(
        values["appliance"] or "",
        scheme,
        figures[scheme],
        values["cadence"] or "weekly",
        Money(values["down_payment"] or 0, currency),
    )


def plan_lines(unit: Unit, instalments: Sequence[InstalmentRow]) -> list[str]:
    """A plan in a few lines: equal instalments that follow each other are told together."""
    lines = []
    for (is_down, minor), group in groupby(
        instalments, lambda part: (part.number == 0, part.amount_minor)
    ):
        parts, amount = list(group), money(minor, unit.market)
        if is_down:
            lines.append(f"Down payment {amount}, due {day(parts[0].due_on)}")
        elif len(parts) == 1:
            lines.append(f"1 instalment of {amount}, due {day(parts[0].due_on)}")
        else:
            span = f"{day(parts[0].due_on)} to {day(parts[-1].due_on)}"
            lines.append(f"{len(parts)} instalments of {amount}, due {span}")
    total = sum(part.amount_minor for part in instalments)
    return [*lines, f"In all {money(total, unit.market)}"] if instalments else []


def latest_plan_lines(unit: Unit, customer_id: int) -> list[str]:
    """The plan of the customer's newest sale."""
    sale_id = latest_sale_of_customer(unit.connection, customer_id)
    return plan_lines(unit, instalments_of_sale(unit.connection, sale_id)) if sale_id else []
