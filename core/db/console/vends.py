"""Vends for the console: the list, one vend, those of a payment, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.db.console.listing import Query
from core.db.typed_rows import all_rows, row_or_none
from core.vend import RefusalReason, VendAction, VendState

# Nothing happens until a person decides.
_WAITS_FOR_PERSON = (
    "(v.state = 'unknown' AND v.next_attempt_at IS NULL"
    " OR v.state IN ('refused', 'withdrawn') AND NOT v.given_back AND v.payment_id IS NOT NULL)"
)
_COLUMNS = (
    "v.id, v.created_at, d.serial, v.kind, v.units, v.amount_minor, v.state,"
    " coalesce(v.vendor, m.token_family) AS vendor, coalesce(v.account, m.account) AS account,"
    " v.asked_at, v.ended_at, v.asks, v.reason, v.words, v.vendor_reference, v.pushed,"
    " v.given_back, v.decided_by, v.handle::text AS handle, v.payment_id, p.receipt, v.order_id,"
    " v.until_at, v.customer_id, concat_ws(' ', c.name, c.surname) AS customer,"
    " v.typed_codes IS NOT NULL AS is_typed,"
    " coalesce((SELECT pushes_credit FROM vendor_accounts a WHERE a.vendor ="
    " coalesce(v.vendor, m.token_family) AND a.account = coalesce(v.account, m.account)), false)"
    f" AS pushes_credit, {_WAITS_FOR_PERSON} AS waits_for_person"
)
_TABLES = (
    "vends v JOIN devices d ON d.id = v.device_id JOIN manufacturers m ON m.id = d.manufacturer_id"
    " LEFT JOIN payments p ON p.id = v.payment_id LEFT JOIN customers c ON c.id = v.customer_id"
)


@dataclass(frozen=True, slots=True)
class VendRow:
    """What a vendor is asked for a device. `units`: tenths of a kWh, or days; `words` are the
    vendor's last; `is_typed`: an operator typed its codes and a worker is storing them;
    `pushes_credit`: its vendor gives no codes."""

    id: int
    created_at: datetime
    serial: str
    kind: VendAction
    units: int
    amount_minor: int
    state: VendState
    vendor: str
    account: str
    asked_at: datetime | None
    ended_at: datetime | None
    asks: int
    reason: RefusalReason | None
    words: str | None
    vendor_reference: str | None
    pushed: bool
    given_back: bool
    decided_by: str | None
    handle: str
    payment_id: int | None
    receipt: str | None
    order_id: int | None
    until_at: datetime | None
    customer_id: int | None
    customer: str
    is_typed: bool
    pushes_credit: bool
    waits_for_person: bool


VENDS = Query(
    VendRow,
    _COLUMNS,
    _TABLES,
    key="v.id",
    where={
        "state": "v.state = :state",
        "serial": "d.serial = :serial",
        "person": _WAITS_FOR_PERSON,
    },
)


def find_vend_row(connection: Connection, vend_id: int) -> VendRow | None:
    """Return the vend with that id."""
    return row_or_none(
        connection, VendRow, f"SELECT {_COLUMNS} FROM {_TABLES} WHERE v.id = :id", id=vend_id
    )


def vends_of_payment(connection: Connection, payment_id: int) -> list[VendRow]:
    """Return what vendors are asked for because of a payment, the oldest first."""
    return all_rows(
        connection,
        VendRow,
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE v.payment_id = :id ORDER BY v.id",
        id=payment_id,
    )
