"""`dialwatt statement daraja|mtn|airtel|pawapay FILE`: compare a provider's statement with ours.

For daraja FILE is the organisation portal's CSV (gateway/payments/mpesa/statement.py says which
columns are read) or the rows of the pull API as JSON. For the others it is a CSV with the columns
`receipt`, `time` (ISO 8601, UTC unless it says otherwise), `amount` and `account`, and optionally
`payer`, `kind` (payment, reversal, settlement, fee), `undoes` and `balance` (after the row).
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from core.db.statements import Booked
from core.environment import Environment, read_setting
from core.errors import BadCallback, BadInput, Refused
from core.market import Market
from core.money import major, parse_minor
from core.msisdn import parse_msisdn
from core.unit import OpenUnit, Unit
from core.usecases.operators.audit import ITSELF
from core.usecases.reconciliation.balance import assert_balance, book_opening, note_balance
from core.usecases.reconciliation.statement import (
    Comparison,
    Movement,
    Statement,
    book_missing,
    compare_statement,
    open_cases,
    parse_movement_kind,
)
from gateway.payments.channel_table import channel_table
from gateway.payments.mpesa.parse import CURRENCY, provider_account
from gateway.payments.mpesa.statement import read_portal, read_pulled
from operations.commands.arguments import file_argument, json_option
from operations.database import open_database
from operations.environment import command_environment
from operations.importing.text_file import read_text
from operations.progress import progress_bar

Shown = dict[str, Any]
_NEEDED = {"receipt", "time", "amount"}


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
@json_option
def statement(
    provider: str, file: Path, account: str | None, ingest: bool, opening: bool, as_json: bool
) -> int:
    """Compare a provider's statement with ours.

    It lists what matches, what is missing here, what is missing there, and what is different. Exit
    code 1 unless both agree (with --ingest: after what was missing here has been booked).

    For daraja FILE is the CSV of the organisation portal, or the answer of the pull API (JSON). For
    the others it is a CSV with the columns receipt, time, amount and account, and optionally payer,
    kind, undoes and balance.
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
    with open_unit() as unit:
        comparison = compare_statement(unit, rows)
    not_booked = _ingest(open_unit, rows, comparison, opening=opening) if ingest else []
    shown = _describe(comparison, not_booked, rows.currency) | {"ingested": ingest}
    print(json.dumps(shown, ensure_ascii=False) if as_json else "\n".join(_lines(shown)))
    if ingest:
        return 1 if comparison.missing_there or comparison.different or not_booked else 0
    return 0 if comparison.agrees else 1


def read_daraja(path: Path, account: str | None, environment: Environment) -> Statement:
    """Read M-Pesa's portal CSV or pull answer. Raises BadInput naming every unreadable line."""
    content = read_text(path)
    shortcode = (account or "").removeprefix("daraja:") or None
    if content.lstrip().startswith(("{", "[")):
        code = shortcode or read_setting(environment, "DARAJA_SHORTCODE")
        return Statement(provider_account(code), CURRENCY, _pulled(content))
    return read_portal(_numbered(content), shortcode)


def read_simple(path: Path, account: str | None, market: Market) -> Statement:
    """Read a CSV in our own columns. Raises BadInput naming every unreadable line."""
    if not account:
        raise BadInput("--account is needed: the receiving account, as `dialwatt show` names it")
    content = read_text(path)
    currency = market.currency
    rows = list(csv.DictReader(content.splitlines()))
    missing = _NEEDED - set(rows[0] if rows else _NEEDED)
    if missing:
        raise BadInput(f"the file has no column {', '.join(sorted(missing))}")
    movements = _each(rows, lambda row: _movement(row, market))
    newest = max(range(len(rows)), key=lambda at: (movements[at].happened_at, at), default=None)
    closing = (rows[newest].get("balance") or "") if newest is not None else ""
    try:
        closing_minor = parse_minor(closing, currency) if closing else None
    except ValueError as error:
        raise BadInput(f"balance: {error}") from None
    return Statement(account, currency, movements, closing_minor)


def _numbered(content: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(content.splitlines())
    for cells in reader:
        yield reader.line_num, cells


def _pulled(content: str) -> list[Movement]:
    """Read the answer of the pull API, whole or only its rows."""
    try:
        document = json.loads(content, parse_float=str, parse_int=str)
    except ValueError as error:
        raise BadInput(f"the file is not JSON: {error}") from error
    rows = document.get("Response", []) if isinstance(document, dict) else document
    rows = rows[0] if rows and isinstance(rows[0], list) else rows
    return _each(rows, read_pulled)


def _each(rows: list[Any], read_row: Callable[[Any], Movement]) -> list[Movement]:
    """Read every row. Raises BadInput with all problems."""
    movements, problems = [], []
    for number, row in enumerate(rows, start=1):
        try:
            movements.append(read_row(row))
        except (BadCallback, ValueError, AttributeError, TypeError) as error:
            problems.append(f"row {number}: {error}")
    if problems:
        raise BadInput(*problems)
    return movements


def _movement(row: dict[str, str], market: Market) -> Movement:
    kind = parse_movement_kind(row.get("kind") or "payment")
    if not row["receipt"] or (kind == "reversal" and not row.get("undoes")):
        raise ValueError("receipt (and for a reversal `undoes`) must be there")
    happened_at = datetime.fromisoformat(row["time"])
    payer = _payer(row.get("payer") or "", market)
    return Movement(
        receipt=row["receipt"].strip(),
        kind=kind,
        amount_minor=parse_minor(row["amount"], market.currency),
        happened_at=happened_at if happened_at.tzinfo else happened_at.replace(tzinfo=UTC),
        account=row.get("account") or "",
        payer_kind="msisdn" if payer else "none",
        payer=payer,
        undoes=row.get("undoes") or None,
    )


def _payer(written: str, market: Market) -> str | None:
    """Return the payer's MSISDN; None where it is not a phone number."""
    try:
        return parse_msisdn(written, market.country)
    except ValueError:
        return None


def _ingest(
    open_unit: OpenUnit, rows: Statement, comparison: Comparison, *, opening: bool
) -> list[str]:
    """Book what is missing here, payments before their reversals, and open cases for the rest.

    Returns a line for every row that could not be booked.
    """
    missing = sorted(comparison.missing_here, key=lambda movement: movement.kind != "payment")
    not_booked = []
    with progress_bar("booking", len(missing)) as show_done:
        for number, movement in enumerate(missing):
            show_done(number)
            try:
                with open_unit() as unit:
                    book_missing(unit, rows, movement, "statement")
            except (BadCallback, Refused) as error:
                not_booked.append(f"{movement.receipt}: {error}")
    with open_unit() as unit:
        open_cases(unit, comparison)
        if rows.closing_minor is not None:
            _assert_closing(unit, rows, rows.closing_minor, opening=opening)
    return not_booked


def _assert_closing(unit: Unit, rows: Statement, closing_minor: int, *, opening: bool) -> None:
    account = rows.provider_account
    instants = [movement.happened_at for movement in rows.movements]
    if opening:
        missing_minor = note_balance(unit, account, closing_minor, max(instants))
        book_opening(unit, account, missing_minor, min(instants), ITSELF, "on the statement")
    assert_balance(unit, account, closing_minor, max(instants))


def _describe(comparison: Comparison, not_booked: list[str], currency: str) -> Shown:
    return {
        "matched": comparison.matched,
        "missing_here": [_on_statement(row, currency) for row in comparison.missing_here],
        "missing_there": [_in_ledger(row, currency) for row in comparison.missing_there],
        "different": [
            {"statement": _on_statement(theirs, currency), "books": _in_ledger(ours, currency)}
            for theirs, ours in comparison.different
        ],
        "not_booked": not_booked,
    }


def _on_statement(movement: Movement, currency: str) -> Shown:
    return {
        "receipt": movement.receipt,
        "kind": movement.kind,
        "amount": major(movement.amount_minor, currency),
        "at": movement.happened_at.isoformat(),
        "account": movement.account,
    }


def _in_ledger(booked: Booked, currency: str) -> Shown:
    return {
        "receipt": booked.receipt,
        "amount": major(booked.amount_minor, currency),
        "state": booked.state,
    }


def _lines(shown: Shown) -> Iterator[str]:
    yield f"matched        {shown['matched']}"
    for part in ("missing_here", "missing_there", "different"):
        yield f"{part.replace('_', ' '):<15}{len(shown[part])}"
        for row in shown[part]:
            yield "  " + "  ".join(str(value) for value in row.values() if value)
    for line in shown["not_booked"]:
        yield f"not booked: {line}"
