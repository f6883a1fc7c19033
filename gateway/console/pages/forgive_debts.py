"""Debts that are not of a sale are forgiven, among the pages of customers: fees and clawbacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from core.db.forgiven import ForgivableKind, forgivable_debts
from core.unit import Unit
from core.usecases.customers.forgive_debt import forgive_debt
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.formatting import day, money
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.pages.customers import blueprint as blueprint


def _debt_fields(label: str, kind: ForgivableKind) -> Callable[..., Sequence[Field]]:
    """Return the field to choose one of the customer's open debts of that kind."""

    def fields(unit: Unit, customer_id: int) -> Sequence[Field]:
        def options(unit: Unit) -> Sequence[tuple[str, str]]:
            return [
                (
                    str(debt.id),
                    f"{money(debt.amount_minor, unit.market)}, {debt.about},"
                    f" since {day(debt.due_on)}",
                )
                for debt in forgivable_debts(unit.connection, kind, customer_id)
            ]

        return (Field("debt", label, parsing.whole_number, "select", options=options),)

    return fields


def _forgive_page(
    name: Literal["waive_fee", "write_off_clawback"],
    title: str,
    label: str,
    kind: ForgivableKind,
    booked_as: str,
) -> None:  # fmt: skip
    """Serve the form that forgives debts of that kind, at /customers/<id>/<name>."""

    def submit(unit: Unit, operator: str, values: Values, customer_id: int) -> Done:
        amount = forgive_debt(unit, kind, values["debt"], operator, values["reason"])
        forgiven = money(amount.minor, unit.market)
        message = f"{forgiven} is not owed any more, and booked as {booked_as}."
        return Done(f"{message} The customer gets an SMS.", "customers.customer", {
            "customer_id": customer_id
        })  # fmt: skip

    form = Form(
        title, _debt_fields(label, kind), submit, button=title,
        errors_at={"debt_closed": "debt"}, preview=lambda unit, done: [done.message],
        act=Act(name),
    )  # fmt: skip
    rule = f"/customers/<int:customer_id>/{name.replace('_', '-')}"
    action_page(blueprint, rule, name, "forgive_debt", form)


_forgive_page("waive_fee", "Waive an access fee", "Fee", "access_rate", "a discount")
_forgive_page("write_off_clawback", "Write off a clawback", "Clawback", "clawback", "a bad debt")
