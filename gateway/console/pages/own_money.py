"""The operator's own money: what moved the office's cash and the bank, and the acts that do."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from core.db.console.own_money import OWN_MONEY
from core.db.ledger import balance
from core.journal import OWN_ACCOUNTS
from core.money import Money
from core.unit import Unit
from core.usecases.cash.bank_cash import bank_cash
from core.usecases.cash.take_payment import OfficePayment, take_payment
from gateway.console import parsing
from gateway.console.acts import Act
from gateway.console.formatting import DAY, INSTANT, LABEL, MONEY, MONOSPACE, money
from gateway.console.forms import Done, Field, Form, Values, action_page
from gateway.console.listing import Column, Listing, choice_filter, list_page

blueprint = Blueprint("own_money", __name__)

PLACES = (("office", "the office's cash"), ("bank", "the bank"))


def places(unit: Unit) -> Sequence[tuple[str, str]]:
    """Return as options where the operator's own money is."""
    return PLACES


def balances(unit: Unit) -> list[tuple[str, str]]:
    """Return what the ledger has in the office and at the bank, for the top of a form."""
    return [
        ("In the office", _signed(unit, balance(unit.connection, OWN_ACCOUNTS["office"]))),
        ("At the bank", _signed(unit, balance(unit.connection, OWN_ACCOUNTS["bank"]))),
    ]


def _signed(unit: Unit, minor: int) -> str:
    return ("-" if minor < 0 else "") + money(abs(minor), unit.market)


list_page(
    blueprint,
    "/own-money/",
    "movements",
    Listing(
        "Office and bank",
        OWN_MONEY,
        columns=(
            Column("Written", "posted_at", INSTANT),
            Column("Day", "value_on", DAY),
            Column("Account", "account", MONOSPACE),
            Column("Movement", "kind", LABEL),
            Column("Receipt", "receipt", MONOSPACE),
            Column("In", "in_minor", MONEY),
            Column("Out", "out_minor", MONEY),
        ),
        filters=(
            choice_filter(
                "account",
                "Account",
                lambda unit: [(account, account) for account in OWN_ACCOUNTS.values()],
            ),
        ),
        buttons=(
            ("Take a payment", "own_money.take_payment"),
            ("Bank cash", "own_money.bank_cash"),
        ),
        intro="Cash of the office, and the bank account of the operator.",
    ),
)


def _take_payment(unit: Unit, operator: str, values: Values) -> Done:
    amount = Money(values["amount"], unit.market.currency)
    taken = OfficePayment(
        values["account"], amount, values["place"], values["receipt"], values["paid_on"]
    )
    payment_id = take_payment(unit, taken, operator, values["reason"])
    message = "The payment is booked and is being applied. The customer gets the receipt by SMS."
    return Done(message, "payments.payment", {"payment_id": payment_id})


action_page(
    blueprint,
    "/own-money/payment",
    "take_payment",
    "own_money",
    Form(
        "Take a payment",
        lambda unit: (
            Field(
                "account", "Paid for", hint="A serial number; with LOAN after it, only for loans."
            ),
            Field("amount", "Amount", parsing.positive_amount_minor),
            Field("place", "Came to", kind="select", options=places),
            Field("receipt", "Number of the receipt or transfer", parsing.receipt),
            Field("paid_on", "Day", parsing.day, "date", optional=True, hint="Empty: today."),
        ),
        _take_payment,
        button="Book it",
        errors_at={
            "receipt_used": "receipt",
            "day_ahead": "paid_on",
            "amount_invalid": "amount",
            "amount_too_large": "amount",
            "below_minimum": "amount",
            "nothing_to_pay": "amount",
            "unknown_serial": "account",
            "device_in_stock": "account",
        },
        summary=balances,
        act=Act("take_payment", counts=False),
    ),
)


def _bank_cash(unit: Unit, operator: str, values: Values) -> Done:
    amount = Money(values["amount"], unit.market.currency)
    left = bank_cash(unit, amount, values["receipt"], operator, values["reason"])
    message = (
        f"The cash is booked into the bank. The office holds {money(left.minor, unit.market)}."
    )
    return Done(message, "own_money.movements")


action_page(
    blueprint,
    "/own-money/bank",
    "bank_cash",
    "own_money",
    Form(
        "Bank cash of the office",
        lambda unit: (
            Field("amount", "Amount", parsing.positive_amount_minor),
            Field("receipt", "Number of the deposit slip", parsing.receipt),
        ),
        _bank_cash,
        button="Book it",
        errors_at={"receipt_used": "receipt", "cash_too_little": "amount"},
        summary=balances,
        preview=lambda unit, done: [done.message],
    ),
)
