"""An agent looks a customer up: the masked name, what is due, and a token sent once more."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.customers import Customer, find_customer
from core.db.device_states import device_states, latest_tokens
from core.errors import Refused
from core.money import Money
from core.names import mask_name
from core.unit import Unit
from core.usecases.list_debts import list_debts
from core.usecases.resend_token import resend_token


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """What an agent may know of a customer."""

    owner: str
    due: Money
    credit: Money
    devices: int


def look_up_customer(unit: Unit, phone: str) -> CustomerCard:
    """The card behind a number. Raises Refused("customer_unknown")."""
    customer = get_known(unit, phone)
    debts = list_debts(unit, customer.id)
    currency = unit.market.currency
    return CustomerCard(
        mask_name(customer.name, customer.surname),
        Money(sum(debt.amount_minor for debt in debts.due), currency),
        Money(debts.credit_minor, currency),
        len(device_states(unit.connection, customer.id)),
    )


def get_known(unit: Unit, phone: str) -> Customer:
    """The customer behind a number. Raises Refused("customer_unknown")."""
    customer = find_customer(unit.connection, phone)
    if customer is None:
        raise Refused("customer_unknown", msisdn=phone)
    return customer


@dataclass(frozen=True, slots=True)
class ResentLast:
    """The serial whose last token goes to its owner again."""

    serial: str


def resend_last_token(unit: Unit, phone: str) -> ResentLast:
    """Send the customer's newest token to the customer. Raises Refused("no_such_token")."""
    customer = get_known(unit, phone)
    newest = [
        token
        for device in device_states(unit.connection, customer.id)
        for token in latest_tokens(unit.connection, device.serial, customer.id, 1)
    ]
    if not newest:
        raise Refused("no_such_token")
    last = max(newest, key=lambda token: token.issued_at)
    return ResentLast(resend_token(unit, phone, last.id).serial)
