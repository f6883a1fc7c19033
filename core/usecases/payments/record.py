"""Record a payment that a provider reports, exactly once, whichever callback delivers it.

The journal entry (clearing -> unapplied, or suspense when no device matches) is written in the
callback's own transaction: the money is in the ledger before the provider hears 200.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.db.audit import open_case
from core.db.ledger import open_account, post_entries
from core.db.payments import find_receipt, get_payment, insert_payment, lock_payment
from core.errors import BadCallback, BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting, receiving_account
from core.money import Money
from core.payment import PaymentNotice, PaymentPurpose
from core.prompt import Prompt
from core.unit import Unit
from core.usecases.payments.find_account import Match, purpose_typed
from core.usecases.payments.hold import unmatch
from core.usecases.payments.notify_payer import (
    Payer,
    notify_expired,
    notify_owner_of_payment,
    notify_suspense,
    payer_identified,
    reach_payer,
)
from core.usecases.payments.whose import (
    Held,
    match_payment,
    open_hands_case,
    report_served_another,
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The payment of a notice; `is_new` is False when its receipt was recorded before."""

    payment_id: int
    is_new: bool


def record_payment(unit: Unit, notice: PaymentNotice, *, quiet: bool = False) -> Recorded:
    """Record the payment of a notice once; a repeated receipt returns the first payment.

    `quiet`: no SMS is sent, as the money has gone back already.

    Raises BadCallback for an amount that is not positive or a currency other than the market's.
    """
    if notice.amount_minor <= 0 or notice.currency != unit.market.currency:
        raise BadCallback(f"an amount in {notice.currency} that cannot be booked")
    found = match_payment(unit, notice)
    match = found if isinstance(found, Match) else None
    payment_id = insert_payment(unit.connection, _payment_row(unit, notice, found))
    if payment_id is None:
        return Recorded(_recorded_before(unit, notice), is_new=False)
    _post_received(unit, notice, match, payment_id)
    if not quiet:
        _notify_people(unit, notice, found, payment_id)
    return Recorded(payment_id, is_new=True)


def record_quoted(unit: Unit, notice: PaymentNotice, customer_id: int, account: str) -> Recorded:
    """Record money that is taken now, which was quoted for that customer; `account`: what was
    quoted, in texts.

    Raises Refused("device_moved") where the device got another owner since it was quoted.
    """
    recorded = record_payment(unit, notice)
    payment = get_payment(unit.connection, recorded.payment_id)
    if recorded.is_new and payment is not None and payment.customer_id != customer_id:
        raise Refused("device_moved", serial=account)
    return recorded


def _notify_people(unit: Unit, notice: PaymentNotice, found: Match | Held, payment_id: int) -> None:
    payer = reach_payer(unit, notice.payer_kind, notice.payer)
    if isinstance(found, Held):
        _hold_payment(unit, notice, found, payment_id, payer)
    else:
        unit.wakes.add("payments")
        notify_owner_of_payment(unit, payment_id, found, notice.amount_minor, notice.receipt, payer)


def _hold_payment(
    unit: Unit, notice: PaymentNotice, held: Held, payment_id: int, payer: Payer | None
) -> None:
    """Tell the payer and, where the device is in other hands, a person of money in suspense."""
    notify = notify_expired if held.is_expired else notify_suspense
    notify(unit, payment_id, notice.account, notice.amount_minor, notice.receipt, payer)
    if held.device is not None:
        open_hands_case(unit, payment_id, notice, held.device, held.then)


def _recorded_before(unit: Unit, notice: PaymentNotice) -> int:
    """Return the payment recorded before under this receipt.

    A different amount opens a case. A notice that names the payer, after one that hid the number,
    lets the payer be told.
    """
    known = find_receipt(unit.connection, notice.provider_account, notice.receipt)
    if known is None:
        raise BrokenInvariant(f"receipt {notice.receipt} conflicts with no row")
    payment_id, booked_minor = known
    if notice.amount_minor != booked_minor:
        theirs, ours = (
            Money(minor, notice.currency) for minor in (notice.amount_minor, booked_minor)
        )
        detail = f"{notice.receipt}: {theirs} by {notice.source}, {ours} in the books"
        open_case(unit.connection, unit.now, "amount_differs", str(payment_id), detail, payment_id)
    if notice.prompt is not None:
        _compare_customer(unit, payment_id, notice.prompt)
    if notice.payer_kind == "msisdn" and notice.payer is not None:
        payer_identified(unit, payment_id, notice.payer)
    return payment_id


def _compare_customer(unit: Unit, payment_id: int, prompt: Prompt) -> None:
    """Hold a payment that was booked for another customer than its prompt was made for, which is
    known only now; if it was applied, a person must know."""
    payment = lock_payment(unit.connection, payment_id)
    if payment is None or payment.customer_id in (None, prompt.customer_id):
        return
    if payment.state == "received" and payment.device_id is not None:
        unmatch(unit, payment.id, {prompt.customer_id})
    elif payment.state == "applied":
        report_served_another(unit, payment, prompt.customer_id)


# Sources that announce a payment at once, after a quote that we were asked for.
_AT_ONCE = ("c2b",)


def _quoted_at(unit: Unit, notice: PaymentNotice) -> datetime:
    """When the payer of a payment without a prompt was told what it does: when it was made. What is
    announced at once, on the same day, counts by our own clock: a provider's may be wrong."""
    is_today = unit.market.local_date(notice.paid_at) == unit.today
    return unit.now if notice.source in _AT_ONCE and is_today else notice.paid_at


def _purpose_told(unit: Unit, notice: PaymentNotice) -> PaymentPurpose:
    return notice.prompt.purpose if notice.prompt else purpose_typed(unit, notice.account)


def _payment_row(unit: Unit, notice: PaymentNotice, found: Match | Held) -> dict[str, object]:
    match = found if isinstance(found, Match) else None
    quoted_at = notice.quoted_at or (match and match.quoted_at) or _quoted_at(unit, notice)
    return {
        "provider_account": notice.provider_account,
        "receipt": notice.receipt,
        "source": notice.source,
        "amount_minor": notice.amount_minor,
        "currency": notice.currency,
        "account_raw": notice.account,
        "purpose": match.purpose if match else _purpose_told(unit, notice),
        "device_id": match.device_id if match else None,
        "customer_id": match.customer_id if match else None,
        "payer_kind": notice.payer_kind,
        "payer": notice.payer,
        "paid_at": notice.paid_at,
        "paid_on": unit.paid_on(min(notice.paid_at, quoted_at)),
        "quoted_at": quoted_at,
        "received_at": unit.now,
        "next_attempt_at": unit.now,
        "state": "received" if match else "suspense",
        "problem": found.problem if isinstance(found, Held) else None,
    }


def _post_received(unit: Unit, notice: PaymentNotice, match: Match | None, payment_id: int) -> None:
    account = receiving_account(notice.provider_account)
    open_account(unit.connection, account, DEBIT)
    owner = match.customer_id if match else None
    holding = "unapplied" if match else "suspense"
    legs = (
        Posting(account, DEBIT, notice.amount_minor),
        Posting(holding, CREDIT, notice.amount_minor, owner),
    )
    entry = JournalEntry("received", f"received:{payment_id}", legs, value_at=notice.paid_at)
    post_entries(unit.connection, unit.now, [entry])
