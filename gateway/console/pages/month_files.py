"""The month export as a ZIP of CSV files, written while the database is read.

At most `_LINES_AT_ONCE` lines of a file (listing.py) and the rows of one fetch are in memory. The
caller opens one snapshot, so that the files agree.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from core.db.console import month as lists
from core.db.console import month_ledger as ledger
from core.db.console import month_receivables as receivables
from core.db.console.listing import Query, read_all
from core.unit import Unit
from core.usecases.operators.bulk import Progress, no_progress
from core.usecases.operators.export_month import Month
from gateway.console.formatting import DAY, INSTANT, MONEY, MONOSPACE
from gateway.console.listing import Column, csv_lines

_BOOKED = Column("Booked", "posted_at", INSTANT)
_VALUE_DATE = Column("Value date", "value_on", DAY)
_RECEIPT = Column("Receipt", "receipt", MONOSPACE)
_SERIAL = Column("Serial number", "serial", MONOSPACE)
_CUSTOMER = Column("Customer", "customer")
_KIND = Column("Kind", "kind")
_SIDES = (Column("Debit", "debit_minor", MONEY), Column("Credit", "credit_minor", MONEY))

FILES: dict[str, tuple[Query[Any], tuple[Column, ...]]] = {
    "payments": (
        lists.PAYMENTS,
        (
            Column("Paid", "paid_at", INSTANT),
            Column("Received", "received_at", INSTANT),
            _RECEIPT,
            Column("Provider account", "provider_account"),
            Column("Source", "source"),
            Column("Amount", "amount_minor", MONEY),
            Column("Account typed", "account_raw", MONOSPACE),
            _SERIAL,
            _CUSTOMER,
            Column("State", "state"),
            Column("Applied", "applied_at", INSTANT),
            Column("Credit used", "credit_used_minor", MONEY),
            Column("Went back", "returned_minor", MONEY),
        ),
    ),
    "allocations": (
        lists.ALLOCATIONS,
        (
            Column("Applied", "applied_at", INSTANT),
            _RECEIPT,
            Column("Number", "number"),
            _KIND,
            Column("Amount", "amount_minor", MONEY),
            _SERIAL,
            Column("Sale", "sale_id"),
        ),
    ),
    "tokens": (
        lists.TOKENS,
        (
            Column("Issued", "issued_at", INSTANT),
            _SERIAL,
            _KIND,
            Column("Tenths of a kWh, or days", "units"),
            _RECEIPT,
            Column("Order", "order_id"),
            Column("Counter", "counter"),
        ),
    ),
    "sales": (
        lists.SALES,
        (
            Column("Sale", "id"),
            _BOOKED,
            Column("Sold", "sold_on", DAY),
            _CUSTOMER,
            Column("Appliance", "appliance"),
            _SERIAL,
            Column("Scheme", "scheme"),
            Column("Cadence", "cadence"),
            Column("Total", "total_minor", MONEY),
            Column("Agent", "agent"),
        ),
    ),
    "sale_changes": (
        ledger.SALE_CHANGES,
        (_BOOKED, _KIND, Column("Sale", "sale_id"), _CUSTOMER, *_SIDES),
    ),
    "agents": (
        ledger.AGENTS,
        (
            Column("Agent", "agent"),
            Column("Number", "msisdn"),
            Column("Owed before", "owed_before_minor", MONEY),
            Column("Cash collected", "taken_minor", MONEY),
            Column("Commission owed", "commission_owed_minor", MONEY),
            Column("Cash paid in", "settled_minor", MONEY),
            Column("Written off", "written_off_minor", MONEY),
            Column("Owed after", "owed_minor", MONEY),
            Column("Commission before", "commission_before_minor", MONEY),
            Column("Commission earned", "earned_minor", MONEY),
            Column("Commission paid out", "paid_out_minor", MONEY),
            Column("Commission taken back", "taken_back_minor", MONEY),
            Column("Commission after", "commission_minor", MONEY),
        ),
    ),
    "agent_movements": (
        ledger.AGENT_MOVEMENTS,
        (_BOOKED, Column("Agent", "agent"), Column("Account", "account"), _KIND, _RECEIPT, *_SIDES),
    ),
    "suspense": (
        ledger.SUSPENSE,
        (
            _BOOKED,
            _KIND,
            _RECEIPT,
            Column("Account typed", "account_raw", MONOSPACE),
            Column("State", "state"),
            *_SIDES,
        ),
    ),
    "refunds": (
        ledger.REFUNDS,
        (_BOOKED, _KIND, _RECEIPT, Column("Account", "account"), *_SIDES),
    ),
    "clawbacks": (
        receivables.CLAWBACKS,
        (
            Column("Taken back", "raised_at", INSTANT),
            Column("Due", "due_on", DAY),
            _RECEIPT,
            _CUSTOMER,
            Column("Amount", "amount_minor", MONEY),
            Column("Paid", "paid_minor", MONEY),
            Column("Written off", "written_off_minor", MONEY),
            Column("Open", "open_minor", MONEY),
        ),
    ),
    "receivables": (
        receivables.RECEIVABLES,
        (
            _CUSTOMER,
            Column("Customer number", "customer_id"),
            Column("Account", "account"),
            Column("Owed", "owed_minor", MONEY),
            Column("Not due", "not_due_minor", MONEY),
            Column("1 to 30 days", "to_30_minor", MONEY),
            Column("31 to 60 days", "to_60_minor", MONEY),
            Column("61 to 90 days", "to_90_minor", MONEY),
            Column("Over 90 days", "older_minor", MONEY),
            Column("Credit", "credit_minor", MONEY),
        ),
    ),
    "entries": (
        ledger.ENTRIES,
        (
            Column("Entry", "entry_id"),
            _BOOKED,
            _VALUE_DATE,
            _KIND,
            _RECEIPT,
            Column("Account", "account"),
            _CUSTOMER,
            *_SIDES,
        ),
    ),
    "trial_balance": (
        ledger.TRIAL_BALANCE,
        (
            Column("Account", "account"),
            Column("Opening debit", "opening_debit_minor", MONEY),
            Column("Opening credit", "opening_credit_minor", MONEY),
            *_SIDES,
            Column("Closing debit", "closing_debit_minor", MONEY),
            Column("Closing credit", "closing_credit_minor", MONEY),
        ),
    ),
    "checks": (
        ledger.CHECKS,
        (
            Column("Must agree", "comparison"),
            Column("List", "list_minor", MONEY),
            Column("Ledger", "ledger_minor", MONEY),
            Column("Agrees", "agrees"),
        ),
    ),
}


def zip_name(month: Month) -> str:
    """Return the name of the ZIP file."""
    return f"month-{month.name}.zip"


def zipped_month(unit: Unit, month: Month, progress: Progress = no_progress) -> Iterator[bytes]:
    """Yield the ZIP in pieces. The slow sums over the whole ledger come last.

    `progress` is called with the number of complete files.
    """
    lists.allow_long_queries(unit.connection)
    yield from zipped(_csv_files(unit, month, progress))
    progress(len(FILES))


def _csv_files(unit: Unit, month: Month, progress: Progress) -> Iterator[tuple[str, Iterable[str]]]:
    values = asdict(month)
    for number, (name, (query, columns)) in enumerate(FILES.items()):
        progress(number)
        lines = csv_lines(columns, read_all(unit.connection, query, values), unit.market)
        yield f"{name}-{month.name}.csv", lines


def zipped(files: Iterable[tuple[str, Iterable[str]]]) -> Iterator[bytes]:
    """Yield a ZIP of (name, pieces of text) files, piece by piece; no file is held in memory."""
    written = _PieceBuffer()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, pieces in files:
            with archive.open(name, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece.encode())
                    yield written.take()
    yield written.take()


class _PieceBuffer(io.RawIOBase):
    """Collects what is written until it is taken. It cannot seek."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        data = bytes(piece)  # type: ignore[call-overload]
        self._pieces.append(data)
        return len(data)

    def take(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
