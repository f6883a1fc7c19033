"""The jobs of the queues. Each may run twice, or at the same time as itself: rows are claimed.

A job works for a shift; what is left then is for the next job, which it wakes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial, wraps

from core.errors import (
    BrokenInvariant,
    OutcomeUnknown,
    Permanent,
    ProviderFailure,
    Refused,
    Temporary,
)
from core.message import WaitingSms
from core.prompt import Prompt
from core.unit import QueueName
from core.usecases.messages.send import (
    Sending,
    claim_unsent_sms,
    claim_unsent_tokens,
    give_up_late_sms,
    record_sendings,
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
from gateway.sms.sender import SmsSender
from workers.drain import Lane, Record, Shift, drain, keep_calling, run_each
from workers.runtime import Runtime, runtime

log = logging.getLogger(__name__)

_PAYMENTS_AT_ONCE = 200
# At a fifth of a second each, some 400 a second; a provider's own limit is SMS_PER_SECOND.
_TEXTS_AT_ONCE = 80

Work = Callable[[Runtime, Shift], None]


def job(queue_name: QueueName) -> Callable[[Work], Callable[[], None]]:
    """Make a job of a queue: it clears its wake-up first, wakes its queue again when its shift was
    too short, and does nothing without a market."""

    def made(work: Work) -> Callable[[], None]:
        @wraps(work)
        def run() -> None:
            worker, shift = runtime(), Shift()
            worker.work_queues.clear_wake(queue_name)
            try:
                work(worker, shift)
            except Refused as refused:
                log.info("%s: %s", queue_name, refused.code)
            if shift.is_cut_short:
                worker.work_queues.wake([queue_name])

        return run

    return made


@job("payments")
def apply_payments(worker: Runtime, shift: Shift) -> None:
    """Apply the payments that wait, and make the tokens that operators ordered."""

    def step() -> int:
        with worker.open_unit() as unit:
            return apply_batch(unit, worker.open_secret, _PAYMENTS_AT_ONCE)

    def ordered() -> int:
        with worker.open_unit() as unit:
            return make_ordered_tokens(unit, worker.open_secret)

    run_each(partial(drain, step, shift), partial(drain, ordered, shift))


@job("prompts")
def prompt_payers(worker: Runtime, shift: Shift) -> None:
    """Send the prompts that wait, and look up those whose outcome is due: in lanes of each channel,
    so that none waits for another's provider."""
    lanes = []
    for names in worker.channel_groups:
        lanes.append(Lane(partial(claim_unsent, channels=names), _push))
        lanes.append(Lane(partial(claim_unresolved, channels=names), _look_up))
    keep_calling(worker.open_unit, lanes, shift)


@job("sms")
def send_sms(worker: Runtime, shift: Shift) -> None:
    """Send the SMS that wait. Those with a token have a lane of their own besides."""
    with worker.open_unit() as unit:
        give_up_late_sms(unit)
    sender = worker.sender
    if sender is None:
        raise BrokenInvariant("this worker does not serve the queue of texts: it has no provider")
    send, provider = partial(_send, sender), sender.provider
    record = partial(record_sendings, provider=provider)
    lanes = [
        Lane(partial(claim_unsent_tokens, provider=provider), send, shifts=2, record=record),
        Lane(partial(claim_unsent_sms, provider=provider), send, _TEXTS_AT_ONCE, record=record),
    ]
    keep_calling(worker.open_unit, lanes, shift)


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


def _send(sender: SmsSender, waiting: WaitingSms) -> Sending:
    try:
        return waiting, sender.send(waiting.msisdn, waiting.body)
    except ProviderFailure as failure:
        return waiting, failure
