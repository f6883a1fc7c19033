"""The month export: payments, sales, tokens and the ledger of a month as CSV files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flask import Blueprint, Response, stream_with_context

from core.unit import Unit
from core.usecases.operators.export_month import Month, export_month
from gateway.console.console_context import console
from gateway.console.forms import Done, Field, Form, Values, form_page
from gateway.console.pages.month_files import zip_name, zipped_month

blueprint = Blueprint("month", __name__)


def _month_field(unit: Unit) -> tuple[Field, ...]:
    before = unit.today.replace(day=1) - timedelta(days=1)
    return (
        Field(
            "month",
            "Month",
            kind="month",
            value=f"{before:%Y-%m}",
            hint="Like 2026-03. A ZIP of CSV files: payments and their allocations, tokens"
            " (without their digits), sales, agents, suspense, refunds, all journal entries and"
            " the trial balance. The file `checks` shows whether their sums agree.",
        ),
    )


def _export_month(unit: Unit, operator: str, values: Values) -> Done:
    month = export_month(unit, values["month"], operator)
    return Done("", "month.month", response=lambda: _stream_month(month))


def _stream_month(month: Month) -> Response:
    """Return the files while they are read from one snapshot: they are never all in memory."""

    def pieces() -> Iterator[bytes]:
        with console().read_only_unit() as unit:
            yield from zipped_month(unit, month)

    response = Response(stream_with_context(pieces()), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{zip_name(month)}"'
    return response


form_page(
    blueprint,
    "/month",
    "month",
    "export_month",
    Form(
        "Month export",
        _month_field,
        _export_month,
        button="Export",
        errors_at={"month_unknown": "month"},
    ),
)
