"""What a vend was to give was not given: its money becomes the customer's credit.

Reversing entries are posted and nothing is deleted. Instalments that the money had paid are due
again, with the days that were never given. From then on the payment's lines for the device count as
credit, should its money go back one day (core.db.payments.lines_left).
"""

from __future__ import annotations

from collections import Counter

from core.db.customers import note_changed_debts
from core.db.ledger import ACCOUNT_OF, post_entries
from core.db.payments import lines_left, move_credit, reopen
from core.db.vends import lock_vends_of_payment, take_days_back, update_vend
from core.errors import BrokenInvariant, Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.payment import SERVED, BookedLine
from core.unit import Unit
from core.usecases.vends.outcome import close_vend_cases, withdraw
from core.vend import Vend

_TAKEN_BACK = "its payment was taken back"
# Not vended, or a person says so: what is being asked may still be done.
CAN_GO_BACK = ("waiting", "unknown", "refused", "withdrawn")


def give_back(unit: Unit, vend: Vend, words: str | None) -> int:
    """Turn what was paid for a locked vend into credit; returns it in minor units. The payment, its
    customer and the device are locked.

    Raises Refused("vend_plan_ended") where an instalment cannot be due again: its sale has ended.
    """
    if vend.payment_id is None or vend.customer_id is None:
        raise BrokenInvariant(f"vend {vend.id} was not paid for")
    lines = [
        line
        for line in lines_left(unit.connection, vend.payment_id)
        if line.device_id == vend.device_id and line.kind in SERVED
    ]
    if any(not line.is_owed_again for line in lines):
        raise Refused("vend_plan_ended", serial=vend.serial)
    for line in lines:
        reopen(unit.connection, line)
    if vend.kind == "days":
        parts = [line.instalment_id for line in lines if line.instalment_id is not None]
        take_days_back(unit.connection, vend, parts)
    update_vend(
        unit.connection,
        vend.id,
        state="withdrawn",
        given_back=True,
        typed_codes=None,
        words=words,
        ended_at=unit.now,
        next_attempt_at=None,
    )
    close_vend_cases(unit, vend.id)
    return _post(unit, vend, vend.customer_id, lines)


def _post(unit: Unit, vend: Vend, customer_id: int, lines: list[BookedLine]) -> int:
    amounts: Counter[str] = Counter()
    for line in lines:
        amounts[ACCOUNT_OF[line.kind]] += line.amount_minor
    total = sum(amounts.values())
    legs = [
        *(Posting(account, DEBIT, amount, customer_id) for account, amount in amounts.items()),
        Posting("customer_credit", CREDIT, total, customer_id),
    ]
    if total:
        entry = JournalEntry("vend_given_back", f"vend_given_back:{vend.id}", tuple(legs))
        post_entries(unit.connection, unit.now, [entry])
        move_credit(unit.connection, customer_id, total)
        note_changed_debts(unit.connection, unit.now, customer_id)
    return total


def give_back_unasked(unit: Unit, payment_id: int, taken_minor: int) -> None:
    """Before money of a locked payment is taken back: vends that it would reach, and that were not
    asked for or refused, become credit first. `taken_minor`: how much is taken.

    Its customer is locked. What may have been vended stays: it counts as used.
    """
    vends = [
        vend
        for vend in lock_vends_of_payment(unit.connection, payment_id)
        if vend.state in ("waiting", "refused", "withdrawn") and not vend.given_back
    ]
    if not vends:
        return
    lines = lines_left(unit.connection, payment_id)
    credit_minor = sum(line.amount_minor for line in lines if line.kind == "credit")
    for vend in vends if taken_minor > credit_minor else ():
        try:
            give_back(unit, vend, _TAKEN_BACK)
        except Refused:
            withdraw(unit, vend, _TAKEN_BACK)
