"""Parsing Safaricom's statements: rows of the pull API, and CSV of the organisation portal.

Pure. A portal file has lines about the account before its header, which is the line with `Receipt
No.`. Columns read: Receipt No., Completion Time, Transaction Status, Paid In, Withdrawn, Balance,
Reason Type, Linked Transaction ID, Other Party Info, A/C No.; other columns are ignored. Rows that
are not `Completed` moved nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from core.errors import BadCallback, BadInput
from core.money import parse_minor
from core.payment import PayerKind
from core.usecases.reconciliation.statement import Movement, MovementKind, Statement
from gateway.payments.mpesa.parse import CURRENCY, EAT, provider_account, read_payer

_RECEIPT = re.compile(r"[A-Za-z0-9]{6,32}")
# Formats of times in the portal and the API, in East Africa Time unless they end in Z.
_TIMES = ("%Y-%m-%d %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_REVERSED = ("reversal",)
_FEES = ("charge", "fee", "tariff")


def read_pulled(row: Mapping[str, Any]) -> Movement:
    """Read a row of the pull API: a payment to the short code. Raises BadCallback."""
    try:
        kind, payer = read_payer(str(row.get("msisdn") or ""))
        return Movement(
            receipt=_receipt(str(row["transactionId"])),
            kind="payment",
            amount_minor=_amount(str(row["amount"])),
            happened_at=_instant(str(row["trxDate"])),
            account=str(row.get("billreference") or "")[:100],
            payer_kind=kind,
            payer=payer,
        )
    except (KeyError, ValueError) as error:
        raise BadCallback(f"a row of the list is not understood: {error}") from None


def read_portal(rows: Iterable[tuple[int, list[str]]], shortcode: str | None = None) -> Statement:
    """Read a portal file, given as (line number, cells). Raises BadInput with every bad line.

    The short code is read from the lines before the header, unless it is given.
    """
    lines = list(rows)
    header_at = next((n for n, (_, cells) in enumerate(lines) if _is_header(cells)), None)
    if header_at is None:
        raise BadInput(
            "no header: expected a line with the columns Receipt No., Paid In, Withdrawn"
        )
    code = shortcode or _shortcode(lines[:header_at])
    if code is None:
        raise BadInput("the file does not say of which short code it is: give --account")
    names = [_plain(cell) for cell in lines[header_at][1]]
    movements: list[tuple[Movement, str]] = []
    problems: list[str] = []
    for line, cells in lines[header_at + 1 :]:
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        try:
            movements += [(movement, row.get("balance", "")) for movement in _movements(row)]
        except ValueError as error:
            problems.append(f"line {line}: {error}")
    if problems:
        raise BadInput(*problems)
    return Statement(
        provider_account(code),
        CURRENCY,
        [movement for movement, _ in movements],
        _closing(movements),
    )


def _movements(row: Mapping[str, str]) -> Iterator[Movement]:
    if not any(row.values()) or row.get("transactionstatus", "Completed").lower() != "completed":
        return
    paid_in, withdrawn = row.get("paidin", ""), row.get("withdrawn", "")
    amount = _amount(paid_in or withdrawn)
    if not amount:
        return
    about = f"{row.get('reasontype', '')} {row.get('details', '')}".lower()
    kind: MovementKind = "payment" if paid_in else _kind_of_withdrawal(about)
    payer_kind, payer = _payer(row.get("otherpartyinfo", ""))
    yield Movement(
        receipt=_receipt(row.get("receiptno", "")),
        kind=kind,
        amount_minor=amount,
        happened_at=_instant(row.get("completiontime", "")),
        account=row.get("acno", "")[:100],
        payer_kind=payer_kind,
        payer=payer,
        undoes=_receipt(row.get("linkedtransactionid", "")) if kind == "reversal" else None,
    )


def _kind_of_withdrawal(about: str) -> MovementKind:
    if any(word in about for word in _REVERSED):
        return "reversal"
    return "fee" if any(word in about for word in _FEES) else "settlement"


def _payer(other_party: str) -> tuple[PayerKind, str | None]:
    """(kind, payer) of a party: `254711000001 - Name`, a masked number, or a hash."""
    return read_payer(other_party.split(" - ")[0].strip())


def _closing(movements: list[tuple[Movement, str]]) -> int | None:
    """The balance after the newest row; files are written in either order."""
    if not movements:
        return None
    first, last = movements[0], movements[-1]
    newest = last if last[0].happened_at >= first[0].happened_at else first
    return _amount(newest[1]) if newest[1] else None


def _is_header(cells: list[str]) -> bool:
    return {"receiptno", "paidin", "withdrawn"} <= {_plain(cell) for cell in cells}


def _plain(cell: str) -> str:
    return re.sub(r"[^a-z]", "", cell.lower())


def _shortcode(lines: Iterable[tuple[int, list[str]]]) -> str | None:
    """The number beside `Short Code` in the lines before the header."""
    for _, cells in lines:
        joined = " ".join(cells)
        if "shortcode" in _plain(joined) and (found := re.search(r"\b[0-9]{5,8}\b", joined)):
            return found.group()
    return None


def _receipt(text: str) -> str:
    if not _RECEIPT.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is no receipt")
    return text.strip()


def _amount(text: str) -> int:
    return parse_minor(text.replace(",", "").strip().removeprefix("-"), CURRENCY)


def _instant(text: str) -> datetime:
    bare = text.strip().removesuffix("Z")
    zone = EAT if bare == text.strip() else UTC
    for shape in _TIMES:
        try:
            return datetime.strptime(bare, shape).replace(tzinfo=zone).astimezone(UTC)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no time")
