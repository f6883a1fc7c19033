"""`dialwatt statement daraja|mtn|airtel|pawapay FILE`: a provider's statement beside the books.

It lists what is matched, missing here, missing there and different, and exits with 1 unless all
agrees. `--ingest` takes in what is missing here by the same road as a callback, opens a case for
what only a person can settle, and keeps the closing balance as the day's assertion.

Files: for daraja the organisation portal's CSV (gateway/payments/mpesa/statement.py says which
columns are read) or the rows of the pull API as JSON; for the others a CSV with the columns
`receipt`,
`time` (ISO 8601, UTC unless it says otherwise), `amount` and `account`, and optionally `payer`,
`kind` (payment, reversal, settlement, fee), `undoes` and `balance` (after the row); it needs
--account.

`--opening` books what the account held before the first row, once: the closing balance less what
the books come to.
"""

from __future__ import annotations

import csv
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.db.statements import Booked
from core.errors import BadCallback, BadInput, Refused
from core.market import Market
from core.money import major, parse_minor
from core.msisdn import parse_msisdn
from core.settings import Environment, read
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
from gateway.payments.mpesa.parse import CURRENCY, provider_account
from gateway.payments.mpesa.statement import read_portal, read_pulled
from operations.database import open_database

Shown = dict[str, Any]
_NEEDED = {"receipt", "time", "amount"}
_TOLD_EVERY = 200


def run(arguments: Namespace, environment: Environment) -> int:
    """Compare, ingest if asked to, print; 0 when the two agree (after ingesting, if asked)."""
    open_unit = open_database(environment)
    with open_unit() as unit:
        market = unit.market
    statement = read_statement(arguments, environment, market)
    with open_unit() as unit:
        comparison = compare_statement(unit, statement)
    failed: list[str] = []
    if arguments.opening and not arguments.ingest:
        raise BadInput("--opening goes with --ingest")
    if arguments.ingest:
        failed = _ingest(open_unit, statement, comparison, opening=arguments.opening)
    _print(arguments, comparison, failed, statement.currency)
    left = comparison.missing_there or comparison.different or failed
    agreed = not left if arguments.ingest else comparison.agrees
    return 0 if agreed else 1


def read_statement(arguments: Namespace, environment: Environment, market: Market) -> Statement:
    """The file as a statement. Raises BadInput naming every line that is not understood."""
    path = Path(arguments.file)
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path.name}: {error}") from error
    if arguments.provider != "daraja":
        if not arguments.account:
            raise BadInput("--account is needed: the receiving account, as the books call it")
        return _simple(arguments.account, content, market)
    shortcode = (arguments.account or "").removeprefix("daraja:") or None
    if content.lstrip().startswith(("{", "[")):
        code = shortcode or read(environment, "DARAJA_SHORTCODE")
        return Statement(provider_account(code), CURRENCY, _pulled(content))
    return read_portal(_numbered(content), shortcode)


def _numbered(content: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(content.splitlines())
    for cells in reader:
        yield reader.line_num, cells


def _pulled(content: str) -> list[Movement]:
    """The API's answer as it came, or only its rows."""
    try:
        document = json.loads(content, parse_float=str, parse_int=str)
    except ValueError as error:
        raise BadInput(f"the file is not JSON: {error}") from error
    rows = document.get("Response", []) if isinstance(document, dict) else document
    rows = rows[0] if rows and isinstance(rows[0], list) else rows
    return _each(rows, read_pulled)


def _simple(account: str, content: str, market: Market) -> Statement:
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


def _each(rows: list[Any], read_row: Callable[[Any], Movement]) -> list[Movement]:
    """Every row read; all problems at once."""
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
    """The payer's number however it is written; None for what is none."""
    try:
        return parse_msisdn(written, market.country)
    except ValueError:
        return None


def _ingest(
    open_unit: OpenUnit, statement: Statement, comparison: Comparison, *, opening: bool
) -> list[str]:
    """Book what is missing here, payments before what undoes them; what could not be booked."""
    failed = []
    missing = sorted(comparison.missing_here, key=lambda one: one.kind != "payment")
    for number, movement in enumerate(missing):
        if number and number % _TOLD_EVERY == 0:
            print(f"{number} of {len(missing)} looked at ...", file=sys.stderr, flush=True)
        try:
            with open_unit() as unit:
                book_missing(unit, statement, movement, "statement")
        except (BadCallback, Refused) as error:
            failed.append(f"{movement.receipt}: {error}")
    with open_unit() as unit:
        open_cases(unit, comparison)
        if statement.closing_minor is not None:
            _assert_closing(unit, statement, statement.closing_minor, opening=opening)
    return failed


def _assert_closing(unit: Unit, statement: Statement, closing_minor: int, *, opening: bool) -> None:
    account = statement.provider_account
    instants = [one.happened_at for one in statement.movements]
    if opening:
        missing_minor = note_balance(unit, account, closing_minor, max(instants))
        book_opening(unit, account, missing_minor, min(instants), ITSELF, "on the statement")
    assert_balance(unit, account, closing_minor, max(instants))


def _print(arguments: Namespace, comparison: Comparison, failed: list[str], currency: str) -> None:
    shown: Shown = {
        "matched": comparison.matched,
        "missing_here": [_told(one, currency) for one in comparison.missing_here],
        "missing_there": [_held(one, currency) for one in comparison.missing_there],
        "different": [
            {"statement": _told(one, currency), "books": _held(booked, currency)}
            for one, booked in comparison.different
        ],
        "ingested": bool(arguments.ingest),
        "not_booked": failed,
    }
    if arguments.json:
        print(json.dumps(shown, ensure_ascii=False))
    else:
        print("\n".join(_lines(shown)))


def _told(movement: Movement, currency: str) -> Shown:
    return {
        "receipt": movement.receipt,
        "kind": movement.kind,
        "amount": major(movement.amount_minor, currency),
        "at": movement.happened_at.isoformat(),
        "account": movement.account,
    }


def _held(booked: Booked, currency: str) -> Shown:
    return {
        "receipt": booked.receipt,
        "amount": major(booked.amount_minor, currency),
        "state": booked.state,
    }


def _lines(shown: Shown) -> Iterator[str]:
    yield f"matched        {shown['matched']}"
    for part in ("missing_here", "missing_there", "different"):
        yield f"{part.replace('_', ' '):<15}{len(shown[part])}"
        for one in shown[part]:
            yield "  " + "  ".join(str(value) for value in one.values() if value)
    for line in shown["not_booked"]:
        yield f"not booked: {line}"
