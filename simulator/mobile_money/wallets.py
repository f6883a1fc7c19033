"""Money inside the stand-in: a wallet per phone, one per business, one row per receipt.

Amounts are KES cents (`_minor`); M-Pesa itself moves whole shillings. A wallet never goes below
zero: the database refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sqlalchemy import Connection, text

from simulator.database import next_serial

EAST_AFRICA = timezone(timedelta(hours=3))
LIMIT_MINOR = 250_000_00
# Generous, so that long demonstrations and load runs do not end in "balance too low".
OPENING_BALANCE_MINOR = 10_000_000_00
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LETTERS = _ALPHABET[10:]
_SEVEN_PLACES = 36**7
# No common factor with 36**7, so multiplying shuffles the counter without ever repeating.
_STRIDE = 41_887_903_571


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that moves from a phone to a business; `checkout_id` when an STK prompt caused it."""

    receipt: str
    shortcode: str
    msisdn: str
    account: str
    amount_minor: int
    completed_at: datetime
    checkout_id: str | None = None
    third_party_id: str = ""


def new_receipt(connection: Connection, now: datetime) -> str:
    """Ten characters like TKO1A2B3C4: year, month and day, then seven that never repeat."""
    local = now.astimezone(EAST_AFRICA)
    number = next_serial(connection) * _STRIDE % _SEVEN_PLACES
    tail = "".join(_ALPHABET[number // 36**place % 36] for place in range(7))
    return (
        _LETTERS[(local.year - 2006) % 26] + _LETTERS[local.month - 1] + _ALPHABET[local.day] + tail
    )


def move_money(connection: Connection, payment: Payment) -> int | None:
    """Take it from the phone, give it to the business, write the receipt.

    Returns the business's new balance in minor units, or None (nothing moved) when the phone's
    balance is too low.
    """
    payer = {"holder": payment.msisdn, "opening": OPENING_BALANCE_MINOR}
    amount = {"amount": payment.amount_minor}
    connection.execute(_OPEN_WALLET, payer)
    if connection.execute(_TAKE, payer | amount).first() is None:
        return None
    connection.execute(_RECORD, _columns(payment))
    business = {"holder": payment.shortcode}
    return int(connection.execute(_GIVE, business | amount).scalar_one())


def set_balance(connection: Connection, msisdn: str, balance_minor: int) -> None:
    """Make a phone rich or poor."""
    wallet = {"holder": msisdn, "opening": balance_minor}
    connection.execute(_OPEN_WALLET, wallet)
    connection.execute(_SET, wallet)


def balance_of(connection: Connection, holder: str) -> int:
    """What a phone, a short code or a provider's account of ours holds, in minor units."""
    return int(connection.execute(_HELD, {"holder": holder}).scalar_one())


def _columns(payment: Payment) -> dict[str, object]:
    return {name: getattr(payment, name) for name in Payment.__dataclass_fields__}


_OPEN_WALLET = text("""
    INSERT INTO simulator.wallets (holder, balance_minor) VALUES (:holder, :opening)
    ON CONFLICT (holder) DO NOTHING
""")
_HELD = text("""
    SELECT coalesce(max(balance_minor), 0) FROM simulator.wallets WHERE holder = :holder
""")
_SET = text("UPDATE simulator.wallets SET balance_minor = :opening WHERE holder = :holder")
_TAKE = text("""
    UPDATE simulator.wallets SET balance_minor = balance_minor - :amount
    WHERE holder = :holder AND balance_minor >= :amount RETURNING balance_minor
""")
_GIVE = text("""
    INSERT INTO simulator.wallets (holder, balance_minor) VALUES (:holder, :amount)
    ON CONFLICT (holder) DO UPDATE SET balance_minor = wallets.balance_minor + :amount
    RETURNING balance_minor
""")
_RECORD = text("""
    INSERT INTO simulator.transactions (receipt, shortcode, msisdn, account, amount_minor,
                                        checkout_id, third_party_id, completed_at)
    VALUES (:receipt, :shortcode, :msisdn, :account, :amount_minor,
            :checkout_id, :third_party_id, :completed_at)
""")
