"""Take the lines of an applied payment back whose money went back: nothing is edited or deleted.

The newest lines go first: credit, what the device got, then the debts it paid, which are owed
again; days that an instalment has given are not given again. Credit it left is taken back as far as
it is still there. What was used and cannot be taken back (energy or days of a token that was sent,
credit spent since) becomes a clawback: a debt of the customer that the next money pays first. A
device that it had unlocked is to be locked again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace

from core.customer import Customer
from core.db.audit import add_clawback, open_case
from core.db.customers import lock_customers, note_changed_debts
from core.db.devices import get_device
from core.db.ledger import ACCOUNT_OF, post_entries
from core.db.obligations import open_obligations
from core.db.payments import devices_with_tokens, lines_left, move_credit, reopen
from core.db.returns import Return, ReturnedLine, insert_returned_lines
from core.db.sales import settled_sales
from core.errors import BrokenInvariant
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.money import Money
from core.payment import BookedLine, BookedPayment
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.refunds.lock_again import lock_again
from core.usecases.vends.give_back import give_back_unasked
from core.wording.messages import refund as refund_messages

CLAWBACK = "receivable:clawback"
_USED_UP = ("energy", "days")


def take_lines_back(unit: Unit, payment: BookedPayment, returned: Return) -> int:
    """Take the amount of a return from the lines of a locked payment into `unapplied`; returns the
    clawback in minor units. The last return also gives back the credit that the payment used."""
    _lock_customer(unit, payment)
    is_last = returned.amount_minor == payment.left_minor
    credit_back = payment.credit_used_minor if is_last else 0
    give_back_unasked(unit, payment.id, returned.amount_minor + credit_back)
    customer = _lock_customer(unit, payment)  # with what has become credit
    parts = list(_parts_to_take(lines_left(unit.connection, payment.id), returned, credit_back))
    with_tokens = devices_with_tokens(unit.connection, payment.id)
    taken = list(_taken(parts, with_tokens, customer.credit_minor + credit_back))
    insert_returned_lines(unit.connection, returned.id, taken)
    to_lock = _reopen_debts(unit, parts) | _settled_by(unit, parts)
    back = _by_account(parts, taken)
    clawback_minor = sum(line.clawback_minor for line in taken)
    back[CLAWBACK] += clawback_minor
    move_credit(unit.connection, customer.id, credit_back - back["customer_credit"])
    _post_lines_back(unit, payment, returned, back, credit_back)
    note_changed_debts(unit.connection, unit.now, customer.id)
    if clawback_minor:
        whose = (customer.id, payment.id)
        add_clawback(unit.connection, unit.now, whose, unit.today, clawback_minor)
    locks = [lock_again(unit, payment, sale_id) for sale_id in sorted(to_lock)]
    if clawback_minor or with_tokens or any(locks):
        sent = ["its tokens were sent"] if with_tokens else []
        owed = _what_is_owed(parts, Money(clawback_minor, unit.market.currency))
        _report_taken_back(unit, payment, returned, [owed, *sent, *filter(None, locks)])
    was_unused = not clawback_minor and _is_credit(parts)
    _notify_customer(unit, payment, customer, returned, was_unused=was_unused)
    return clawback_minor


def _lock_customer(unit: Unit, payment: BookedPayment) -> Customer:
    if payment.customer_id is None:
        raise BrokenInvariant(f"payment {payment.id} was applied without a customer")
    return lock_customers(unit.connection, {payment.customer_id})[payment.customer_id]


def _parts_to_take(
    lines: list[BookedLine], returned: Return, credit_back: int
) -> Iterator[BookedLine]:
    """Yield the lines, each with what is taken of it."""
    wanted = returned.amount_minor + credit_back
    for line in lines:
        part = min(line.amount_minor, wanted)
        if part:
            yield replace(line, amount_minor=part)
        wanted -= part
    if wanted:
        raise BrokenInvariant(f"return {returned.id}: the lines have {wanted} minor units too few")


def _taken(
    parts: list[BookedLine], with_tokens: Collection[int | None], there_minor: int
) -> Iterator[ReturnedLine]:
    """Yield what becomes of each part; `there_minor` is the credit that can be taken back."""
    for part in parts:
        used_up = _used_up(part, with_tokens, there_minor)
        if part.kind == "credit":
            there_minor -= part.amount_minor - used_up
        yield ReturnedLine(part.number, part.amount_minor, used_up)


def _used_up(part: BookedLine, with_tokens: Collection[int | None], there_minor: int) -> int:
    """Return how much of a part cannot be taken back: it becomes a clawback."""
    if part.kind == "credit":
        return max(part.amount_minor - there_minor, 0)
    used_up = part.kind in _USED_UP and part.device_id in with_tokens
    return part.amount_minor if used_up or not part.is_owed_again else 0


def _reopen_debts(unit: Unit, parts: list[BookedLine]) -> set[int]:
    """Make what the parts had paid due again; returns the ids of the sales that this opens."""
    opened = [reopen(unit.connection, part) for part in parts if part.is_owed_again]
    return {sale_id for sale_id in opened if sale_id is not None}


def _settled_by(unit: Unit, parts: list[BookedLine]) -> set[int]:
    """Return the ids of the settled sales that parts were paid for: what is owed for them is a
    clawback, and the device was unlocked for that money too."""
    paid = [part.instalment_id for part in parts if not part.is_owed_again]
    return settled_sales(unit.connection, [each for each in paid if each is not None])


def _by_account(parts: list[BookedLine], taken: list[ReturnedLine]) -> Counter[str]:
    """Return what comes back from the account of each line."""
    back: Counter[str] = Counter()
    for part, line in zip(parts, taken, strict=True):
        back[ACCOUNT_OF[part.kind]] += line.amount_minor - line.clawback_minor
    return back


def _post_lines_back(
    unit: Unit, payment: BookedPayment, returned: Return, back: Counter[str], credit_back: int
) -> None:
    customer_id = payment.customer_id
    legs = [Posting(account, DEBIT, amount, customer_id) for account, amount in back.items()]
    legs += [
        Posting("unapplied", CREDIT, returned.amount_minor, customer_id),
        Posting("customer_credit", CREDIT, credit_back, customer_id),
    ]
    key = entry_key("unapplied", payment, returned)
    # Nothing is taken back from where it was put before it was put there.
    value_at = max(returned.happened_at, payment.applied_at or unit.now)
    entry = JournalEntry("unapplied", key, tuple(legs), value_at=value_at)
    post_entries(unit.connection, unit.now, [entry])


def entry_key(word: str, payment: BookedPayment, returned: Return) -> str:
    """Return the key of an entry about a return: from the second of a payment on with a number."""
    number = f":{returned.number}" if returned.number > 1 else ""
    return f"{word}:{payment.id}{number}"


def _what_is_owed(parts: list[BookedLine], clawback: Money) -> str:
    """Say what is owed for what was taken back."""
    if clawback.minor:
        return f"the customer owes {clawback} for it"
    if _is_credit(parts):
        return "it was credit that was not used"
    return "what it paid is owed again"


def _is_credit(parts: list[BookedLine]) -> bool:
    return all(part.kind == "credit" for part in parts)


def _report_taken_back(
    unit: Unit, payment: BookedPayment, returned: Return, facts: list[str]
) -> None:
    """Open the case that says what is owed for the money, what it had bought, and what to do."""
    amount = Money(returned.amount_minor, unit.market.currency)
    detail = "; ".join([f"{amount} of {payment.receipt} was taken back", *facts])
    key = entry_key("", payment, returned).removeprefix(":")
    open_case(unit.connection, unit.now, "reversed_after_use", key, detail, payment.id)


def _notify_customer(
    unit: Unit, payment: BookedPayment, customer: Customer, returned: Return, *, was_unused: bool
) -> None:
    key = entry_key("taken_back", payment, returned)
    amount = Money(returned.amount_minor, unit.market.currency)
    if was_unused:
        message = refund_messages.unused_went_back(
            amount=amount, receipt=payment.receipt, operator=unit.market.operator
        )
        send_sms_to(unit, customer, message, key, payment_id=payment.id)
        return
    owed = open_obligations(unit.connection, {customer.id})[customer.id]
    due = sum(debt.open_minor for debt in owed if debt.due_on <= unit.today)
    device = get_device(unit.connection, payment.device_id) if payment.device_id else None
    by_provider = returned.source == "provider" and payment.is_at_provider
    wording = refund_messages.reversed if by_provider else refund_messages.returned
    message = wording(
        amount=amount,
        serial=device.serial if device else payment.account_raw,
        receipt=payment.receipt,
        due=Money(due, unit.market.currency),
        operator=unit.market.operator,
    )
    send_sms_to(unit, customer, message, key, payment_id=payment.id)
