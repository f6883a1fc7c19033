"""Parsing Safaricom's statements: rows of the pull API, and CSV of the organisation portal.

Pure. A portal file has lines about the account before its header, which is the line with `Receipt
No.`. Columns read: Receipt No., Completion Time, Transaction Status, Paid In, Withdrawn, Balance,
Reason Type, Details, Linked Transaction ID, Other Party Info, A/C No.; other columns are ignored,
and of these only the first two and the money columns must be there. Rows that did not complete
moved nothing. A row that cannot be understood is left for a person; the others are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.errors import BadInput
from core.money import typed_minor
from core.movement import Direction, Movement, Statement, UnreadRow
from core.msisdn import parse_msisdn
from core.payment import PayerKind
from gateway.payments.mpesa.parse import CURRENCY, EAT, provider_account, read_payer
from gateway.payments.mpesa.transaction_types import (
    is_pulled_payment,
    kind_of,
    type_in_details,
)
from gateway.payments.written_time import read_time

_RECEIPT = re.compile(r"[A-Za-z0-9]{6,32}")
# A receipt inside a sentence: ten capitals and digits, both kinds.
_NAMED_RECEIPT = re.compile(r"\b(?=[A-Z0-9]*[0-9])(?=[A-Z0-9]*[A-Z])[A-Z0-9]{10}\b")
_ACCOUNT = re.compile(
    r".*\bacc(?:ount)?(?:\.|\s*:|\s+no\b)(?:\s*no\b)?[.:\s]*(.+)", re.IGNORECASE | re.DOTALL
)
_FROM_NUMBER = re.compile(r"\bfrom\s+([0-9*]{6,15})\b", re.IGNORECASE)
_DONE = "completed"
_MOVED_NOTHING = (
    *("failed", "cancelled", "canceled", "declined", "expired", "rejected"),
    *("pending", "initiated", "authorized", "authorised"),
)
_CONTENT_MAX = 200
# Safaricom's own examples write East Africa Time with a Z.
_AHEAD = timedelta(hours=3)
_CLOCKS_DIFFER = timedelta(minutes=30)


def read_pulled(row: Mapping[str, Any]) -> Movement:
    """Read a row of the pull API: a payment to the short code. Raises ValueError.

    Any other type than a customer's payment is for a person: whether and when money moved is told
    by the portal's statement.
    """
    try:
        receipt, amount, time = (str(row[name]) for name in ("transactionId", "amount", "trxDate"))
    except KeyError as missing:
        raise ValueError(f"{missing} is missing") from None
    written = str(row.get("transactiontype") or "c2b-pay-bill-debit")
    if not is_pulled_payment(written):
        raise ValueError(
            f"{written} is no customer's payment; the portal's statement tells what moved"
        )
    kind, payer = read_payer(str(row.get("msisdn") or ""))
    minor = typed_minor(amount, CURRENCY)
    if not minor:
        raise ValueError("the amount is nothing")
    return Movement(
        receipt=_receipt(receipt),
        kind="payment",
        direction="in",
        amount_minor=minor,
        happened_at=read_time(time, EAT),
        account=str(row.get("billreference") or "")[:100],
        payer_kind=kind,
        payer=payer,
    )


def read_pulled_rows(
    rows: Iterable[Any], until: datetime
) -> tuple[list[Movement], list[UnreadRow]]:
    """Read rows of the pull API, asked for until that instant: what was understood, and the rest.

    Times that end in Z are UTC, unless one lies after `until`: then they are East Africa Time.
    """
    movements, unread, in_zulu = [], [], []
    for number, row in enumerate(rows, start=1):
        try:
            movements.append(read_pulled(row))
            in_zulu.append(str(row["trxDate"]).strip().upper().endswith("Z"))
        except (ValueError, AttributeError, TypeError) as error:
            content = json.dumps(row, ensure_ascii=False, default=str)[:_CONTENT_MAX]
            unread.append(UnreadRow(f"row {number}", content, str(error)))
    latest = max((row.happened_at for row, zulu in zip(movements, in_zulu, strict=True) if zulu),
                 default=until)  # fmt: skip
    if latest > until + _CLOCKS_DIFFER:
        movements = [
            replace(row, happened_at=row.happened_at - _AHEAD) if zulu else row
            for row, zulu in zip(movements, in_zulu, strict=True)
        ]
    return movements, unread


def read_portal(rows: Iterable[tuple[int, list[str]]], shortcode: str | None = None) -> Statement:
    """Read a portal file, given as (line number, cells). Raises BadInput where there is no header.

    The short code is read from the lines before the header, unless it is given.
    """
    lines = list(rows)
    header_at = next((n for n, (_, cells) in enumerate(lines) if _is_header(cells)), None)
    if header_at is None:
        raise BadInput(
            "no header: expected a line with the columns Receipt No., Completion Time, Paid In,"
            " Withdrawn"
        )
    code = shortcode or _shortcode(lines[:header_at])
    if code is None:
        raise BadInput("the file does not say of which short code it is: give --account")
    names = [_plain(cell) for cell in lines[header_at][1]]
    read: list[tuple[Movement, str]] = []
    unread: list[UnreadRow] = []
    for line, cells in lines[header_at + 1 :]:
        row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
        try:
            if movement := _movement(row, f"line {line}"):
                read.append((movement, row.get("balance", "")))
        except ValueError as error:
            content = ",".join(" ".join(cell.split()) for cell in cells)
            unread.append(UnreadRow(f"line {line}", content[:_CONTENT_MAX], str(error)))
    movements = [movement for movement, _ in read]
    return Statement(provider_account(code), CURRENCY, movements, _closing(read), unread=unread)


def _movement(row: Mapping[str, str], place: str) -> Movement | None:
    """Read a row; None where nothing moved: an empty line, a total, a transaction that failed.

    Raises ValueError.
    """
    receipt, time = row.get("receiptno", ""), row.get("completiontime", "")
    if not time and not (_RECEIPT.fullmatch(receipt) and re.search(r"\d", receipt)):
        return None
    status = row.get("transactionstatus", _DONE).lower()
    if status in _MOVED_NOTHING:
        return None
    if status != _DONE:
        raise ValueError(f"the status {status!r} is not known")
    direction, amount = _moved(row.get("paidin", ""), row.get("withdrawn", ""))
    if not amount:
        return None
    reason, details = row.get("reasontype", ""), row.get("details", "")
    kind = kind_of(reason, details, direction)
    payer_kind, payer = _payer(row.get("otherpartyinfo", ""), details)
    return Movement(
        receipt=_receipt(receipt),
        kind=kind,
        direction=direction,
        amount_minor=amount,
        happened_at=read_time(time, EAT),
        account=_account(row.get("acno", ""), details)[:100],
        payer_kind=payer_kind,
        payer=payer,
        undoes=_undone(row, receipt, details) if kind == "reversal" else None,
        written=" ".join((reason or type_in_details(details)).split())[:100],
        place=place,
    )


def _moved(paid_in: str, withdrawn: str) -> tuple[Direction, int]:
    """Return the direction and the amount of what moved, from the money column that is not zero.

    A withdrawal may be printed negative; what is negative under Paid In went out.
    """
    gained, lost = _signed(paid_in), abs(_signed(withdrawn))
    if gained and lost:
        raise ValueError("money both in and out")
    signed = gained - lost
    return ("in" if signed > 0 else "out"), abs(signed)


def _signed(cell: str) -> int:
    """Return the minor units of a cell such as `1,500.00`, `-500`, `(500.00)` or nothing."""
    bare = re.sub(r"^(kes|ksh)\.?\s*", "", cell.strip(), flags=re.IGNORECASE)
    if bare in ("", "-"):
        return 0
    negative = bare.startswith(("-", "(")) or bare.endswith("-")
    minor = typed_minor(bare.strip("-() "), CURRENCY)
    return -minor if negative else minor


def _account(cell: str, details: str) -> str:
    """Return the account that the payer typed: its own column, or `... Acc. X` in Details."""
    if cell:
        return cell
    found = _ACCOUNT.fullmatch(details)
    return " ".join(found.group(1).split()) if found else ""


def _undone(row: Mapping[str, str], own: str, details: str) -> str:
    """Return the receipt that a reversal takes back. Raises ValueError where it is not named."""
    if linked := row.get("linkedtransactionid", ""):
        return _receipt(linked)
    named = set(_NAMED_RECEIPT.findall(details.upper())) - {own.upper()}
    if len(named) != 1:
        raise ValueError("a reversal that does not say of which receipt")
    return str(named.pop())


def _payer(other_party: str, details: str) -> tuple[PayerKind, str | None]:
    """(kind, payer) of a party: `254711000001 - Name`, a masked number, or a hash."""
    number = other_party.split(" - ")[0].strip()
    if not number and (found := _FROM_NUMBER.search(details)):
        number = found.group(1)
    if re.fullmatch(r"0[17][0-9]{8}", number):
        return "msisdn", parse_msisdn(number, "KE")
    return read_payer(number)


def _closing(read: list[tuple[Movement, str]]) -> int | None:
    """The balance after the newest row; files are written in either order."""
    if not read:
        return None
    balance = read[0 if _is_newest_first(read) else -1][1]
    try:
        return _signed(balance) if balance else None
    except ValueError:
        return None


def _is_newest_first(read: list[tuple[Movement, str]]) -> bool:
    """Times tell; where all are the same, the balances do, of which each follows from the last."""
    first, last = read[0][0].happened_at, read[-1][0].happened_at
    if first != last:
        return first > last
    try:
        balances = [_signed(balance) for _, balance in read]
    except ValueError:
        return False
    down = sum(
        balances[n] == balances[n + 1] + read[n][0].signed_minor for n in range(len(read) - 1)
    )
    up = sum(
        balances[n + 1] == balances[n] + read[n + 1][0].signed_minor for n in range(len(read) - 1)
    )
    return down > up


def _is_header(cells: list[str]) -> bool:
    needed = {"receiptno", "completiontime", "paidin", "withdrawn"}
    return needed <= {_plain(cell) for cell in cells}


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
