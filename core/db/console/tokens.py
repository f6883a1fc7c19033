"""Tokens for the console: the list of manual tokens, one order, and what it brought.

Only `find_token` and `token_digits` read the digits of a token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from core.db.console.listing import Query
from core.db.typed_rows import all_rows, row_or_none
from core.device import TokenKind, TokenOrderState

_COLUMNS = (
    "o.id, o.ordered_at, d.serial, o.kind, o.units, o.operator, o.reason, o.state,"
    " o.problem, o.ended_at, CASE WHEN o.kind IN ('days', 'set_days') THEN o.units END AS days,"
    " CASE o.kind WHEN 'energy' THEN round(o.units / 10.0, 1) END AS kwh"
)
_TABLES = "token_orders o JOIN devices d ON d.id = o.device_id"


@dataclass(frozen=True, slots=True)
class TokenOrderRow:
    """A manual token that an operator ordered. `units`: tenths of a kWh, or days, or 0; `days` and
    `kwh` are the same for people, each only for its kind."""

    id: int
    ordered_at: datetime
    serial: str
    kind: TokenKind
    units: int
    operator: str
    reason: str
    state: TokenOrderState
    problem: str | None
    ended_at: datetime | None
    days: int | None
    kwh: Decimal | None


TOKEN_ORDERS = Query(
    TokenOrderRow,
    _COLUMNS,
    _TABLES,
    key="o.id",
    where={"state": "o.state = :state", "serial": "d.serial = :serial", "kind": "o.kind = :kind"},
)


def find_token_order(connection: Connection, order_id: int) -> TokenOrderRow | None:
    """Return the order with that id."""
    return row_or_none(
        connection,
        TokenOrderRow,
        f"SELECT {_COLUMNS} FROM {_TABLES} WHERE o.id = :id",
        id=order_id,
    )


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token without its digits. `units`: tenths of a kWh, or days. `is_sent`: an SMS with it was
    sent."""

    id: int
    serial: str
    kind: TokenKind
    units: int
    issued_at: datetime
    is_sent: bool


_ISSUED = (
    "t.id, d.serial, t.kind, t.units, t.issued_at, EXISTS (SELECT FROM sms s"
    " WHERE s.token_id = t.id AND s.state IN ('sent', 'delivered')) AS is_sent"
)


def tokens_of_order(connection: Connection, order_id: int) -> list[IssuedToken]:
    """Return the tokens that were made for an order, the oldest first."""
    return all_rows(
        connection,
        IssuedToken,
        f"SELECT {_ISSUED} FROM ordered_tokens o"
        " JOIN tokens t ON t.id = o.token_id JOIN devices d ON d.id = t.device_id"
        " WHERE o.order_id = :id ORDER BY t.id",
        id=order_id,
    )


def tokens_of_vend(connection: Connection, vend_id: int) -> list[IssuedToken]:
    """Return the codes that came of a vend, in the order in which they are typed."""
    return all_rows(
        connection,
        IssuedToken,
        f"SELECT {_ISSUED} FROM vended_tokens v"
        " JOIN tokens t ON t.id = v.token_id JOIN devices d ON d.id = t.device_id"
        " WHERE v.vend_id = :id ORDER BY v.part",
        id=vend_id,
    )


def tokens_of_payment(connection: Connection, payment_id: int) -> list[IssuedToken]:
    """Return the tokens that a payment brought, the oldest first."""
    return all_rows(
        connection,
        IssuedToken,
        f"SELECT {_ISSUED} FROM tokens t"
        " JOIN devices d ON d.id = t.device_id WHERE t.payment_id = :id ORDER BY t.id",
        id=payment_id,
    )


def tokens_of_device(connection: Connection, device_id: int, limit: int) -> list[IssuedToken]:
    """Return the newest tokens of a device, without their digits."""
    return all_rows(
        connection,
        IssuedToken,
        f"SELECT {_ISSUED} FROM tokens t"
        " JOIN devices d ON d.id = t.device_id WHERE t.device_id = :id"
        " ORDER BY t.counter DESC LIMIT :limit",
        id=device_id,
        limit=limit,
    )


def token_digits(connection: Connection, payment_id: int) -> dict[int, str]:
    """Return the digits of a payment's tokens, by the id of the token."""
    rows = connection.execute(
        text("SELECT id, text FROM tokens WHERE payment_id = :id"), {"id": payment_id}
    )
    return {row.id: row.text for row in rows}


@dataclass(frozen=True, slots=True)
class TokenDetails:
    """A token with its digits (`text`), and the payment or the order that it was made for."""

    text: str = field(repr=False)
    family: str
    payment_id: int | None
    serial: str
    kind: TokenKind
    units: int
    order_id: int | None


def find_token(connection: Connection, token_id: int) -> TokenDetails | None:
    """Return the token with that id, to show it to an operator who gave a reason."""
    return row_or_none(
        connection,
        TokenDetails,
        "SELECT t.text, m.token_family AS family, t.payment_id, d.serial, t.kind, t.units,"
        " (SELECT order_id FROM ordered_tokens o WHERE o.token_id = t.id) AS order_id"
        " FROM tokens t"
        " JOIN devices d ON d.id = t.device_id"
        " JOIN manufacturers m ON m.id = d.manufacturer_id WHERE t.id = :id",
        id=token_id,
    )
