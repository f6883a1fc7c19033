"""The jobs of the queues. Each may run twice, or at the same time as itself: rows are claimed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial, wraps

from core.errors import OutcomeUnknown, Permanent, ProviderFailure, Refused, Temporary
from core.message import WaitingSms
from core.prompt import Prompt
from core.unit import QueueName
from core.usecases.messages.send import (
    claim_unsent_sms,
    sms_postponed,
    sms_refused,
    sms_sent,
)
from core.usecases.payments.apply import apply_payments as apply_batch
from core.usecases.payments.prompts import (
    claim_unresolved,
    claim_unsent,
    confirm_by_lookup,
    is_expired,
    mark_unknown,
    prompt_accepted,
    prompt_approved,
    prompt_ended,
    prompt_postponed,
)
from core.usecases.tokens.make_ordered import make_ordered_tokens
from gateway.payments.channel import Approved, Ended, Outcome, Paid, PaymentChannel
from workers.drain import CALLS_AT_ONCE, Record, claim_call_record, drain, run_each
from workers.runtime import Runtime, runtime

log = logging.getLogger(__name__)

_PAYMENTS_AT_ONCE = 200
_CALLS_A_STEP = 40


def job(queue_name: QueueName) -> Callable[[Callable[[Runtime], None]], Callable[[], None]]:
    """Make a job of a queue: it clears its wake-up first, and does nothing without a market."""

    def made(work: Callable[[Runtime], None]) -> Callable[[], None]:
        @wraps(work)
        def run() -> None:
            worker = runtime()
            worker.work_queues.clear_wake(queue_name)
            try:
                work(worker)
            except Refused as refused:
                log.info("%s: %s", queue_name, refused.code)

        return run

    return made


@job("payments")
def apply_payments(worker: Runtime) -> None:
    """Apply the payments that wait, and make the tokens that operators ordered."""

    def step() -> int:
        with worker.open_unit() as unit:
            return apply_batch(unit, worker.open_secret, _PAYMENTS_AT_ONCE)

    def ordered() -> int:
        with worker.open_unit() as unit:
            return make_ordered_tokens(unit, worker.open_secret)

    run_each(partial(drain, step), partial(drain, ordered))


@job("prompts")
def prompt_payers(worker: Runtime) -> None:
    """Send the prompts that wait, then look up those whose outcome is due."""
    # No more than are sent at the same time: the prompts of a worker that dies are not sent again.
    send = partial(claim_unsent, limit=CALLS_AT_ONCE)
    look_up = partial(claim_unresolved, limit=_CALLS_A_STEP)
    run_each(
        lambda: drain(lambda: claim_call_record(worker.open_unit, send, _push)),
        lambda: drain(lambda: claim_call_record(worker.open_unit, look_up, _look_up)),
    )


@job("sms")
def send_sms(worker: Runtime) -> None:
    """Send the SMS that wait."""
    drain(
        lambda: claim_call_record(
            worker.open_unit, partial(claim_unsent_sms, limit=_CALLS_A_STEP), _send
        )
    )


def _push(prompt: Prompt) -> Record:
    channel = runtime().channel(prompt.channel)
    if channel is None:
        return partial(prompt_ended, prompt=prompt, code="no_channel")
    if is_expired(prompt):
        return partial(prompt_ended, prompt=prompt, code="too_late")
    try:
        checkout_reference = channel.push(prompt)
    except Temporary as failure:
        return partial(prompt_postponed, prompt=prompt, code=failure.code)
    except Permanent as failure:
        return partial(prompt_ended, prompt=prompt, code=failure.code)
    except OutcomeUnknown as failure:
        return partial(mark_unknown, prompt=prompt, code=failure.code)
    return partial(prompt_accepted, prompt_id=prompt.id, checkout_reference=checkout_reference)


def _look_up(prompt: Prompt) -> Record:
    channel = runtime().channel(prompt.channel)
    if prompt.checkout_reference is None or channel is None:
        return partial(mark_unknown, prompt=prompt, code="no_reference")
    try:
        outcome = channel.look_up(prompt)
    except ProviderFailure as failure:
        return partial(mark_unknown, prompt=prompt, code=failure.code)
    return _record_of(prompt, channel, outcome)


def _record_of(prompt: Prompt, channel: PaymentChannel, outcome: Outcome) -> Record:
    if isinstance(outcome, Paid):
        return partial(
            confirm_by_lookup,
            prompt=prompt,
            provider_account=channel.account_of(prompt),
            receipt=outcome.receipt,
            amount_minor=outcome.amount_minor,
        )
    if isinstance(outcome, Approved):
        return partial(prompt_approved, prompt=prompt)
    if isinstance(outcome, Ended):
        return partial(prompt_ended, prompt=prompt, code=outcome.code)
    return partial(mark_unknown, prompt=prompt, code="pending")


def _send(waiting: WaitingSms) -> Record:
    try:
        sent = runtime().sender.send(waiting.msisdn, waiting.body)
    except Permanent as failure:
        return partial(sms_refused, claimed=waiting, code=failure.code)
    except ProviderFailure as failure:
        # Also when it is unknown whether it was sent: a second SMS is harmless, a lost one is not.
        return partial(sms_postponed, claimed=waiting, code=failure.code)
    return partial(sms_sent, claimed=waiting, sent=sent)
