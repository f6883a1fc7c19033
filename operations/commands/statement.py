"""`dialwatt statement daraja|mtn|airtel|pawapay FILE`: compare a provider's statement with ours.

For daraja FILE is the organisation portal's CSV (gateway/payments/mpesa/statement.py says which
columns are read) or the rows of the pull API as JSON. For the others it is a CSV with the columns
`receipt`, `time` (ISO 8601, UTC unless it says otherwise), `amount` and `account`, and optionally
`payer`, `kind` (payment, reversal, settlement, fee, other), `direction` (in, out), `undoes` and
`balance` (after the row).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from core.db.statements import Booked
from core.errors import BadCallback, BadInput, Refused
from core.market import Market
from core.money import Money, major
from core.movement import Movement, Statement
from core.unit import OpenUnit, Unit
from core.usecases.operators.access import note_file
from core.usecases.operators.audit import ITSELF
from core.usecases.reconciliation.balance import assert_balance, book_opening, note_balance
from core.usecases.reconciliation.book_movements import (
    book_missing,
    describe_difference,
    in_booking_order,
    open_cases,
)
from core.usecases.reconciliation.compare import Comparison, compare_statement
from core.wording.operator_messages import describe_refusal
from gateway.payments.channel_table import channel_table
from gateway.payments.written_time import read_time
from operations.commands.arguments import file_argument, json_option
from operations.commands.statement_file import read_daraja, read_simple
from operations.database import open_database
from operations.environment import command_environment
from operations.operator import operator_name
from operations.progress import progress_bar

Shown = dict[str, Any]
_EXPLAIN = "say what each was, on its case at the console or with `dialwatt movement`"
_CORRECT = "correct them in a copy of the file and read that, or close their cases"
_BEFORE_US = "from before payments were served here, not booked; --since TIME books from then on"


@click.command()
@click.argument("provider", type=click.Choice(("daraja", "mtn", "airtel", "pawapay")))
@file_argument
@click.option(
    "--account",
    metavar="ACCOUNT",
    help="The receiving account, such as mtn:1. Needed for all providers but daraja.",
)
@click.option(
    "--ingest",
    is_flag=True,
    help="Book what is missing here; open a case for all other differences.",
)
@click.option(
    "--opening",
    is_flag=True,
    help="With --ingest: book what the account held before the first row. Once per account.",
)
@click.option(
    "--since",
    metavar="TIME",
    help="From when on money is ours to book, such as 2026-11-24 or 2026-11-24T14:00. Without it:"
    " from the day of the account's first payment here, or on which the market was set up.",
)
@click.option(
    "--covers",
    nargs=2,
    metavar="FIRST LAST",
    help="The first and the last day, or time, that FILE is of. Without it: of its first row to its"
    " last, so that a file without rows misses nothing.",
)
@json_option
def statement(
    provider: str,
    file: Path,
    account: str | None,
    ingest: bool,
    opening: bool,
    since: str | None,
    covers: tuple[str, str] | None,
    as_json: bool,
) -> int:
    """Compare a provider's statement with ours.

    It lists what matches, what is missing here, what is missing there, what is different, what a
    person must explain, what could not be read, and what is from before payments were served here.
    Exit code 1 unless both agree (with --ingest: after what was missing here has been booked).

    For daraja FILE is the CSV of the organisation portal, or the answer of the pull API (JSON). For
    the others it is a CSV with the columns receipt, time, amount and account, and optionally payer,
    kind, direction, undoes and balance.
    """
    if opening and not ingest:
        raise click.UsageError("--opening goes with --ingest")
    environment = command_environment(os.environ)
    open_unit = open_database(environment, channel_table())
    with open_unit() as unit:
        market = unit.market
    if provider == "daraja":
        rows = read_daraja(file, account, environment)
    else:
        rows = read_simple(file, account, market)
    if covers:
        rows = replace(rows, covers=_parse_period(covers, market))
    live = _parse_since(since, market) if since else None
    with open_unit() as unit:
        comparison = compare_statement(unit, rows, live)
    not_booked = _book_all(open_unit, rows, comparison, opening=opening) if ingest else []
    if ingest:
        _note(open_unit, rows, comparison, file.name)
    shown = _describe_comparison(rows, comparison, not_booked) | {"ingested": ingest}
    if as_json:
        print(json.dumps(shown, ensure_ascii=False))
    else:
        print("\n".join(_comparison_lines(rows, comparison, not_booked, market)))
    if ingest:
        return 1 if comparison.needs_person or not_booked else 0
    return 0 if comparison.agrees else 1


def _note(open_unit: OpenUnit, rows: Statement, comparison: Comparison, file_name: str) -> None:
    """Write the audit row of a statement that was booked."""
    counts = {"matched": comparison.matched, "missing_here": len(comparison.missing_here)}
    with open_unit() as unit:
        account = rows.provider_account
        note_file(unit, operator_name(), "ingest", file_name, account=account, **counts)


def _parse_since(written: str, market: Market) -> datetime:
    """Return a day or an instant in the market's zone. Raises BadInput."""
    time = written if ":" in written else f"{written} 00:00"
    try:
        return read_time(time, ZoneInfo(market.timezone))
    except ValueError as error:
        raise BadInput(f"--since or --covers: {error}") from None


def _parse_period(written: tuple[str, str], market: Market) -> tuple[datetime, datetime]:
    """Return the instants of the first and the last day or time. Raises BadInput."""
    begin, end = (_parse_since(each, market) for each in written)
    end += timedelta(0) if ":" in written[1] else timedelta(days=1)
    if end <= begin or end > datetime.now(UTC) + timedelta(days=1):
        raise BadInput("--covers: FIRST comes before LAST, and LAST is not in the future")
    return begin, min(end, datetime.now(UTC))


def _book_all(
    open_unit: OpenUnit, rows: Statement, comparison: Comparison, *, opening: bool
) -> list[str]:
    """Book what is missing here, a payment together with its reversals, and open cases for the
    rest. Return a line for everything that could not be booked."""
    parts = in_booking_order(comparison.missing_here)
    not_booked = []
    with progress_bar("booking", len(parts)) as show_done:
        for number, movements in enumerate(parts):
            show_done(number)
            with open_unit() as unit:
                _, error = book_missing(unit, rows, movements, "statement")
            if error is not None:
                not_booked.append(
                    f"{movements[0].receipt}: {_describe_error(error, rows.currency)}"
                )
    with open_unit() as unit:
        open_cases(unit, rows, comparison)
    with open_unit() as unit:
        not_booked += _still_missing(unit, rows, parts) if not not_booked else []
        if not_booked or comparison.held or comparison.unread:
            if opening:
                not_booked.append("opening balance: first settle what is not booked or not read")
        elif not _compare_closing(unit, rows, comparison, opening=opening):
            not_booked.append("opening balance: the file does not state the balance")
    return not_booked


def _still_missing(
    unit: Unit, rows: Statement, parts: Sequence[tuple[Movement, ...]]
) -> Iterator[str]:
    """Yield a line for what was to be booked and is missing still, as it cannot be true."""
    expected = {id(row) for part in parts for row in part}
    for row in compare_statement(unit, rows).missing_here:
        if id(row) in expected:
            yield f"{row.receipt}: it cannot be true and is a case: see the console"


def _describe_error(error: Exception, currency: str) -> str:
    if isinstance(error, Refused):
        return describe_refusal(error, currency)
    if isinstance(error, BadCallback):
        return str(error)
    return "it failed unexpectedly and is a case: the log has the error"


def _compare_closing(unit: Unit, rows: Statement, comparison: Comparison, *, opening: bool) -> bool:
    """Compare the closing balance; not where the statement ends before we served payments. Returns
    False where the opening balance cannot be known."""
    account, late_minor = rows.provider_account, comparison.late_minor
    before_us = set(map(id, comparison.before_us))
    ours = [row.happened_at for row in rows.movements if id(row) not in before_us]
    closing_at = rows.ends_at
    if rows.closing_minor is None or closing_at is None or not ours:
        return not opening
    if opening:
        missing_minor = note_balance(unit, account, rows.closing_minor, closing_at, late_minor)
        book_opening(unit, account, missing_minor, min(ours), ITSELF, "on the statement")
    assert_balance(unit, account, rows.closing_minor, closing_at, late_minor)
    return True


def _describe_comparison(rows: Statement, comparison: Comparison, not_booked: list[str]) -> Shown:
    currency = rows.currency

    def listed(movements: list[Movement]) -> list[Shown]:
        return [_on_statement(row, currency) for row in movements]

    return {
        "matched": comparison.matched,
        "missing_here": listed(comparison.missing_here),
        "missing_there": [_in_ledger(row, currency) for row in comparison.missing_there],
        "different": [
            {"statement": _on_statement(theirs, currency), "books": _in_ledger(ours, currency)}
            for theirs, ours in comparison.different
        ],
        "held": listed(comparison.held),
        "unread": [
            {"place": row.place, "content": row.content, "why": row.why}
            for row in comparison.unread
        ],
        "before_us": listed(comparison.before_us),
        "not_booked": not_booked,
    }


def _on_statement(movement: Movement, currency: str) -> Shown:
    return {
        "receipt": movement.receipt,
        "kind": movement.kind,
        "direction": movement.direction,
        "amount": major(movement.amount_minor, currency),
        "at": movement.happened_at.isoformat(),
        "account": movement.account,
        "type": movement.written,
    }


def _in_ledger(booked: Booked, currency: str) -> Shown:
    return {
        "receipt": booked.receipt,
        "amount": major(booked.amount_minor, currency),
        "state": booked.state,
    }


def _comparison_lines(
    rows: Statement, comparison: Comparison, not_booked: list[str], market: Market
) -> Iterator[str]:
    """Yield what people read: each part with its number of rows, and a line for each row."""

    def row_line(row: Movement) -> str:
        at = row.happened_at.astimezone(ZoneInfo(market.timezone))
        what = [row.receipt, row.kind, row.direction, str(Money(row.amount_minor, rows.currency))]
        return "  ".join(filter(None, [*what, f"{at:%Y-%m-%d %H:%M:%S}", row.account, row.written]))

    yield f"matched        {comparison.matched}"
    yield from _part_lines("missing here", map(row_line, comparison.missing_here))
    there = (
        f"{booked.receipt}  {Money(booked.amount_minor, rows.currency)}  {booked.state}"
        for booked in comparison.missing_there
    )
    yield from _part_lines("missing there", there)
    different = (
        f"{theirs.receipt}  {describe_difference(rows, theirs, ours)}"
        for theirs, ours in comparison.different
    )
    yield from _part_lines("different", different)
    yield from _part_lines("to explain", map(row_line, comparison.held), _EXPLAIN)
    unread = (f"{row.place}: {row.why}: {row.content}" for row in comparison.unread)
    yield from _part_lines("not read", unread, _CORRECT)
    yield from _part_lines("before us", map(row_line, comparison.before_us), _BEFORE_US)
    for line in not_booked:
        yield f"not booked: {line}"


def _part_lines(name: str, lines: Iterator[str], what_to_do: str = "") -> Iterator[str]:
    listed = list(lines)
    if listed or not what_to_do:
        yield f"{name:<15}{len(listed)}" + (f"  {what_to_do}" if what_to_do else "")
    for line in listed:
        yield f"  {line}"
