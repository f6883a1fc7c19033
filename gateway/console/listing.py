"""Lists: filters, page by page, and an export of the same rows as CSV.

    PAYMENTS = Listing(
        "Payments",
        console_payments.PAYMENTS,
        columns=(Column("Received", "received_at", INSTANT), Column("Receipt", "receipt")),
        filters=(choice_filter("state", "State", STATES),),
    )
    list_page(blueprint, "/payments/", "payments", PAYMENTS)

This serves the list at /payments/ and its export at /payments.csv, both with the same filters.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from core.db.console.listing import Query, count_rows, read_all, read_page
from core.market import Market
from core.msisdn import parse_msisdn
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.operators.access import note_export
from gateway.console.auth import page
from gateway.console.console_context import console, current_operator
from gateway.console.formatting import TEXT, Format, label
from gateway.console.forms import Options, no_options
from gateway.console.parsing import plain_text

_ROWS_PER_PAGE = 50
_LINES_AT_ONCE = 200
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that shows the field `name` of each row.

    With `link` (an endpoint) each cell links to that page; `link_id` is the name of the id in its
    address, and `link_field` the field of the row with that id.
    """

    label: str
    name: str
    format: Format = TEXT
    link: str | None = None
    link_id: str = "id"
    link_field: str = "id"

    def target(self, row: Any) -> str | None:
        """Return the address that the cell links to; None without a link or an id."""
        row_id = getattr(row, self.link_field) if self.link else None
        return url_for(self.link, **{self.link_id: row_id}) if self.link and row_id else None


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter of a list.

    `parse(unit, typed)` returns values for conditions of the query, or raises ValueError with the
    problem. `kind`: search, select or date. `default` is used if the address has no value.
    """

    name: str
    label: str
    parse: Callable[[Unit, str], Values]
    kind: str = "search"
    options: Options = no_options
    default: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list. `fixed_values(unit)`: values that the query always needs. `buttons`: (label,
    endpoint)."""

    title: str
    query: Query[Any]
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    fixed_values: Callable[[Unit], Values] = lambda unit: {}
    buttons: tuple[tuple[str, str], ...] = ()
    intro: str = ""


def customer_column(label: str = "Customer", name: str = "customer") -> Column:
    """Return a column with a customer's name, linked to their page by the row's `customer_id`."""
    return Column(label, name, TEXT, "customers.customer", "customer_id", "customer_id")


def choice_filter(name: str, label: str, options: Options, default: str = "") -> Filter:
    """Return a filter by one of some values, for the condition of the same name."""

    def parse(unit: Unit, typed: str) -> Values:
        if typed not in {value for value, _ in options(unit)}:
            raise ValueError("choose a value from the list")
        return {name: typed}

    return Filter(name, label, parse, "select", options, default)


def state_filter(*states: str) -> Filter:
    """Return a filter by one state, for the condition `state`."""
    options = [(state, label(state)) for state in states]
    return choice_filter("state", "State", lambda unit: options)


def condition_filter(
    name: str, label: str, options: Sequence[tuple[str, str]], default: str = ""
) -> Filter:
    """Return a filter by one of some conditions: (name of the condition, label) each."""

    def parse(unit: Unit, typed: str) -> Values:
        if typed not in dict(options):
            raise ValueError("choose a value from the list")
        return {typed: True}

    return Filter(name, label, parse, "select", lambda unit: options, default)


def serial_filter() -> Filter:
    """Return a filter by serial number, for the condition `serial`."""
    return Filter(
        "serial", "Serial number", lambda unit, typed: {"serial": normalise_serial(typed)}
    )


def msisdn_filter() -> Filter:
    """Return a filter by phone number, for the condition `msisdn`."""

    def parse(unit: Unit, typed: str) -> Values:
        return {"msisdn": parse_msisdn(typed, unit.market.country)}

    return Filter("msisdn", "Phone number", parse)


def period_filters() -> tuple[Filter, Filter]:
    """Return two filters, from one day of the market to another, both included, for the conditions
    `since` and `until`."""
    return _day_filter("since", "From", 0), _day_filter("until", "To", 1)


def _day_filter(name: str, label: str, days_later: int) -> Filter:
    def parse(unit: Unit, typed: str) -> Values:
        return {name: _midnight(unit.market, typed, days_later)}

    return Filter(name, label, parse, "date")


def _midnight(market: Market, typed: str, days_later: int) -> datetime:
    try:
        on = date.fromisoformat(typed) + timedelta(days=days_later)
    except (ValueError, OverflowError):
        raise ValueError("enter the day like 2026-03-05") from None
    return market.first_instant(on)


def row_limit(name: str, default: int, maximum: int) -> int:
    """Return how many rows the address asks for (`?name=100`), at least 1."""
    return max(1, min(request.args.get(name, default, int), maximum))


def list_page(
    blueprint: Blueprint, rule: str, name: str, listing: Listing, permission: str = "view"
) -> None:
    """Serve a list, and its CSV at the same address with `.csv`."""

    def show() -> ResponseReturnValue:
        with console().read_only_unit() as unit:
            return _render_list(unit, name, listing)

    def export() -> ResponseReturnValue:
        with console().unit() as unit:
            values, problems = _filter_values(unit, listing)
            if not problems:
                _note_export(unit, name, listing, values)
        if problems:
            return Response("; ".join(problems.values()) + "\n", 400, content_type="text/plain")
        return _export_csv(name, listing, values)

    show.__name__, export.__name__ = name, f"{name}_csv"
    page(blueprint, rule, permission)(show)
    page(blueprint, f"{rule.rstrip('/')}.csv", permission)(export)


def _render_list(unit: Unit, name: str, listing: Listing) -> str:
    values, problems = _filter_values(unit, listing)
    rows: Sequence[Any] = ()
    next_page = None
    if not problems:
        found = read_page(
            unit.connection, listing.query, values, request.args.get("after", ""), _ROWS_PER_PAGE
        )
        rows, next_page = found.rows, found.next_cursor
    filtered: dict[str, Any] = {
        filter.name: typed
        for filter in listing.filters
        if (typed := _typed_value(filter)) or filter.name in request.args
    }
    here = f".{name}"
    return render_template(
        "list.html",
        listing=listing,
        unit=unit,
        rows=rows,
        problems=problems,
        filtered=filtered,
        is_first="after" not in request.args,
        first=url_for(here, **filtered),
        next_page=url_for(here, **filtered, after=next_page) if next_page else None,
        csv=url_for(f".{name}_csv", **filtered),
    )


def _typed_value(filter: Filter) -> str:
    return request.args.get(filter.name, filter.default).strip()


def _filter_values(unit: Unit, listing: Listing) -> tuple[Values, dict[str, str]]:
    """Return the values for the query, and the problems by the name of the filter."""
    values: dict[str, Any] = dict(listing.fixed_values(unit))
    problems: dict[str, str] = {}
    for filter in listing.filters:
        if typed := _typed_value(filter):
            try:
                values |= filter.parse(unit, plain_text(typed))
            except ValueError as problem:
                problems[filter.name] = str(problem)
    return values, problems


def _note_export(unit: Unit, name: str, listing: Listing, values: Values) -> None:
    """Write who exports the list, in a transaction of its own before the first row is sent."""
    rows = count_rows(unit.connection, listing.query, values)
    filters = {
        filter.name: "given" if filter.kind == "search" else typed
        for filter in listing.filters
        if (typed := _typed_value(filter))
    }
    note_export(unit, current_operator().name, name, rows, filters)


def _export_csv(name: str, listing: Listing, values: Values) -> Response:
    def lines() -> Iterator[str]:
        with console().read_only_unit() as unit:
            rows = read_all(unit.connection, listing.query, values)
            yield from csv_lines(listing.columns, rows, unit.market)

    response = Response(stream_with_context(lines()), content_type="text/csv; charset=utf-8")
    on = console().clock().date().isoformat()
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{on}.csv"'
    return response


def csv_lines(columns: Sequence[Column], rows: Iterable[Any], market: Market) -> Iterator[str]:
    """Return the header and the rows as CSV, some hundred lines at a time.

    A byte order mark at the start makes spreadsheets read UTF-8.
    """
    out = io.StringIO()
    write = csv.writer(out)
    out.write("\ufeff")
    write.writerow([column.label for column in columns])
    for number, row in enumerate(rows, start=1):
        cells = ((column.format, getattr(row, column.name)) for column in columns)
        write.writerow([format.export(value, market) for format, value in cells])
        if number % _LINES_AT_ONCE == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
