"""Send a token again: the same row, the same text, a new SMS."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.db.console.tokens import find_token
from core.db.customers import find_customer
from core.db.devices import find_token_of
from core.errors import Refused
from core.tokens.family import group
from core.unit import Unit
from core.usecases.messages.queue import Recipient, send_sms_to
from core.usecases.operators.audit import write_audit
from core.wording.messages import sms
from core.wording.payment_words import describe_token


@dataclass(frozen=True, slots=True)
class Resent:
    """The serial number the token is for."""

    serial: str


def resend_token(unit: Unit, msisdn: str, token_id: int) -> Resent:
    """Queue the SMS with a token again, to this number of the device's owner.

    Raises Refused("no_such_token") for a token of another customer.
    """
    customer = find_customer(unit.connection, msisdn)
    if customer is None:
        raise Refused("no_such_token")
    token = find_token_of(unit.connection, customer.id, token_id)
    if token is None:
        raise Refused("no_such_token")
    message = sms.token(
        token=group(token.text, token.family),
        serial=token.serial,
        content=describe_token(token.kind, token.units),
    )
    recipient = Recipient(msisdn, customer.language)
    dedupe_key = f"resend:{token.id}:{unit.now.isoformat()}"
    send_sms_to(unit, recipient, message, dedupe_key, token_id=token.id)
    return Resent(token.serial)


@dataclass(frozen=True, slots=True)
class RevealedToken:
    """A token to be read out, and the payment or the order it was made for."""

    text: str = field(repr=False)
    serial: str
    payment_id: int | None
    order_id: int | None


def reveal_token(unit: Unit, token_id: int, operator: str, reason: str) -> RevealedToken:
    """Return a token for an operator to read out; writes an audit row.

    Raises Refused: no_such_token, reason_missing.
    """
    token = find_token(unit.connection, token_id)
    if token is None:
        raise Refused("no_such_token")
    write_audit(unit, operator, "reveal", "token", token_id, reason, serial=token.serial)
    return RevealedToken(
        group(token.text, token.family), token.serial, token.payment_id, token.order_id
    )
