"""What an agent or an operator may see of a customer, and the last token sent again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from core.customer import Customer
from core.db.devices import device_states, latest_tokens
from core.device import StoredToken
from core.errors import Refused
from core.money import Money
from core.names import mask_name
from core.unit import Unit
from core.usecases.customers.caller import get_known
from core.usecases.sales.debts import list_debts
from core.usecases.tokens.resend import resend_token
from core.wording.message import BoundMessage
from core.wording.payment_words import describe_token


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """A customer as agents see one: the masked name, what is due, and how many devices."""

    owner: str
    due: Money
    credit: Money
    devices: int


def look_up_customer(unit: Unit, phone: str) -> CustomerCard:
    """Return what an agent may see of the customer with that number.

    Raises Refused("customer_unknown").
    """
    customer = get_known(unit, phone)
    debts = list_debts(unit, customer.id)
    currency = unit.market.currency
    return CustomerCard(
        mask_name(customer.name, customer.surname),
        Money(sum(debt.amount_minor for debt in debts.due), currency),
        Money(debts.credit_minor, currency),
        len(device_states(unit.connection, customer.id)),
    )


@dataclass(frozen=True, slots=True)
class LastToken:
    """A device's newest token: its day and what it gives, never its digits."""

    serial: str
    day: date
    content: BoundMessage


def find_last_token(unit: Unit, phone: str, serial: str) -> LastToken:
    """Return the newest token of one of the customer's devices.

    Raises Refused: customer_unknown, no_such_token.
    """
    last = _newest_token(unit, get_known(unit, phone), serial)
    day = unit.market.local_date(last.issued_at)
    return LastToken(serial, day, describe_token(last.kind, last.units))


@dataclass(frozen=True, slots=True)
class ResentLast:
    """The serial of the device whose last token was sent again."""

    serial: str


def resend_last_token(unit: Unit, phone: str, serial: str) -> ResentLast:
    """Send the newest token of a device to its customer again.

    Raises Refused: customer_unknown, no_such_token.
    """
    last = _newest_token(unit, get_known(unit, phone), serial)
    return ResentLast(resend_token(unit, phone, last.id).serial)


def _newest_token(unit: Unit, customer: Customer, serial: str) -> StoredToken:
    for token in latest_tokens(unit.connection, serial, customer.id, 1):
        return token
    raise Refused("no_such_token")
