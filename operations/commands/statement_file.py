"""Reading the files of `dialwatt statement`: M-Pesa's, and a CSV in columns of our own.

Files come from portals and spreadsheets: with a byte order mark or in Windows' code page, separated
by commas, semicolons or tabs, with lines about the account before the header.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.environment import Environment, read_setting
from core.errors import BadInput
from core.market import Market
from core.money import typed_minor
from core.movement import (
    DIRECTIONS,
    Direction,
    Movement,
    MovementKind,
    Statement,
    UnreadRow,
    parse_movement_kind,
)
from core.msisdn import parse_msisdn
from gateway.payments.mpesa.parse import CURRENCY, provider_account
from gateway.payments.mpesa.statement import read_portal, read_pulled_rows
from gateway.payments.written_time import read_time
from operations.importing.text_file import read_text

_NEEDED = {"receipt", "time", "amount"}
_SEPARATORS = ",;\t"
_CONTENT_MAX = 200
# Where money goes that a kind moves, unless the row says otherwise.
_DIRECTION_OF: dict[MovementKind, Direction] = {"payment": "in"}

Cells = tuple[int, list[str]]


def read_daraja(path: Path, account: str | None, environment: Environment) -> Statement:
    """Read M-Pesa's portal CSV or pull answer. Raises BadInput for a file that is neither."""
    content = read_text(path, any_letters=True)
    shortcode = (account or "").removeprefix("daraja:") or None
    if content.lstrip().startswith(("{", "[")):
        code = shortcode or read_setting(environment, "DARAJA_SHORTCODE")
        movements, unread = read_pulled_rows(_pulled_rows(content), datetime.now(UTC))
        return Statement(provider_account(code), CURRENCY, movements, unread=unread)
    return read_portal(read_cells(content), shortcode)


def read_simple(path: Path, account: str | None, market: Market) -> Statement:
    """Read a CSV in our own columns. Raises BadInput for a file without them."""
    if not account:
        raise BadInput("--account is needed: the receiving account, as `dialwatt show` names it")
    lines = list(read_cells(read_text(path, any_letters=True)))
    header = [name.strip().lower() for name in lines[0][1]] if lines else []
    if missing := _NEEDED - set(header):
        raise BadInput(f"the file has no column {', '.join(sorted(missing))}")
    rows = [
        (line, dict(zip(header, (cell.strip() for cell in cells), strict=False)))
        for line, cells in lines[1:]
        if any(cell.strip() for cell in cells)
    ]
    movements, unread = _read_rows(rows, market)
    balances = [row.get("balance", "") for _, row in rows]
    closing_minor = None if unread else _closing(movements, balances, market.currency)
    return Statement(account, market.currency, movements, closing_minor, unread=unread)


def read_cells(content: str) -> Iterator[Cells]:
    """Yield (number of its first line, cells) of each row; the separator is the one that parts the
    header into most cells, or that a first line `sep=;` names. Raises BadInput."""
    skipped = 0
    first, _, rest = content.partition("\n")
    if first.strip().lower().startswith("sep="):
        content, skipped, separators = rest, 1, first.strip()[4:5] or "\t"
    else:
        separators = _SEPARATORS
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=_separator(content, separators))
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInput(f"line {line}: {error}") from error
        yield line, cells


def _separator(content: str, separators: str) -> str:
    """Return the separator of the header, which is among the first lines the one with most of
    them."""
    first = content.splitlines()[:40]
    return max(separators, key=lambda each: max((line.count(each) for line in first), default=0))


def _pulled_rows(content: str) -> list[Any]:
    """Return the rows of an answer of the pull API, whole or only its rows."""
    try:
        document = json.loads(content, parse_float=str, parse_int=str)
    except ValueError as error:
        raise BadInput(f"the file is not JSON: {error}") from error
    rows = document.get("Response", []) if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise BadInput("the file is no answer of the pull API: Response is no list")
    return rows[0] if rows and isinstance(rows[0], list) else rows


def _read_rows(
    rows: list[tuple[int, dict[str, str]]], market: Market
) -> tuple[list[Movement], list[UnreadRow]]:
    """Read every row; return the movements, and the rows that cannot be understood."""
    movements, unread = [], []
    for line, row in rows:
        try:
            movements.append(_movement(row, market))
        except (ValueError, KeyError) as error:
            content = ",".join(row.values())[:_CONTENT_MAX]
            unread.append(UnreadRow(f"line {line}", content, str(error)))
    return movements, unread


def _movement(row: Mapping[str, str], market: Market) -> Movement:
    kind = parse_movement_kind(row.get("kind") or "payment")
    if not row["receipt"] or (kind == "reversal" and not row.get("undoes")):
        raise ValueError("receipt (and for a reversal `undoes`) must be there")
    if not (row["receipt"] + (row.get("undoes") or "")).isascii():
        raise ValueError("a receipt is letters, digits and signs without accents")
    direction = _direction(row.get("direction") or "", kind)
    if direction == "in" and row["amount"].startswith("-"):
        raise ValueError(f"{row['amount']} does not go in")
    payer = _payer(row.get("payer") or "", market)
    amount_minor = typed_minor(row["amount"].removeprefix("-"), market.currency)
    if not amount_minor:
        raise ValueError("the amount is nothing")
    return Movement(
        receipt=row["receipt"],
        kind=kind,
        direction=direction,
        amount_minor=amount_minor,
        happened_at=read_time(row["time"], UTC),
        account=row.get("account") or "",
        payer_kind="msisdn" if payer else "none",
        payer=payer,
        undoes=row.get("undoes") or None,
        written=kind,
    )


def _direction(written: str, kind: MovementKind) -> Direction:
    if not written:
        return _DIRECTION_OF.get(kind, "out")
    for direction in DIRECTIONS:
        if direction == written.lower():
            break
    else:
        raise ValueError(f"direction is in or out, not {written!r}")
    if kind in ("payment", "reversal") and direction != _DIRECTION_OF.get(kind, "out"):
        raise ValueError(f"a {kind} does not go {direction}")
    return direction


def _payer(written: str, market: Market) -> str | None:
    """Return the payer's MSISDN; None where it is not a phone number."""
    try:
        return parse_msisdn(written, market.country)
    except ValueError:
        return None


def _closing(movements: list[Movement], balances: list[str], currency: str) -> int | None:
    """Return the balance after the newest row; None where it is not stated."""
    newest = max(
        range(len(movements)), key=lambda at: (movements[at].happened_at, at), default=None
    )
    if newest is None or not balances[newest]:
        return None
    try:
        return typed_minor(balances[newest], currency)
    except ValueError as error:
        raise BadInput(f"balance: {error}") from None
