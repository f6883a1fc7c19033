"""A device that refuses its code: what it shows tells which codes it will take."""

from __future__ import annotations

from flask import Blueprint, abort

from core.db.console.devices import find_device_details
from core.tokens.typed import typed_code
from core.unit import Unit
from core.usecases.devices.repair_kit import Repair, repair_kit
from gateway.console.acts import Act
from gateway.console.forms import Done, Field, Form, Values, action_page

blueprint = Blueprint("repairs", __name__)


def _serial(unit: Unit, device_id: int) -> str:
    return (find_device_details(unit.connection, device_id) or abort(404)).serial


def _parse_reading(unit: Unit, typed: str) -> str:
    return typed_code(typed)


def _repair_kit(unit: Unit, operator: str, values: Values, device_id: int) -> Done:
    serial = _serial(unit, device_id)
    done = repair_kit(unit, serial, values["reading"], operator, values["reason"])
    return Done(_describe_repair(done), "devices.device", {"device_id": device_id})


def _describe_repair(done: Repair) -> str:
    """Say where both counts are, and what the owner gets."""
    kit = "" if done.kit_count is None else f"The device is at {done.kit_count}. "
    if done.older is not None:
        return (
            f"{kit}No new code reaches it: an earlier one (count {done.older.counter}) is texted"
            " again. Once it is typed, read the count again."
        )
    words = {"sync": "a counter sync", "unlock": "an unlock", "set_days": "{} days in all"}
    codes = [words.get(kind, "{} days more").format(days) for kind, days in done.orders]
    ordered = f"Ordered, to be typed in this order: {', then '.join(codes)}." if codes else ""
    return f"{kit}Our count is {done.count}. {ordered}".strip()


action_page(
    blueprint,
    "/devices/<int:device_id>/repair",
    "repair",
    "order_token",
    Form(
        "A device refuses its code",
        lambda unit, device_id: (
            Field(
                "reading", "Count on its screen, or the code that it refused", _parse_reading,
                hint="Our count is brought to it and never goes back. Days that were paid for and"
                " are left are set again; its owner is texted the codes.",
            ),
        ),
        _repair_kit,
        button="Order the codes",
        errors_at=dict.fromkeys(
            (
                "kit_count_far",
                "kit_count_needed",
                "kit_in_step",
                "kit_out_of_reach",
                "code_not_of_kit",
                "code_replaced",
                "token_ordered",
            ),
            "reading",
        ),
        summary=lambda unit, device_id: [("Device", _serial(unit, device_id))],
        preview=lambda unit, done: [done.message],
        act=Act("order_token"),
    ),
)  # fmt: skip
