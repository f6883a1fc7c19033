"""Match money in suspense: an operator decides, the program only suggests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.db.payments import get_payment, lock_payment, set_payment
from core.db.refunds import find_replacement, owned_among, owned_by_number, paid_before
from core.errors import Refused
from core.journal import CREDIT, DEBIT, Posting
from core.payment import BookedPayment
from core.serial_number import normalise_serial
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.payments.find_account import LOAN_SUFFIX, match_account
from core.usecases.payments.hold import post_counted
from core.usecases.payments.notify_payer import notify_owner_of_payment, reach_payer
from core.usecases.payments.provider_word import decide_by_hand
from core.usecases.payments.whose import close_hands_cases, owners_then

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ./_"
_LONGEST = 32


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A device, or the account reference of a customer, that the money may be for.

    `why`: owner_then (whose the device was when it was paid, or whose prompt it was), swapped (it
    replaced the device that was typed), similar_serial, payers_device, paid_before.
    """

    serial: str
    why: str


def suggest_matches(unit: Unit, payment_id: int) -> list[Suggestion]:
    """Return the likely devices and accounts, each once. Nothing is matched automatically.

    Raises Refused("payment_unknown").
    """
    payment = get_payment(unit.connection, payment_id)
    if payment is None:
        raise Refused("payment_unknown", payment_id=payment_id)
    found: dict[str, Suggestion] = {}
    for serial, why in _candidates(unit, payment):
        found.setdefault(serial, Suggestion(serial, why))
    return list(found.values())


def _candidates(unit: Unit, payment: BookedPayment) -> Iterator[tuple[str, str]]:
    connection = unit.connection
    typed = normalise_serial(payment.account_raw).removesuffix(LOAN_SUFFIX)
    if swapped := find_replacement(connection, typed):
        yield swapped, "swapped"
    for customer in owners_then(unit, payment):
        yield customer.account, "owner_then"
    payer = reach_payer(unit, payment.payer_kind, payment.payer)
    if payer is not None:
        for serial in owned_by_number(connection, payer.msisdn):
            yield serial, "payers_device"
    # A masked number is shared by many people: it does not identify the payer.
    if payment.payer is not None and payment.payer_kind != "masked":
        for serial in paid_before(connection, payment.payer_kind, payment.payer):
            yield serial, "paid_before"
    if 3 <= len(typed) <= _LONGEST:
        for serial in owned_among(connection, within_edit_distance_one(typed)):
            yield serial, "similar_serial"


def within_edit_distance_one(typed: str) -> set[str]:
    """Return every serial number with one character wrong, missing or added, or two swapped."""
    halves = [(typed[:place], typed[place:]) for place in range(len(typed) + 1)]
    missing = {head + tail[1:] for head, tail in halves if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in halves if len(tail) > 1}
    wrong = {head + letter + tail[1:] for head, tail in halves if tail for letter in _LETTERS}
    added = {head + letter + tail for head, tail in halves for letter in _LETTERS}
    return (missing | swapped | wrong | added) - {typed}


def match_suspense(unit: Unit, payment_id: int, serial: str, operator: str, reason: str) -> None:
    """Move a payment from suspense to the owner of a device, or to the customer with an account
    reference; it is then applied like any other. Whose it was is the operator's to decide. A
    payer who meant the loan only, as far as can be read from the account, still does.

    Raises Refused: payment_unknown, not_in_suspense, unknown_serial, device_in_stock,
    reason_missing, and of a prompt's reference as `match_account`.
    """
    payment = lock_payment(unit.connection, payment_id)
    if payment is None:
        raise Refused("payment_unknown", payment_id=payment_id)
    if payment.state != "suspense":
        raise Refused("not_in_suspense", receipt=payment.receipt, state=payment.state)
    match = match_account(unit, serial)
    set_payment(
        unit.connection,
        payment.id,
        state="received",
        device_id=match.device_id,
        customer_id=match.customer_id,
        purpose="loan" if match.purpose == "loan" else payment.purpose,
        problem=None,
        decided_at=unit.now,
        next_attempt_at=unit.now,
    )
    unit.wakes.add("payments")
    legs = (
        Posting("suspense", DEBIT, payment.left_minor),
        Posting("unapplied", CREDIT, payment.left_minor, match.customer_id),
    )
    post_counted(unit, "matched", payment.id, legs)
    close_hands_cases(unit, payment.id)
    decide_by_hand(unit, payment.id)
    matched_to = match.device.serial if match.device else serial
    write_audit(
        unit, operator, "match", "payment", payment.id, reason, serial=matched_to,
    )  # fmt: skip
    payer = reach_payer(unit, payment.payer_kind, payment.payer)
    notify_owner_of_payment(unit, payment.id, match, payment.left_minor, payment.receipt, payer)
