"""What one payment did, as stored: its lines, its tokens and whether they were sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class StoredPayment:
    """A payment's row, as far as an operator asks for it."""

    id: int
    provider_account: str
    receipt: str
    amount_minor: int
    currency: str
    credit_used_minor: int
    state: str
    account_raw: str
    paid_at: datetime
    problem: str | None


@dataclass(frozen=True, slots=True)
class StoredLine:
    """Where a part of the money went; `serial` is that of the device the line is about."""

    kind: str
    amount_minor: int
    serial: str | None


@dataclass(frozen=True, slots=True)
class SentToken:
    """A token of the payment. `units`: tenths of a kWh or days. `sent`: a text took it along."""

    serial: str
    kind: str
    units: int
    text: str
    sent: bool

    def __repr__(self) -> str:
        return f"SentToken({self.serial}, {self.kind})"


def find_payments(connection: Connection, receipt: str) -> list[StoredPayment]:
    """The payments with that receipt: one, unless two provider accounts have given it out."""
    rows = connection.execute(
        text(
            "SELECT id, provider_account, receipt, amount_minor, currency, credit_used_minor,"
            " state, account_raw, paid_at, problem FROM payments"
            " WHERE receipt = :receipt ORDER BY id"
        ),
        {"receipt": receipt},
    )
    return [StoredPayment(*row) for row in rows]


def lines_of(connection: Connection, payment_id: int) -> list[StoredLine]:
    """The lines, in the order in which the money fell; one for money that nobody matched."""
    rows = connection.execute(
        text(
            "SELECT l.kind, l.amount_minor, d.serial, l.number FROM payment_lines l"
            " LEFT JOIN access_charges a ON a.id = l.access_charge_id"
            " LEFT JOIN devices d ON d.id = coalesce(l.device_id, a.device_id)"
            " WHERE l.payment_id = :id"
            " UNION ALL SELECT 'suspense', amount_minor, NULL, 1 FROM payments"
            " WHERE id = :id AND state = 'suspense' ORDER BY number"
        ),
        {"id": payment_id},
    )
    return [StoredLine(*row[:3]) for row in rows]


def tokens_of(connection: Connection, payment_id: int) -> list[SentToken]:
    """The tokens, in the order in which they were made."""
    rows = connection.execute(
        text(
            "SELECT d.serial, t.kind, t.units, t.text, EXISTS (SELECT FROM sms s"
            " WHERE s.token_id = t.id AND s.state IN ('sent', 'delivered'))"
            " FROM tokens t JOIN devices d ON d.id = t.device_id"
            " WHERE t.payment_id = :id ORDER BY t.id"
        ),
        {"id": payment_id},
    )
    return [SentToken(*row) for row in rows]
