"""SMS to the payer, when the payer is not the owner of the device (who gets the receipt)."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.customers import find_customer, find_customer_by_hash, get_customer
from core.db.devices import get_device
from core.db.payments import learn_payer
from core.money import Money
from core.names import mask_name
from core.payment import BookedPayment, ReceivedPayment
from core.unit import Unit
from core.usecases.messages.queue import Reachable, send_sms_to
from core.usecases.payments.find_account import Match
from core.wording.message import BoundMessage
from core.wording.messages import refund, sms

_MATCHED = ("received", "applied")


@dataclass(frozen=True, slots=True)
class Payer:
    """A number that can be texted, and the language to do it in."""

    msisdn: str
    language: str


def reach_payer(unit: Unit, payer_kind: str, payer: str | None) -> Payer | None:
    """Return the payer's number: as given, or found by its hash among customers; None if hidden."""
    if payer_kind == "msisdn" and payer is not None:
        customer = find_customer(unit.connection, payer)
        return Payer(payer, customer.language if customer else unit.market.default_language)
    if payer_kind == "sha256" and payer is not None:
        found = find_customer_by_hash(unit.connection, payer)
        return Payer(*found) if found else None
    return None


def notify_owner_of_payment(
    unit: Unit, payment_id: int, match: Match, amount_minor: int, receipt: str, payer: Payer | None
) -> None:
    """Confirm to a payer who is not the owner; the owner's own receipt comes with the token."""
    if payer is None:
        return
    customer = find_customer(unit.connection, payer.msisdn)
    if customer is not None and customer.id == match.customer_id:
        return
    owner = get_customer(unit.connection, match.customer_id)
    message = sms.paid_for(
        serial=match.device.serial if match.device else owner.account,
        owner=mask_name(owner.name, owner.surname),
        amount=Money(amount_minor, unit.market.currency),
        receipt=receipt,
    )
    _queue(unit, "paid_for", payment_id, message, payer)


def payer_identified(unit: Unit, payment_id: int, msisdn: str) -> None:
    """A later notice names the payer of a payment whose first notice hid the number.

    The payer now gets the SMS that was not sent at first.
    """
    payment = learn_payer(unit.connection, payment_id, msisdn)
    payer = reach_payer(unit, "msisdn", msisdn)
    if payment is None:
        return
    amount_minor, receipt = payment.amount_minor, payment.receipt
    if payment.state == "suspense":
        notify_suspense(unit, payment_id, payment.account_raw, amount_minor, receipt, payer)
    elif payment.state in _MATCHED and payment.customer_id:
        device = get_device(unit.connection, payment.device_id) if payment.device_id else None
        match = Match(device, payment.customer_id, "device")
        notify_owner_of_payment(unit, payment_id, match, amount_minor, receipt, payer)


def notify_suspense(
    unit: Unit, payment_id: int, account: str, amount_minor: int, receipt: str, payer: Payer | None
) -> None:
    """Tell the payer that the money matches no device and is kept safely."""
    message = sms.suspense(
        amount=Money(amount_minor, unit.market.currency),
        account=account,
        receipt=receipt,
        operator=unit.market.operator,
    )
    _queue(unit, "suspense", payment_id, message, payer)


def notify_payer_of_return(
    unit: Unit, payment: BookedPayment, amount_minor: int, dedupe_key: str
) -> None:
    """Tell the payer, where there is a number, that unused money went back."""
    message = refund.refunded(
        amount=Money(amount_minor, unit.market.currency),
        receipt=payment.receipt,
        operator=unit.market.operator,
    )
    payer = reach_payer(unit, payment.payer_kind, payment.payer)
    send_sms_to(unit, payer, message, dedupe_key, payment_id=payment.id)


def notify_held(unit: Unit, payment: ReceivedPayment, serial: str, payer: Payer | None) -> None:
    """Tell the payer, else the owner of the device, that a person looks at the payment first."""
    owner = get_customer(unit.connection, payment.customer_id)
    amount = Money(payment.amount_minor, unit.market.currency)
    message = sms.held(
        amount=amount, serial=serial, receipt=payment.receipt, operator=unit.market.operator
    )
    _queue(unit, "held", payment.id, message, payer or owner)


def notify_waiting(unit: Unit, payment: BookedPayment, serial: str, to: Reachable) -> None:
    """Tell the payer, else the owner of the device, that the code comes once the provider has
    confirmed the payment."""
    message = sms.code_follows(
        amount=Money(payment.amount_minor, payment.currency),
        serial=serial,
        receipt=payment.receipt,
        operator=unit.market.operator,
    )
    _queue(unit, "code_follows", payment.id, message, to)


def notify_expired(
    unit: Unit, payment_id: int, account: str, amount_minor: int, receipt: str, payer: Payer | None
) -> None:
    """Tell the payer that a reference of an earlier prompt was typed too late, and what to type."""
    message = sms.reference_expired(
        amount=Money(amount_minor, unit.market.currency),
        account=account,
        receipt=receipt,
        operator=unit.market.operator,
    )
    _queue(unit, "suspense", payment_id, message, payer)


def _queue(
    unit: Unit, dedupe_key: str, payment_id: int, message: BoundMessage, to: Reachable | None
) -> None:
    send_sms_to(unit, to, message, f"{dedupe_key}:{payment_id}", payment_id=payment_id)
