"""Payments that wait for their provider's own word: on hold, asked about, and released by it.

The word is the answer to a question of ours, a list of the provider, or a message that proves
itself. It may come late and then still counts. Where it does not come, or says no, a person
decides.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from core.db.audit import close_cases, open_case
from core.db.customers import get_customer
from core.db.devices import get_device
from core.db.payments import get_payment, hold, lock_payment, note_listed, release
from core.db.provider_words import (
    claim_due_words,
    end_words,
    find_word,
    insert_word,
    plan_word,
)
from core.money import Money
from core.payment import (
    NO_WORD,
    UNLISTED,
    UNVERIFIED,
    BookedPayment,
    DoubtReason,
    PaymentNotice,
    ProviderWord,
)
from core.unit import Unit
from core.usecases.payments.doubt import limit_of, report_forgery
from core.usecases.payments.notify_payer import notify_waiting, reach_payer

# When the provider is asked, counted from the announcement. At first its other message about the
# same money, which proves itself, may still come.
_ASKED_AFTER = tuple(timedelta(seconds=s) for s in (10, 60, 300, 1200, 3600, 4 * 3600, 24 * 3600))
# A payment that was made a moment ago may not be known everywhere.
_BELIEVED_NO_FROM = 2
_WHAT_TO_DO = "Apply it, keep it on hold, or say that it was never paid"


def wait_for_word(unit: Unit, payment_id: int, stated: PaymentNotice, reason: DoubtReason) -> None:
    """Put a new payment on hold until its provider says that it was made. What is more than a
    question of proof is a case at once. `stated`: what was announced."""
    insert_word(unit.connection, unit.now, payment_id, reason, unit.now + _ASKED_AFTER[0])
    hold(unit.connection, payment_id, _problem(unit, stated, reason))
    if reason == "forged":
        what = f"the confirmation of {stated.receipt} brought back a proof that is not ours"
        report_forgery(unit, stated.provider_account, what)
    if reason not in ("large_sum", "after_forgery"):
        detail = (
            f"{_named(stated)} is not believed: {_problem(unit, stated, reason)}. {_WHAT_TO_DO}"
        )
        open_case(unit.connection, unit.now, UNVERIFIED, str(payment_id), detail, payment_id)
    unit.wakes.add("reconciliation")


def _named(paid: PaymentNotice | BookedPayment) -> str:
    account = paid.account if isinstance(paid, PaymentNotice) else paid.account_raw
    return (
        f"{paid.receipt}: {Money(paid.amount_minor, paid.currency)} for {account or 'no account'}"
    )


def _problem(unit: Unit, stated: PaymentNotice, reason: DoubtReason) -> str:
    if reason == "over_limit":
        most = limit_of(unit, stated.provider_account)
        return f"it is more than {most}, the most that can be paid at once"
    if reason == "wrong_clock":
        return (
            f"it was paid at {unit.market.local_minute(stated.paid_at)}, says the message, which is"
            " more than a day from our clock"
        )
    return {
        "forged": "the message brought back a proof that is not ours",
        "unknown_prompt": "it came as the result of a prompt, under a name that is not known",
        "large_sum": "the message proves nothing, and the sum is large",
        "after_forgery": "the message proves nothing, and a forged one was seen",
    }[reason]


def claim_words(unit: Unit, limit: int) -> list[ProviderWord]:
    """Claim up to `limit` payments whose provider is to be asked now; the next question is planned.

    At the first the payer is told, once, that the code will come. After the last a case is opened.
    """
    due = []
    claimed = claim_due_words(unit.connection, unit.now, limit)
    for word in sorted(claimed, key=lambda word: f"{word.payment_id}:"):  # as cases are locked
        payment = get_payment(unit.connection, word.payment_id)
        if payment is None or payment.state not in ("received", "suspense"):
            end_words(unit.connection, unit.now, [word.payment_id], "released")
        elif word.attempts >= len(_ASKED_AFTER):
            give_up(unit, word.payment_id)
        else:
            _plan_next(unit, word)
            if word.attempts == 0 and word.reason != "forged":
                _tell_payer(unit, payment)
            due.append(word)
    return due


def _plan_next(unit: Unit, word: ProviderWord) -> None:
    """The last question is given as long to be answered as there was between the last two."""
    following = word.attempts + 1
    last = len(_ASKED_AFTER) - 1
    after = _ASKED_AFTER[following] if following <= last else 2 * _ASKED_AFTER[last]
    plan_word(
        unit.connection, word.payment_id, max(word.asked_for_at + after, unit.now + _ASKED_AFTER[0])
    )


def _tell_payer(unit: Unit, payment: BookedPayment) -> None:
    if payment.customer_id is None:
        return
    owner = get_customer(unit.connection, payment.customer_id)
    device = get_device(unit.connection, payment.device_id) if payment.device_id else None
    payer = reach_payer(unit, payment.payer_kind, payment.payer)
    notify_waiting(unit, payment, device.serial if device else owner.account, payer or owner)


def give_up(unit: Unit, payment_id: int, why: str = "did not say whether it was made") -> None:
    """The provider's word does not come: a person decides. Nothing where it came after all."""
    payment = lock_payment(unit.connection, payment_id)
    if payment and end_words(unit.connection, unit.now, [payment_id], "no_answer"):
        detail = f"{_named(payment)}: {payment.provider_account} {why}. {_WHAT_TO_DO}"
        key = f"{payment_id}:no_answer"
        open_case(unit.connection, unit.now, UNVERIFIED, key, detail, payment_id)


def provider_says(unit: Unit, payment_id: int, receipt: str | None, amount_minor: int = 0) -> bool:
    """Record the provider's answer about a payment: that it was made under this receipt with this
    amount, or (None) that there is none. Returns whether it confirms the payment.

    A first no is not believed yet: the provider is asked again, as planned.
    """
    payment = lock_payment(unit.connection, payment_id)
    word = find_word(unit.connection, payment_id)
    if payment is None or word is None:
        return False
    if receipt is not None and (receipt.upper(), amount_minor) == (
        payment.receipt,
        payment.amount_minor,
    ):
        confirm_payments(unit, [payment_id])
        return True
    if receipt is not None or word.attempts >= _BELIEVED_NO_FROM:
        _deny(unit, payment, receipt, amount_minor)
    return False


def _deny(unit: Unit, payment: BookedPayment, receipt: str | None, amount_minor: int) -> None:
    if not end_words(unit.connection, unit.now, [payment.id], "denied"):
        return
    found = f"knows {receipt} with {Money(amount_minor, payment.currency)}"
    says = found if receipt else "knows no such payment"
    detail = f"{_named(payment)}: {payment.provider_account} {says}. {_WHAT_TO_DO}"
    key = f"{payment.id}:denied"
    open_case(unit.connection, unit.now, UNVERIFIED, key, detail, payment.id)


def confirm_payments(unit: Unit, payment_ids: Collection[int]) -> None:
    """Release locked payments on hold that the provider says were made, and close the cases that
    doubt it. Other holds come back when they are applied."""
    end_words(unit.connection, unit.now, payment_ids, "confirmed", NO_WORD)
    note_listed(unit.connection, unit.now, payment_ids)
    for kind in (UNLISTED, UNVERIFIED):
        close_cases(unit.connection, unit.now, kind, payment_ids)
    if release(unit.connection, unit.now, payment_ids):
        unit.wakes.add("payments")


def confirm_announced(unit: Unit, payment_id: int) -> None:
    """Release a payment that was not believed, as a message that proves itself tells of it too.
    What a list of the provider has not stays a case."""
    word = find_word(unit.connection, payment_id)
    if word is None or word.state not in NO_WORD:
        return
    lock_payment(unit.connection, payment_id)
    if end_words(unit.connection, unit.now, [payment_id], "confirmed", NO_WORD):
        close_cases(unit.connection, unit.now, UNVERIFIED, [payment_id])
        release(unit.connection, unit.now, [payment_id])
        unit.wakes.add("payments")


def deny_unlisted(unit: Unit, payment_id: int) -> None:
    """A list of the provider has no such payment: it is not asked about any more."""
    end_words(unit.connection, unit.now, [payment_id], "denied")


def decide_by_hand(unit: Unit, payment_id: int) -> None:
    """A person has decided about a payment: its provider's word is not waited for any more."""
    end_words(unit.connection, unit.now, [payment_id], "released", NO_WORD)
    close_cases(unit.connection, unit.now, UNVERIFIED, [payment_id])
