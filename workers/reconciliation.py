"""The reconciliation job: refunds, missing receipts, providers' lists of payments, and balances."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from functools import cache, partial

from core.errors import (
    BadCallback,
    OutcomeUnknown,
    Permanent,
    ProviderFailure,
    Temporary,
)
from core.movement import Statement
from core.payment import ProviderWord
from core.prompt import Prompt
from core.refund import Refund
from core.unit import Unit
from core.usecases.payments.prompts import claim_receiptless
from core.usecases.payments.provider_word import claim_words, give_up
from core.usecases.people.forget import forget_next
from core.usecases.reconciliation.balance import plan_balance, record_balance, review_balances
from core.usecases.reconciliation.book_movements import book_missing, in_booking_order, open_cases
from core.usecases.reconciliation.compare import compare_statement
from core.usecases.reconciliation.pull import (
    Pull,
    plan_pull,
    pull_again,
    pull_done,
    pull_failed,
)
from core.usecases.refunds.refund import (
    claim_refunds,
    refund_done,
    refund_refused,
    refund_unclear,
    refund_unmatched,
)
from gateway.payments.channel import BalanceChannel
from gateway.payments.mpesa.account import (
    pull_movements,
    request_balance,
    request_reversal,
    request_status,
    request_word,
)
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.parse import CURRENCY
from gateway.payments.pawapay.client import PawaPayChannel
from gateway.payments.pawapay.refunds import send_back
from workers.drain import Lane, Record, Shift, drain, keep_calling, run_each
from workers.jobs import job
from workers.runtime import Runtime, runtime
from workers.settings import ReconciliationSettings

log = logging.getLogger(__name__)

_REFUNDS_AT_ONCE = 40
# So many questions at the same time about payments that nothing proves.
_WORDS_AT_ONCE = 2
# Everything on the list is ours: a pull never asks for what is older than our first payment.
_ANY_TIME = datetime.min.replace(tzinfo=UTC)


@cache
def settings() -> ReconciliationSettings:
    """The settings, read once. Raises BadInput."""
    return ReconciliationSettings.from_environment(os.environ)


@job("reconciliation")
def reconcile(worker: Runtime, shift: Shift) -> None:
    """Run every step of reconciliation.

    1. Request refunds of payments that were not matched in time, and send those that are due.
    2. Ask for the receipts of approved prompts.
    3. Ask for the provider's word about payments that nothing proves.
    4. Record the payments on the provider's list that had no callback.
    5. Read balances, and check earlier differences again.
    6. Forget the people whom operators ordered to be forgotten.

    A step that fails does not stop the next.
    """
    lanes = (
        Lane(claim_refunds, _send),
        Lane(claim_receiptless, _ask_for_receipt),
        Lane(claim_words, _ask_for_word, slots=_WORDS_AT_ONCE),
    )
    run_each(
        lambda: _refund_unmatched(worker),
        lambda: keep_calling(worker.open_unit, lanes, shift),
        lambda: _pull_when_due(worker, shift),
        lambda: _ask_for_balance_when_due(worker),
        *(partial(_read_balance_when_due, worker, name) for name in settings().balances),
        lambda: _review_balances(worker),
        lambda: drain(lambda: _forget_next(worker), shift),
    )


def _forget_next(worker: Runtime) -> int:
    with worker.open_unit() as unit:
        return forget_next(unit)


def _refund_unmatched(worker: Runtime) -> None:
    after = settings().refund_after
    if after is not None:
        with worker.open_unit() as unit:
            refund_unmatched(unit, after, _REFUNDS_AT_ONCE)


def _review_balances(worker: Runtime) -> None:
    with worker.open_unit() as unit:
        review_balances(unit)


def _send(refund: Refund) -> Record:
    """Send a refund; returns how to record the result, `taken` where it is not known yet."""
    try:
        is_back = _request_refund(refund)
    except Permanent as failure:
        return partial(refund_refused, refund_id=refund.id, code=failure.code)
    except (Temporary, OutcomeUnknown) as failure:
        return partial(refund_unclear, refund_id=refund.id, code=failure.code)
    if is_back:
        return partial(_record_done, refund_id=refund.id)
    return partial(refund_unclear, refund_id=refund.id, code="taken")


def _request_refund(refund: Refund) -> bool:
    """Have a payment sent back by the channel it came by; returns whether the payer has it by now.

    Daraja's result comes in a callback. Raises Temporary, Permanent, OutcomeUnknown.
    """
    account = refund.provider_account
    daraja, pawapay = runtime().daraja, runtime().other_channels.get("pawapay")
    if isinstance(pawapay, PawaPayChannel) and account.startswith("pawapay:"):
        return send_back(pawapay, refund)
    if daraja is None or account != daraja.provider_account:
        # The other channels cannot refund: an operator gets a case.
        raise Permanent(account, "no_channel")
    request_reversal(daraja, refund)
    return False


def _record_done(unit: Unit, refund_id: int) -> None:
    refund_done(unit, refund_id, "COMPLETED")


def _ask_for_receipt(prompt: Prompt) -> Record:
    """Ask for the receipt of a prompt. It comes in a callback; the next look-up is scheduled
    anyway.
    """
    daraja = runtime().daraja
    if daraja is None:
        return lambda unit: None
    try:
        request_status(daraja, prompt.id, prompt.checkout_reference or "")
    except ProviderFailure as failure:
        log.warning("cannot ask for the receipt of prompt %s: %s", prompt.id, failure.code)
    return lambda unit: None


def _ask_for_word(word: ProviderWord) -> Record:
    """Ask whether a payment was made. The answer comes in a callback, or the provider's list has
    the payment; where no provider can be asked a person decides at once."""
    daraja = runtime().daraja
    if daraja is None or word.provider_account != daraja.provider_account:
        return partial(give_up, payment_id=word.payment_id, why="cannot be asked")
    try:
        request_word(daraja, word.payment_id, word.receipt)
    except Permanent as failure:
        if settings().pull_every is None:
            why = f"cannot be asked ({failure.code})"
            return partial(give_up, payment_id=word.payment_id, why=why)
    except ProviderFailure as failure:
        log.warning("cannot ask about payment %s: %s", word.payment_id, failure.code)
    return lambda unit: None


def _pull_when_due(worker: Runtime, shift: Shift) -> None:
    every, daraja = settings().pull_every, worker.daraja
    if every is None or daraja is None:
        return
    with worker.open_unit() as unit:
        pull = plan_pull(unit, daraja.provider_account, every)
    if pull is None:
        return
    listed = _ask_for_list(daraja, pull)
    if listed is None:
        with worker.open_unit() as unit:
            pull_failed(unit, pull)
        return
    booking = Shift(shift.seconds)
    if booked := _book_list(worker, listed, booking):
        log.warning("%s payments without a callback were found on the provider's list", booked)
    shift.is_cut_short |= booking.is_cut_short
    with worker.open_unit() as unit:
        (pull_again if booking.is_cut_short else pull_done)(unit, pull)


def _ask_for_list(daraja: DarajaClient, pull: Pull) -> Statement | None:
    """The provider's list; None when it cannot be had."""
    try:
        movements, unread = pull_movements(daraja, pull.begin, pull.end)
    except (ProviderFailure, BadCallback) as failure:
        log.error("the provider's list cannot be had: %s", failure)
        return None
    account, until = pull.provider_account, pull.settled_until
    covers = (pull.begin, pull.end)
    return Statement(
        account, CURRENCY, movements, settled_until=until, unread=unread, covers=covers
    )


def _book_list(worker: Runtime, listed: Statement, shift: Shift) -> int:
    """Record the listed payments that are missing here, each in a commit of its own, while there is
    time; returns how many. A payment of ours that is not listed, and a row that cannot be
    understood or booked, becomes a case.
    """
    with worker.open_unit() as unit:
        comparison = compare_statement(unit, listed, _ANY_TIME)
        open_cases(unit, listed, comparison)
    booked = 0
    for movements in in_booking_order(comparison.missing_here):
        with worker.open_unit() as unit:
            booked += book_missing(unit, listed, movements, "pull")[0]
        if not shift.has_time():
            break
    return booked


def _ask_for_balance_when_due(worker: Runtime) -> None:
    """Ask Daraja for the balance once a day; it comes in a callback."""
    daraja = worker.daraja
    if settings().pull_every is None or daraja is None or not daraja.settings.initiator:
        return
    with worker.open_unit() as unit:
        is_due, now = plan_balance(unit, daraja.provider_account), unit.now
    if is_due:
        try:
            request_balance(daraja, now)
        except ProviderFailure as failure:
            log.warning("the provider's balance cannot be asked for: %s", failure.code)


def _read_balance_when_due(worker: Runtime, name: str) -> None:
    channel = worker.channel(name)
    if not isinstance(channel, BalanceChannel):
        return
    with worker.open_unit() as unit:
        currency, is_due = unit.market.currency, plan_balance(unit, name)
    if not is_due:
        return
    try:
        balance = channel.read_balance(currency)
    except ProviderFailure as failure:
        log.warning("the balance of %s cannot be had: %s", name, failure.code)
        return
    with worker.open_unit() as unit:
        record_balance(unit, name, balance.provider_account, balance.amount_minor)
