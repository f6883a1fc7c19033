"""The job that squares us with the providers: refunds on their way, and their list of payments."""

from __future__ import annotations

import logging
import os
from datetime import datetime, timedelta
from functools import cache, partial

from core.db.statements import claim_pull, first_paid_at, next_pull_at, pull_again
from core.errors import (
    BadCallback,
    OutcomeUnknown,
    Permanent,
    ProviderFailure,
    Refused,
    Temporary,
)
from core.prompt import Prompt
from core.refund import Refund
from core.unit import Unit
from core.usecases.payments.prompts import claim_receiptless
from core.usecases.reconciliation.balance import note_balance, review_balances
from core.usecases.reconciliation.statement import (
    Statement,
    book_missing,
    compare_statement,
    open_cases,
)
from core.usecases.refunds.refund import (
    claim_refunds,
    refund_done,
    refund_refused,
    refund_unclear,
    refund_unmatched,
)
from gateway.payments.channel import TellsBalance
from gateway.payments.mpesa.account import (
    ask_for_balance,
    ask_for_reversal,
    ask_for_status,
    pull_movements,
)
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.parse import CURRENCY
from gateway.payments.pawapay.client import PawaPayChannel
from gateway.payments.pawapay.refunds import send_back
from workers.drain import Record, claim_call_record, drain
from workers.jobs import job
from workers.runtime import Runtime, runtime
from workers.settings import ReconciliationSettings

log = logging.getLogger(__name__)

_CALLS_A_STEP = 40
# How far back the list is asked for; once a day, and after an absence of ours or of the provider's,
# as far as Daraja keeps it (48 hours).
_WINDOW = timedelta(hours=2)
_WHOLE = timedelta(hours=47)
_WHOLE_EVERY = timedelta(days=1)
_ABSENT = timedelta(hours=1)
# A payment may be on the list a little later than we heard of it.
_SETTLES_WITHIN = timedelta(minutes=5)
_BALANCE_EVERY = timedelta(days=1)
_BALANCE_AGAIN = timedelta(minutes=10)


@cache
def settings() -> ReconciliationSettings:
    """Read once. Raises BadInput."""
    return ReconciliationSettings.from_environment(os.environ)


@job("reconciliation")
def reconcile(worker: Runtime) -> None:
    """Send back what nobody matched in time, follow the refunds, take in what we never heard of."""
    after = settings().refund_after
    if after is not None:
        with worker.open_unit() as unit:
            refund_unmatched(unit, after, _CALLS_A_STEP)
    drain(
        lambda: claim_call_record(
            worker.open_unit, partial(claim_refunds, limit=_CALLS_A_STEP), _send
        )
    )
    drain(
        lambda: claim_call_record(
            worker.open_unit, partial(claim_receiptless, limit=_CALLS_A_STEP), _ask_for_receipt
        )
    )
    _pull_when_due(worker)
    _ask_for_balance_when_due(worker)
    for name in settings().balances:
        _read_balance_when_due(worker, name)
    with worker.open_unit() as unit:
        review_balances(unit)


def _send(refund: Refund) -> Record:
    """Ask for a refund, and what that means for it: `taken` is not yet known."""
    try:
        is_back = _ask_back(refund)
    except Permanent as failure:
        return partial(refund_refused, refund_id=refund.id, code=failure.code)
    except (Temporary, OutcomeUnknown) as failure:
        return partial(refund_unclear, refund_id=refund.id, code=failure.code)
    if is_back:
        return partial(_is_back, refund_id=refund.id)
    return partial(refund_unclear, refund_id=refund.id, code="taken")


def _ask_back(refund: Refund) -> bool:
    """Have it sent back by the rail it came by; whether the payer has it. Daraja's result comes by
    callback. Raises Temporary, Permanent, OutcomeUnknown."""
    account = refund.provider_account
    daraja, pawapay = runtime().daraja, runtime().other_channels.get("pawapay")
    if isinstance(pawapay, PawaPayChannel) and account.startswith("pawapay:"):
        return send_back(pawapay, refund)
    if daraja is None or account != daraja.provider_account:
        # The other rails send nothing back by themselves: the case asks for a person.
        raise Permanent(account, "no_channel")
    ask_for_reversal(daraja, refund)
    return False


def _is_back(unit: Unit, refund_id: int) -> None:
    refund_done(unit, refund_id, "COMPLETED")


def _ask_for_receipt(prompt: Prompt) -> Record:
    """The answer comes in a callback; the next look is scheduled whatever happens."""
    daraja = runtime().daraja
    if daraja is None:
        return lambda unit: None
    try:
        ask_for_status(daraja, prompt.id, prompt.checkout_reference or "")
    except ProviderFailure as failure:
        log.warning("cannot ask for the receipt of prompt %s: %s", prompt.id, failure.code)
    return lambda unit: None


def _pull_when_due(worker: Runtime) -> None:
    every, daraja = settings().pull_every, worker.daraja
    if every is None or daraja is None:
        return
    account, whole = daraja.provider_account, f"{daraja.provider_account} whole"
    with worker.open_unit() as unit:
        now, was_due_at = unit.now, next_pull_at(unit.connection, account)
        if not claim_pull(unit.connection, account, now, every):
            return
        was_absent = was_due_at is not None and now - was_due_at > _ABSENT
        is_whole = claim_pull(unit.connection, whole, now, _WHOLE_EVERY) or was_absent
        begin = _whole_begin(unit, account) if is_whole else now - _WINDOW
    booked = pull(worker, daraja, begin, now)
    if booked is None:
        with worker.open_unit() as unit:
            pull_again(unit.connection, whole, now, timedelta(0))
    elif booked:
        log.warning("%s payments nobody had told us of were found on the provider's list", booked)


def _whole_begin(unit: Unit, account: str) -> datetime:
    """As far back as the list goes. What moved before the first payment that we know was booked by
    whoever was here before us."""
    recent = unit.now - _WINDOW
    first_at = first_paid_at(unit.connection, account) or recent
    return min(recent, max(unit.now - _WHOLE, first_at))


def _ask_for_balance_when_due(worker: Runtime) -> None:
    """Once a day; the answer comes in a callback."""
    daraja = worker.daraja
    if settings().pull_every is None or daraja is None or not daraja.settings.initiator:
        return
    with worker.open_unit() as unit:
        dedupe_key = f"balance:{daraja.provider_account}"
        due = claim_pull(unit.connection, dedupe_key, unit.now, _BALANCE_EVERY)
    if due:
        try:
            ask_for_balance(daraja)
        except ProviderFailure as failure:
            log.warning("the provider's balance cannot be asked for: %s", failure.code)


def _read_balance_when_due(worker: Runtime, name: str) -> None:
    """Once a day, and soon again while it differs: money may have moved while we read, that we were
    told of afterwards."""
    channel, dedupe_key = worker.channel(name), f"balance:{name}"
    if not isinstance(channel, TellsBalance):
        return
    with worker.open_unit() as unit:
        currency = unit.market.currency
        due = claim_pull(unit.connection, dedupe_key, unit.now, _BALANCE_EVERY)
    if not due:
        return
    try:
        held = channel.read_balance(currency)
    except ProviderFailure as failure:
        log.warning("the balance of %s cannot be had: %s", name, failure.code)
        return
    with worker.open_unit() as unit:
        if note_balance(unit, held.provider_account, held.amount_minor, unit.now):
            pull_again(unit.connection, dedupe_key, unit.now, _BALANCE_AGAIN)


def pull(worker: Runtime, daraja: DarajaClient, begin: datetime, end: datetime) -> int | None:
    """Book what the provider lists and we do not have; how many, None when the list cannot be had.
    Each in a commit of its own. What we have and it does not list is held, and a person is asked.
    """
    account = daraja.provider_account
    try:
        movements = list(pull_movements(daraja, begin, end))
    except (ProviderFailure, BadCallback) as failure:
        log.error("the provider's list cannot be had: %s", failure)
        return None
    listed = Statement(account, CURRENCY, movements, settled_until=end - _SETTLES_WITHIN)
    with worker.open_unit() as unit:
        comparison = compare_statement(unit, listed)
        open_cases(unit, comparison)
    booked = 0
    for movement in comparison.missing_here:
        try:
            with worker.open_unit() as unit:
                booked += book_missing(unit, listed, movement, "pull")
        except (BadCallback, Refused) as odd:
            log.error("receipt %s cannot be booked: %s", movement.receipt, odd)
    return booked
