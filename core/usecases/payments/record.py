"""Record a payment that a provider reports, exactly once, whichever callback delivers it.

The journal entry (clearing -> unapplied, or suspense when no device matches) is written in the
callback's own transaction: the money is in the ledger before the provider hears 200.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.db.audit import open_case
from core.db.ledger import open_account, post_entries
from core.db.payments import find_receipt, get_payment, insert_payment, lock_payment
from core.errors import BadCallback, BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting, receiving_account
from core.money import Money
from core.payment import DoubtReason, PaymentNotice, PaymentPurpose
from core.prompt import Prompt
from core.unit import Unit
from core.usecases.payments.doubt import ANNOUNCED, find_doubt
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
from core.usecases.payments.provider_word import confirm_announced, wait_for_word
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


def record_payment(
    unit: Unit, notice: PaymentNotice, *, quiet: bool = False, doubt: DoubtReason | None = None
) -> Recorded:
    """Record the payment of a notice once; a repeated receipt returns the first payment.

    `quiet`: no SMS is sent, as the money has gone back already. `doubt`: why it is not believed, if
    the caller knows; else `find_doubt` says it.

    Raises BadCallback for an amount that is not positive or a currency other than the market's.
    """
    if notice.amount_minor <= 0 or notice.currency != unit.market.currency:
        raise BadCallback(f"an amount in {notice.currency} that cannot be booked")
    doubt = doubt or find_doubt(unit, notice)
    found = match_payment(unit, notice)
    booked = _with_our_clock(unit, notice, doubt)
    payment_id = insert_payment(unit.connection, _payment_row(unit, booked, found))
    if payment_id is None:
        return _recorded_before(unit, notice, doubt)
    match = found if isinstance(found, Match) else None
    _post_received(unit, booked, match, payment_id)
    if not quiet:
        _notify_people(unit, notice, found, payment_id, doubt)
    if doubt is not None:
        wait_for_word(unit, payment_id, notice, doubt)
    return Recorded(payment_id, is_new=True)


def _with_our_clock(unit: Unit, notice: PaymentNotice, doubt: DoubtReason | None) -> PaymentNotice:
    """Return the notice as it is booked. What an unsigned message says of the time is never ahead
    of us; one that is not believed only tells whose money it may be."""
    if doubt == "wrong_clock":
        return replace(notice, paid_at=unit.now)
    is_ahead = notice.source in ANNOUNCED and notice.paid_at > unit.now
    return replace(notice, paid_at=unit.now) if is_ahead else notice


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


def _notify_people(
    unit: Unit,
    notice: PaymentNotice,
    found: Match | Held,
    payment_id: int,
    doubt: DoubtReason | None,
) -> None:
    """Wake the workers and tell the payer; of a payment in doubt that is matched, when its provider
    is asked."""
    payer = reach_payer(unit, notice.payer_kind, notice.payer)
    if isinstance(found, Held):
        _hold_payment(unit, notice, found, payment_id, payer)
    elif doubt is None:
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


def _recorded_before(unit: Unit, notice: PaymentNotice, doubt: DoubtReason | None) -> Recorded:
    """Return the payment recorded before under this receipt.

    A different amount opens a case. A notice that names the payer, after one that hid the number,
    lets the payer be told. One that is proved, and not in doubt itself, is the provider's word. A
    proof that another receipt has used is not ours.
    """
    known = find_receipt(unit.connection, notice.provider_account, notice.receipt)
    if known is None and notice.proof is None:
        raise BrokenInvariant(f"receipt {notice.receipt} conflicts with no row")
    if known is None:
        return record_payment(unit, replace(notice, evidence="forged", proof=None))
    payment_id, booked_minor = known
    if notice.amount_minor == booked_minor and notice.evidence == "proved" and doubt is None:
        confirm_announced(unit, payment_id)
    elif notice.amount_minor != booked_minor:
        theirs, ours = (
            Money(minor, notice.currency) for minor in (notice.amount_minor, booked_minor)
        )
        detail = f"{notice.receipt}: {theirs} by {notice.source}, {ours} in the books"
        open_case(unit.connection, unit.now, "amount_differs", str(payment_id), detail, payment_id)
    if notice.prompt is not None:
        _compare_customer(unit, payment_id, notice.prompt)
    if notice.payer_kind == "msisdn" and notice.payer is not None:
        payer_identified(unit, payment_id, notice.payer)
    return Recorded(payment_id, is_new=False)


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


# Sources that are lists of the provider.
_LISTED = ("pull", "statement")
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
        "evidence": notice.evidence,
        "proof": notice.proof,
        "listed_at": unit.now if notice.source in _LISTED else None,
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
