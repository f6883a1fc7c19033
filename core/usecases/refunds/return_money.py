"""Book that money of a payment went back, in whole or in part; nothing is edited or deleted.

What a provider says it took back is compared with what was recorded before: the same news again
changes nothing, and news that cannot be true is a case for a person.
"""

from __future__ import annotations

from core.db.audit import add_clawback, close_cases, open_case
from core.db.ledger import post_entries
from core.db.payments import set_payment
from core.db.returns import Return, insert_return, learn_reference, returns_of
from core.errors import BrokenInvariant, Refused
from core.journal import DEBIT, JournalEntry, Posting
from core.money import Money
from core.payment import CHANGED, TOLD_BACK, BookedPayment, PaymentState
from core.refund import NewReturn
from core.unit import Unit
from core.usecases.payments.provider_word import decide_by_hand
from core.usecases.payments.whose import close_hands_cases
from core.usecases.refunds.money_out import postings_out
from core.usecases.refunds.reverse_payment import CLAWBACK, entry_key, take_lines_back

# The account that holds the money of a payment that was not used, by its state.
HOLDING = {"suspense": "suspense", "received": "unapplied"}
# Cases: a provider took back what cannot go back any more; what was given back in another way too.
UNCLEAR, TWICE = "return_unclear", "returned_twice"


def return_money(unit: Unit, payment: BookedPayment, back: NewReturn) -> int:
    """Book that money of a locked payment went back; returns the clawback in minor units.

    What is more than the payment has left is owed by its customer, and a case says so.
    """
    asked = payment.left_minor if back.amount_minor is None else back.amount_minor
    amount = min(asked, payment.left_minor)
    returned = insert_return(
        unit.connection, _return_row(unit, payment, back, (amount, asked - amount))
    )
    clawback = returned.excess_minor
    holding = HOLDING.get(payment.state, "unapplied")
    if payment.state == "applied" and amount:
        clawback += take_lines_back(unit, payment, returned)
    legs = (
        Posting(holding, DEBIT, amount, None if holding == "suspense" else payment.customer_id),
        *_post_excess(unit, payment, returned),
        *postings_out(unit, payment, returned),
    )
    key = entry_key("reversed", payment, returned)
    entry = JournalEntry("reversed", key, legs, value_at=returned.happened_at)
    post_entries(unit.connection, unit.now, [entry])
    mark_returned(unit, payment, amount, "reversed", payment.state)
    if back.source == "provider":
        close_cases(unit.connection, unit.now, TOLD_BACK, [payment.id])
    return clawback


def check_day(unit: Unit, back: NewReturn) -> None:
    """Raises Refused("day_ahead") for money that goes back tomorrow or later."""
    if back.happened_at is not None and back.happened_at > unit.now:
        raise Refused("day_ahead")


def _return_row(
    unit: Unit, payment: BookedPayment, back: NewReturn, parts: tuple[int, int]
) -> dict[str, object]:
    amount, excess = parts
    return {
        "payment_id": payment.id,
        "amount_minor": amount,
        "excess_minor": excess,
        "source": back.source,
        "reference": back.reference,
        "happened_at": back.happened_at or unit.now,
        "booked_at": unit.now,
    }


def insert_whole(unit: Unit, payment: BookedPayment, back: NewReturn) -> Return:
    """Store that a part of a payment went back that has it, without an entry."""
    if back.amount_minor is None or back.amount_minor > payment.left_minor:
        raise BrokenInvariant(f"payment {payment.id} has less than {back.amount_minor} left")
    return insert_return(unit.connection, _return_row(unit, payment, back, (back.amount_minor, 0)))


def mark_returned(
    unit: Unit, payment: BookedPayment, amount_minor: int, ended: PaymentState, rest: PaymentState
) -> None:
    """Store how much of a payment went back. Its state is `ended` if that is all, else `rest`. When
    all is back, nothing is left to decide: cases about whose it is, what it pays and whether it
    was made are closed."""
    is_all = amount_minor == payment.left_minor
    values: dict[str, object] = {"returned_minor": payment.returned_minor + amount_minor}
    if not payment.left_minor:
        return
    values["state"] = ended if is_all else rest
    if is_all:
        values["problem"] = None
    set_payment(unit.connection, payment.id, **values)
    if is_all:
        close_cases(unit.connection, unit.now, CHANGED, [payment.id])
        close_hands_cases(unit, payment.id)
        decide_by_hand(unit, payment.id)


def _post_excess(unit: Unit, payment: BookedPayment, returned: Return) -> tuple[Posting, ...]:
    """Return the posting of what left the account though the payment had no more."""
    if not returned.excess_minor:
        return ()
    excess = Money(returned.excess_minor, unit.market.currency)
    detail = f"{payment.receipt}: the payer got {excess} twice, in two ways"
    key = f"{payment.id}:{returned.number}"
    open_case(unit.connection, unit.now, TWICE, key, detail, payment.id)
    if payment.customer_id is None:
        return (Posting("expense:paid_twice", DEBIT, returned.excess_minor),)
    whose = (payment.customer_id, payment.id)
    add_clawback(unit.connection, unit.now, whose, unit.today, returned.excess_minor)
    return (Posting(CLAWBACK, DEBIT, returned.excess_minor, payment.customer_id),)


def record_provider_return(unit: Unit, payment: BookedPayment, back: NewReturn) -> int | None:
    """Book what a provider says it took back of a locked payment, once; returns the clawback.

    None: it was recorded before, or it cannot be true (a case says so): together more than the
    payment, or the receipt of an earlier return with another amount.
    """
    asked = payment.left_minor if back.amount_minor is None else back.amount_minor
    if is_recorded(unit, payment, back.reference, asked):
        return None
    known = _of_provider(unit, payment)
    possible = payment.amount_minor - sum(earlier.moved_minor for earlier in known)
    if possible == 0 and asked == payment.amount_minor:
        return None
    if asked > possible or named_returns(unit, payment, back.reference):
        report_unclear(unit, payment, back.reference, (asked, possible))
        return None
    return return_money(unit, payment, back)


def is_recorded(
    unit: Unit, payment: BookedPayment, reference: str | None, moved_minor: int
) -> bool:
    """Whether a provider's news of a return was recorded before; its receipt is kept if it is new.

    The receipt tells, and without one the amount.
    """
    named = named_returns(unit, payment, reference)
    for earlier in named or _of_provider(unit, payment):
        if not earlier.is_told_by(reference, moved_minor):
            continue
        if reference and not earlier.reference:
            learn_reference(unit.connection, earlier.id, reference)
        return True
    return False


def _of_provider(unit: Unit, payment: BookedPayment) -> list[Return]:
    returns = returns_of(unit.connection, payment.id)
    return [each for each in returns if each.source == "provider"]


def named_returns(unit: Unit, payment: BookedPayment, reference: str | None) -> list[Return]:
    """Return what a provider took back of a payment under that receipt: one, or none."""
    returns = _of_provider(unit, payment)
    return [each for each in returns if reference and each.reference == reference]


def report_unclear(
    unit: Unit, payment: BookedPayment, reference: str | None, sums: tuple[int, int]
) -> None:
    """Open a case: a provider says that more went back than can. `sums`: what it says, and what is
    possible."""
    stated, possible = (Money(amount, unit.market.currency) for amount in sums)
    named = f" (receipt {reference})" if reference else ""
    detail = (
        f"{payment.provider_account} says that {stated} of {payment.receipt} went back{named}, but"
        f" only {possible} of it can: look at the provider's portal, nothing was booked"
    )
    key = f"{payment.id}:{reference or stated.minor}"
    open_case(unit.connection, unit.now, UNCLEAR, key, detail, payment.id)
