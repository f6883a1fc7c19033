"""Simulated wallets: one per phone and one per business shortcode.

Amounts are in minor units (`_minor`). The database refuses a balance below zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# M-Pesa's limit for one transaction, in KES cents.
TRANSACTION_LIMIT_MINOR = 250_000_00
# High, so that long demonstrations and load runs do not end in "balance too low".
OPENING_BALANCE_MINOR = 10_000_000_00


@dataclass(frozen=True, slots=True)
class Payment:
    """Money that moves from a phone to a business.

    `checkout_id` is set when a prompt (STK push) caused the payment.
    """

    receipt: str
    shortcode: str
    msisdn: str
    account: str
    amount_minor: int
    completed_at: datetime
    checkout_id: str | None = None
    third_party_id: str = ""


def move_money(connection: Connection, payment: Payment) -> int | None:
    """Take the amount from the phone, give it to the business and record the receipt.

    Returns the business's new balance in minor units. Returns None, and moves nothing, when the
    phone's balance is too low.
    """
    payer = {"holder": payment.msisdn, "opening": OPENING_BALANCE_MINOR}
    amount = {"amount": payment.amount_minor}
    connection.execute(_OPEN_WALLET, payer)
    if connection.execute(_DEBIT, payer | amount).first() is None:
        return None
    connection.execute(_INSERT_TRANSACTION, _transaction_row(payment))
    business = {"holder": payment.shortcode}
    return int(connection.execute(_CREDIT, business | amount).scalar_one())


def give_back(connection: Connection, shortcode: str, msisdn: str, amount_minor: int) -> bool:
    """Move an amount from a business back to a phone. False when the balance is too low."""
    amount = {"amount": amount_minor}
    if connection.execute(_DEBIT, amount | {"holder": shortcode}).first() is None:
        return False
    connection.execute(_CREDIT, amount | {"holder": msisdn})
    return True


def set_balance(connection: Connection, msisdn: str, balance_minor: int) -> None:
    """Set the balance of a wallet."""
    wallet = {"holder": msisdn, "opening": balance_minor}
    connection.execute(_OPEN_WALLET, wallet)
    connection.execute(_SET_BALANCE, wallet)


def balance_of(connection: Connection, holder: str) -> int:
    """The balance of a phone, a shortcode or a provider account, in minor units; 0 if unknown."""
    return int(connection.execute(_BALANCE, {"holder": holder}).scalar_one())


def _transaction_row(payment: Payment) -> dict[str, object]:
    return {name: getattr(payment, name) for name in Payment.__dataclass_fields__}


_OPEN_WALLET = text("""
    INSERT INTO simulator.wallets (holder, balance_minor) VALUES (:holder, :opening)
    ON CONFLICT (holder) DO NOTHING
""")
_BALANCE = text("""
    SELECT coalesce(max(balance_minor), 0) FROM simulator.wallets WHERE holder = :holder
""")
_SET_BALANCE = text("UPDATE simulator.wallets SET balance_minor = :opening WHERE holder = :holder")
_DEBIT = text("""
    UPDATE simulator.wallets SET balance_minor = balance_minor - :amount
    WHERE holder = :holder AND balance_minor >= :amount RETURNING balance_minor
""")
_CREDIT = text("""
    INSERT INTO simulator.wallets (holder, balance_minor) VALUES (:holder, :amount)
    ON CONFLICT (holder) DO UPDATE SET balance_minor = wallets.balance_minor + :amount
    RETURNING balance_minor
""")
_INSERT_TRANSACTION = text("""
    INSERT INTO simulator.transactions (receipt, shortcode, msisdn, account, amount_minor,
                                        checkout_id, third_party_id, completed_at)
    VALUES (:receipt, :shortcode, :msisdn, :account, :amount_minor,
            :checkout_id, :third_party_id, :completed_at)
""")
