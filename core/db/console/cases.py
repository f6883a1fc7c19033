"""Cases for the console: the list, one case, and the cases of a payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from core.db.console.listing import Query
from core.db.typed_rows import all_rows, row_or_none

_COLUMNS = (
    "k.id, k.opened_at, k.closed_at, k.kind, k.detail, k.dedupe_key, k.payment_id, p.receipt,"
    " CASE WHEN k.closed_at IS NULL THEN 'open' ELSE 'closed' END AS state"
)
_TABLES = "cases k LEFT JOIN payments p ON p.id = k.payment_id"


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case that an operator has to resolve. `dedupe_key` names what it is about, as
    `kind:key`; `state`: `open` or `closed`; `receipt` is that of its payment, if it has one."""

    id: int
    opened_at: datetime
    closed_at: datetime | None
    kind: str
    detail: str
    dedupe_key: str
    payment_id: int | None
    receipt: str | None
    state: Literal["open", "closed"]


CASES = Query(
    CaseRow,
    _COLUMNS,
    _TABLES,
    key="k.id",
    where={"open": "k.closed_at IS NULL", "closed": "k.closed_at IS NOT NULL"},
)


def find_case(connection: Connection, case_id: int) -> CaseRow | None:
    """Return the case with that id."""
    return row_or_none(
        connection, CaseRow, f"SELECT {_COLUMNS} FROM {_TABLES} WHERE k.id = :id", id=case_id
    )


def cases_of_payment(connection: Connection, payment_id: int) -> list[CaseRow]:
    """Return the cases about a payment, the oldest first."""
    return all_rows(
        connection,
        CaseRow,
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE k.payment_id = :id ORDER BY k.id",
        id=payment_id,
    )
