"""How a sale ends, or stands still: one form for each act, among the pages of sales."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.db.console.sales import instalments_of_sale
from core.db.devices import find_device
from core.db.tokens import is_ordered
from core.money import Money
from core.unit import Unit
from core.usecases.sales.change_sale import discount_sale
from core.usecases.sales.default_sale import default_sale, undo_default
from core.usecases.sales.end_sale import (
    agree_rest,
    cancel_sale,
    repossess_sale,
    settle_sale,
    write_off_sale,
)
from core.usecases.sales.pause_sale import pause_sale, resume_sale
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.formatting import day, money
from gateway.console.forms import Done, Field, Form, Values, action_page, no_fields
from gateway.console.pages.sales import blueprint as blueprint
from gateway.console.pages.sales import get_sale, preview_sale, sale_summary

Action = Callable[[Unit, str, Values, int], None]
Preview = Callable[[Unit, Done], Sequence[str]]


def _sale_act(
    name: str,
    title: str,
    action: Action,
    preview: Preview,
    *,
    fields: Callable[..., Sequence[Field]] = no_fields,
    errors_at: Mapping[str, str] | None = None,
    act: Act | None = None,
) -> None:
    """Serve the form of one act on a sale, at /sales/<id>/<name>."""

    def submit(unit: Unit, operator: str, values: Values, sale_id: int) -> Done:
        action(unit, operator, values, sale_id)
        message = f"{title}: done. The customer gets an SMS."
        return Done(message, "sales.sale", {"sale_id": sale_id})

    form = Form(
        title, fields, submit, button=title, errors_at=errors_at or {}, summary=sale_summary,
        preview=preview, act=act,
    )  # fmt: skip
    rule = f"/sales/<int:sale_id>/{name.replace('_', '-')}"
    action_page(blueprint, rule, name, "change_sale", form)


def _with_reason_only(use_case: Callable[[Unit, int, str, str], None]) -> Action:
    """Return the act of a use case that needs nothing but the reason."""
    return lambda unit, operator, values, sale_id: use_case(
        unit, sale_id, operator, values["reason"]
    )


def _ended_lines(unit: Unit, done: Done) -> list[str]:
    """Return what is no longer owed, and what happens to the device."""
    found = get_sale(unit, done.ids["sale_id"])
    lines = [
        f"{money(found.open_minor, unit.market)} is no longer owed",
        f"{money(found.paid_minor, unit.market)} was paid and is not returned",
    ]
    if found.serial is None:
        return lines
    device = find_device(unit.connection, found.serial)
    if device is not None and device.owner_id is None:
        lines.append(f"{found.serial} goes back to stock")
    elif device is not None and device.owner_id != found.customer_id:
        lines.append(f"{found.serial} is another customer's by now and stays theirs")
    lines += [
        f"A token that {kind}s {found.serial} is ordered"
        for kind in ("lock", "unlock")
        if is_ordered(unit.connection, found.serial, kind)
    ]
    return lines


def _written_off_lines(unit: Unit, done: Done) -> list[str]:
    return [
        *_ended_lines(unit, done),
        "It is booked as a bad debt; money that comes for it later is a recovery",
    ]


_sale_act(
    "cancel", "Cancel the sale", _with_reason_only(cancel_sale), _ended_lines,
    act=Act("cancel_sale"),
)  # fmt: skip
_sale_act(
    "repossess", "Repossess the device", _with_reason_only(repossess_sale), _ended_lines,
    act=Act("repossess_sale"),
)  # fmt: skip
_sale_act(
    "write_off", "Write off the sale", _with_reason_only(write_off_sale), _written_off_lines,
    act=Act("write_off_sale"),
)  # fmt: skip


def _discount(unit: Unit, operator: str, values: Values, sale_id: int) -> None:
    amount = Money(values["amount"], unit.market.currency)
    discount_sale(unit, sale_id, amount, operator, values["reason"])


_sale_act(
    "discount",
    "Give a discount",
    _discount,
    preview_sale,
    fields=lambda unit, sale_id: (
        Field("amount", "Discount", parsing.positive_amount_minor, hint="Less than what is left."),
    ),
    errors_at=dict.fromkeys(("discount_too_large", "plan_total", "plan_reversed_part"), "amount"),
    act=Act("discount_sale"),
)


def _settle(unit: Unit, operator: str, values: Values, sale_id: int) -> None:
    if not values["rest"]:
        return settle_sale(unit, sale_id, operator, values["reason"])
    rest = Money(values["rest"], unit.market.currency)
    return agree_rest(unit, sale_id, rest, values["due_on"], operator, values["reason"])


def _settled_lines(unit: Unit, done: Done) -> list[str]:
    found = get_sale(unit, done.ids["sale_id"])
    if found.state == "settled":
        return _ended_lines(unit, done)
    instalments = instalments_of_sale(unit.connection, found.id)
    last = next(part for part in instalments if part.paid_minor < part.amount_minor)
    rest = money(found.open_minor, unit.market)
    return [f"{rest} is left to pay, due {day(last.due_on)}; then all is paid"]


_sale_act(
    "settle",
    "Settle the sale early",
    _settle,
    _settled_lines,
    fields=lambda unit, sale_id: (
        Field(
            "rest", "Agreed rest", parsing.amount_minor, optional=True,
            hint="One last payment. Empty: all ends at what is paid, and a device is unlocked.",
        ),
        Field("due_on", "Rest is due on", parsing.day, "date", optional=True,
              hint="Empty: today."),
    ),
    errors_at={"rest_too_large": "rest", "plan_total": "rest", "plan_first_day": "due_on"},
    act=Act("settle_sale"),
)  # fmt: skip


def _paused_lines(unit: Unit, done: Done) -> list[str]:
    return ["Nothing of the sale falls due until it is resumed"]


def _resumed_lines(unit: Unit, done: Done) -> list[str]:
    found = get_sale(unit, done.ids["sale_id"])
    return [f"Next due {day(found.next_due_on)}"] if found.next_due_on else []


def _default_lines(unit: Unit, done: Done) -> list[str]:
    found = get_sale(unit, done.ids["sale_id"])
    return [
        f"{money(found.open_minor, unit.market)} is still owed, and payments are served as before",
        f"The sale is {'in default' if found.state == 'defaulted' else 'in good standing'}",
    ]


_sale_act("pause", "Pause the sale", _with_reason_only(pause_sale), _paused_lines)
_sale_act("resume", "Resume the sale", _with_reason_only(resume_sale), _resumed_lines)
_sale_act("default", "Declare a default", _with_reason_only(default_sale), _default_lines)
_sale_act("undo_default", "Undo the default", _with_reason_only(undo_default), _default_lines)
