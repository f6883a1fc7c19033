"""The fields of forms about money that goes back: how much, from where, under which reference."""

from __future__ import annotations

from collections.abc import Sequence

from core.refund import NewReturn
from core.unit import Unit
from gateway.console import parsing
from gateway.console.forms import Field, Values

MONEY_BACK_ERRORS = {
    "amount_missing": "amount",
    "return_too_large": "amount",
    "refund_of_part": "amount",
    "credit_too_small": "amount",
    "reference_missing": "reference",
    "reference_used": "reference",
    "day_ahead": "sent_on",
}
_SOURCES = (
    ("provider", "the provider account, or the agent, that received it"),
    ("bank", "our bank account"),
    ("office", "the cash of the office"),
)


def sources(unit: Unit) -> Sequence[tuple[str, str]]:
    """Return as options where money that goes back is taken from."""
    return _SOURCES


def part_field(hint: str) -> Field:
    """Return the field for a part of the money."""
    return Field("amount", "Amount", parsing.positive_amount_minor, optional=True, hint=hint)


def return_fields(hint: str) -> tuple[Field, ...]:
    """Return the fields for money that went back; `hint` says what an empty amount means."""
    return (
        part_field(hint),
        Field("source", "Taken from", kind="select", options=sources),
        Field(
            "reference",
            "Receipt or reference",
            optional=True,
            hint="Of the provider or the bank, or the number of the voucher. A part needs one.",
        ),
        Field("sent_on", "Day", parsing.day, kind="date", optional=True, hint="Empty: today."),
    )


def read_return(unit: Unit, values: Values) -> NewReturn:
    """Return what was typed into these fields."""
    at = unit.begin_of(values["sent_on"])
    return NewReturn(values["amount"], values["source"], values["reference"], at)
