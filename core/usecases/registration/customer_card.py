"""An agent looks a customer up: the masked name, what is due, and a token sent once more."""

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
from core.usecases.customers.find import get_known
from core.usecases.sales.debts import list_debts
from core.usecases.tokens.resend import resend_token
from core.wording.message import BoundMessage
from core.wording.payment_words import describe_token


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


@dataclass(frozen=True, slots=True)
class LastToken:
    """A device's newest token: from when it is and what it gives, never its digits."""

    serial: str
    day: date
    content: BoundMessage


def find_last_token(unit: Unit, phone: str, serial: str) -> LastToken:
    """The newest token of one of the customer's devices. Raises Refused("no_such_token")."""
    last = _last(unit, get_known(unit, phone), serial)
    day = unit.market.local_date(last.issued_at)
    return LastToken(serial, day, describe_token(last.kind, last.units))


@dataclass(frozen=True, slots=True)
class ResentLast:
    """The serial whose last token goes to its owner again."""

    serial: str


def resend_last_token(unit: Unit, phone: str, serial: str) -> ResentLast:
    """Send it to the customer. Raises Refused("no_such_token")."""
    last = _last(unit, get_known(unit, phone), serial)
    return ResentLast(resend_token(unit, phone, last.id).serial)


def _last(unit: Unit, customer: Customer, serial: str) -> StoredToken:
    for token in latest_tokens(unit.connection, serial, customer.id, 1):
        return token
    raise Refused("no_such_token")
