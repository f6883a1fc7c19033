"""The one shape of a list: search and filters, a page at a time, and the same rows as CSV.

    PAYMENTS = Listing(
        "Payments",
        console_payments.PAYMENTS,
        columns=(Column("Received", "received_at", INSTANT), Column("Receipt", "receipt")),
        filters=(choice("state", "State", STATES),),
    )
    list_page(pages, "/payments/", "payments", PAYMENTS)

serves the list at /payments/ and its export at /payments.csv, both through the same filters.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from core.db.console.listing import Query, read_all, read_page
from core.market import Market
from core.msisdn import parse_msisdn
from core.serial_number import normalise_serial
from core.unit import Unit
from gateway.console.desk import desk
from gateway.console.forms import Options, no_options
from gateway.console.gate import page
from gateway.console.reading import plain_text
from gateway.console.showing import TEXT, Kind, words

_ROWS = 50
_LINES_AT_ONCE = 200
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `name` is the row's. With `link` (an endpoint) the value leads to the page whose
    address takes `{link_by: row.<link_key>}`."""

    label: str
    name: str
    kind: Kind = TEXT
    link: str | None = None
    link_by: str = "id"
    link_key: str = "id"

    def target(self, row: Any) -> str | None:
        """Where the cell leads."""
        key = getattr(row, self.link_key) if self.link else None
        return url_for(self.link, **{self.link_by: key}) if self.link and key else None


@dataclass(frozen=True, slots=True)
class Filter:
    """What a person may narrow a list by. `reads` gives values for conditions of the query, or
    raises ValueError with what is wrong; `kind` is search, select or date. `default` counts where
    the address says nothing."""

    name: str
    label: str
    reads: Callable[[Unit, str], Values]
    kind: str = "search"
    options: Options = no_options
    default: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list. `given(unit)`: values the query always needs. `buttons`: (label, endpoint)."""

    title: str
    query: Query[Any]
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()
    given: Callable[[Unit], Values] = lambda unit: {}
    buttons: tuple[tuple[str, str], ...] = ()
    intro: str = ""


def customer_column(label: str = "Customer", name: str = "customer") -> Column:
    """A customer's name, which leads to their page; the row has `customer_id` too."""
    return Column(label, name, TEXT, "customers.customer", "customer_id", "customer_id")


def choice(name: str, label: str, options: Options, default: str = "") -> Filter:
    """One of some values, for the condition of the same name."""

    def read(unit: Unit, typed: str) -> Values:
        if typed not in {value for value, _ in options(unit)}:
            raise ValueError("choose one of the list")
        return {name: typed}

    return Filter(name, label, read, "select", options, default)


def states(*names: str) -> Filter:
    """One state, for the condition `state`."""
    return choice("state", "State", lambda unit: [(one, words(one)) for one in names])


def one_condition(
    name: str, label: str, options: Sequence[tuple[str, str]], default: str = ""
) -> Filter:
    """One of some values, each of which is the name of a condition."""

    def read(unit: Unit, typed: str) -> Values:
        if typed not in dict(options):
            raise ValueError("choose one of the list")
        return {typed: True}

    return Filter(name, label, read, "select", lambda unit: options, default)


def by_serial() -> Filter:
    """A serial number, for the condition `serial`."""
    return Filter(
        "serial", "Serial number", lambda unit, typed: {"serial": normalise_serial(typed)}
    )


def by_number() -> Filter:
    """A phone number, for the condition `msisdn`."""

    def read(unit: Unit, typed: str) -> Values:
        return {"msisdn": parse_msisdn(typed, unit.market.country)}

    return Filter("number", "Phone number", read)


def days() -> tuple[Filter, Filter]:
    """From the beginning of one day of the market until the end of another, for the conditions
    `since` and `until`."""
    return _day("since", "From", 0), _day("until", "To", 1)


def _day(name: str, label: str, days_on: int) -> Filter:
    def read(unit: Unit, typed: str) -> Values:
        return {name: _midnight(unit.market, typed, days_on)}

    return Filter(name, label, read, "date")


def _midnight(market: Market, typed: str, days_on: int) -> datetime:
    try:
        on = date.fromisoformat(typed) + timedelta(days=days_on)
    except (ValueError, OverflowError):
        raise ValueError("write the day like 2026-03-05") from None
    return datetime.combine(on, time.min, ZoneInfo(market.timezone))


def how_many(name: str, usual: int, most: int) -> int:
    """How many rows a page is asked to show, by its address: at least one."""
    return max(1, min(request.args.get(name, usual, int), most))


def list_page(pages: Blueprint, rule: str, name: str, listing: Listing, act: str = "see") -> None:
    """Serve a list and its CSV."""

    def show() -> ResponseReturnValue:
        with desk().reading() as unit:
            return _show(unit, name, listing)

    def export() -> ResponseReturnValue:
        with desk().reading() as unit:
            values, problems = _asked(unit, listing)
        if problems:
            return Response("; ".join(problems.values()) + "\n", 400, content_type="text/plain")
        return _export(name, listing, values)

    show.__name__, export.__name__ = name, f"{name}_csv"
    page(pages, rule, act)(show)
    page(pages, f"{rule.rstrip('/')}.csv", act)(export)


def _show(unit: Unit, name: str, listing: Listing) -> str:
    values, problems = _asked(unit, listing)
    rows: Sequence[Any] = ()
    following = None
    if not problems:
        found = read_page(
            unit.connection, listing.query, values, request.args.get("after", ""), _ROWS
        )
        rows, following = found.rows, found.next_cursor
    kept: dict[str, Any] = {
        one.name: typed
        for one in listing.filters
        if (typed := _typed(one)) or one.name in request.args
    }
    here = f".{name}"
    return render_template(
        "list.html",
        listing=listing,
        unit=unit,
        rows=rows,
        problems=problems,
        kept=kept,
        is_first="after" not in request.args,
        first=url_for(here, **kept),
        following=url_for(here, **kept, after=following) if following else None,
        csv=url_for(f".{name}_csv", **kept),
    )


def _typed(asked: Filter) -> str:
    return request.args.get(asked.name, asked.default).strip()


def _asked(unit: Unit, listing: Listing) -> tuple[Values, dict[str, str]]:
    """The values for the query, and what is wrong by filter."""
    values: dict[str, Any] = dict(listing.given(unit))
    problems: dict[str, str] = {}
    for one in listing.filters:
        if typed := _typed(one):
            try:
                values |= one.reads(unit, plain_text(typed))
            except ValueError as problem:
                problems[one.name] = str(problem)
    return values, problems


def _export(name: str, listing: Listing, values: Values) -> Response:
    def lines() -> Iterator[str]:
        with desk().reading() as unit:
            rows = read_all(unit.connection, listing.query, values)
            yield from csv_lines(listing.columns, rows, unit.market)

    response = Response(stream_with_context(lines()), content_type="text/csv; charset=utf-8")
    on = desk().clock().date().isoformat()
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{on}.csv"'
    return response


def csv_lines(columns: Sequence[Column], rows: Iterable[Any], market: Market) -> Iterator[str]:
    """A header and the rows, some hundred lines at a time, with a mark that makes spreadsheets read
    UTF-8."""
    out = io.StringIO()
    write = csv.writer(out)
    out.write("\ufeff")
    write.writerow([column.label for column in columns])
    for number, row in enumerate(rows, start=1):
        write.writerow([one.kind.export(getattr(row, one.name), market) for one in columns])
        if number % _LINES_AT_ONCE == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
