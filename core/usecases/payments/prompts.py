"""The life of a prompt, from the worker that sends it to its final outcome.

Unknown is not failed: a prompt whose outcome is not known is looked up on a schedule and never sent
again. Success is final, and overrides an earlier failure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.db.audit import close_cases_by_key, open_case
from core.db.devices import get_device
from core.db.payments import get_payment
from core.db.prompts import claim_prompts, join_receipts, lock_checkout, lock_prompt, update_prompt
from core.errors import BadCallback
from core.money import Money
from core.payment import PaymentNotice, normalise_receipt
from core.prompt import Prompt, PromptState
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.payments.notify_payer import payer_identified, reach_payer
from core.usecases.payments.record import Recorded, record_payment
from core.wording.message import BoundMessage
from core.wording.messages import sms

_LOOKED_UP_FOR = timedelta(days=2)
# Without the provider's reference nothing can be looked up; the provider's list of payments has
# been read at least twice by then.
_LOOKED_UP_FOR_WITHOUT_REFERENCE = timedelta(hours=2)
# Cases about a prompt: its outcome is unknown; it was paid but its receipt is missing.
UNKNOWN, NO_RECEIPT = "prompt_unknown", "paid_without_receipt"
_SEND_LEASE = timedelta(minutes=2)
_SEND_AGAIN = timedelta(seconds=10)
_SEND_WITHIN = timedelta(minutes=2)
# A prompt that arrives later than this would surprise the payer, who has paid in another way.
_EXPECTED_FOR = timedelta(minutes=5)
_RECEIPT_WITHIN = timedelta(minutes=1)
_NOT_FINAL = ("sending", "pending", "unknown")


def claim_unsent(unit: Unit, limit: int, channels: Collection[str] | None = None) -> list[Prompt]:
    """Claim up to `limit` prompts to send, by these channels or by all; they become unknown if the
    worker dies."""
    return [
        _claimed(unit, prompt, unit.now + _lease(unit, prompt), state="sending", sent_at=unit.now)
        for prompt in claim_prompts(unit.connection, ["waiting"], unit.now, limit, channels)
    ]


def _lease(unit: Unit, prompt: Prompt) -> timedelta:
    """Return how long a claim lasts: longer than a call, and until the provider may be asked."""
    return max(_SEND_LEASE, unit.channels[prompt.channel].lookups[0])


def is_expired(prompt: Prompt) -> bool:
    """Return whether a claimed prompt waited too long to be sent, because no worker ran."""
    return prompt.sent_at is not None and prompt.sent_at - prompt.created_at > _EXPECTED_FOR


def claim_unresolved(
    unit: Unit, limit: int, channels: Collection[str] | None = None
) -> list[Prompt]:
    """Claim up to `limit` prompts whose outcome must be looked up now, of these channels or of all;
    schedules the next look-up.

    A failed prompt is among them when a callback has contradicted the failure since.
    """
    states = [*_NOT_FINAL, "failed"]
    return [
        _claimed(unit, prompt, _next_lookup(unit, prompt), attempts=prompt.attempts + 1)
        for prompt in claim_prompts(unit.connection, states, unit.now, limit, channels)
        if not _lookup_has_ended(unit, prompt)
    ]


def _lookup_has_ended(unit: Unit, prompt: Prompt) -> bool:
    """Return whether a prompt has been looked up long enough, and at least once. If its outcome is
    still unknown, a case is opened for an operator."""
    look_for = (
        _LOOKED_UP_FOR_WITHOUT_REFERENCE if prompt.checkout_reference is None else _LOOKED_UP_FOR
    )
    asked_for = unit.now - (prompt.sent_at or prompt.created_at)
    if asked_for <= look_for or not prompt.attempts:
        return False
    if prompt.state in _NOT_FINAL:
        amount = Money(prompt.amount_minor, prompt.currency)
        detail = (
            f"prompt {prompt.id} of {amount} for {prompt.account_reference}, sent"
            f" {prompt.sent_at:%Y-%m-%d %H:%M} UTC: its outcome is unknown; look for it in the"
            " provider's statement"
        )
        open_case(unit.connection, unit.now, UNKNOWN, str(prompt.id), detail)
    state = "failed" if prompt.state == "failed" else "unknown"
    update_prompt(unit.connection, prompt.id, state=state, next_attempt_at=None)
    return True


def close_prompt_cases(unit: Unit, prompt_id: int) -> None:
    """Close the cases about a prompt whose money has arrived."""
    case_keys = (f"{kind}:{prompt_id}" for kind in (UNKNOWN, NO_RECEIPT))
    close_cases_by_key(unit.connection, unit.now, *case_keys)


def _claimed(unit: Unit, prompt: Prompt, next_attempt_at: datetime, **values: Any) -> Prompt:
    values["next_attempt_at"] = next_attempt_at
    update_prompt(unit.connection, prompt.id, **values)
    return replace(prompt, **values)


def _next_lookup(unit: Unit, prompt: Prompt) -> datetime:
    """Return the next look-up time of the channel; the last interval repeats."""
    sent_at, lookups = prompt.sent_at or unit.now, unit.channels[prompt.channel].lookups
    planned = (sent_at + after for after in lookups)
    return next((at for at in planned if at > unit.now), unit.now + lookups[-1])


def prompt_accepted(unit: Unit, prompt_id: int, checkout_reference: str) -> None:
    """Store the provider's reference of an accepted prompt. An earlier callback is not undone."""
    prompt = lock_prompt(unit.connection, prompt_id)
    if prompt is None:
        return
    values: dict[str, object] = {"checkout_reference": checkout_reference}
    if prompt.state in _NOT_FINAL:
        lookup_at = unit.now + unit.channels[prompt.channel].lookups[0]
        # A callback that came first may have asked for an immediate look-up.
        sooner = min(lookup_at, prompt.next_attempt_at or lookup_at)
        values |= {"state": "pending", "next_attempt_at": sooner}
    update_prompt(unit.connection, prompt_id, **values)


def prompt_postponed(unit: Unit, prompt: Prompt, code: str) -> None:
    """The prompt certainly was not sent: send it again shortly, while the payer still waits."""
    if not _still_open(unit, prompt):
        return
    if unit.now - prompt.created_at > _SEND_WITHIN:
        prompt_ended(unit, prompt, code)
        return
    update_prompt(
        unit.connection,
        prompt.id,
        state="waiting",
        provider_code=code,
        next_attempt_at=unit.now + _SEND_AGAIN,
    )


def prompt_ended(unit: Unit, prompt: Prompt, code: str) -> None:
    """The provider says the prompt will not be paid: the payer gets one SMS.

    An earlier success stays. A look-up that a callback asked for in the meantime stays scheduled.
    """
    newest = lock_prompt(unit.connection, prompt.id)
    if newest is None or newest.state not in (*_NOT_FINAL, "failed"):
        return
    rescheduled = newest.next_attempt_at != prompt.next_attempt_at
    update_prompt(
        unit.connection,
        prompt.id,
        state="failed",
        provider_code=code,
        next_attempt_at=newest.next_attempt_at if rescheduled else None,
    )
    payer = reach_payer(unit, "msisdn", prompt.msisdn)
    send_sms_to(unit, payer, _not_paid(unit, prompt, code), f"not_paid:{prompt.id}")


def _not_paid(unit: Unit, prompt: Prompt, code: str) -> BoundMessage:
    """Return the SMS to the payer, with the reason if the provider's code names a useful one."""
    amount = Money(prompt.amount_minor, unit.market.currency)
    device = get_device(unit.connection, prompt.device_id) if prompt.device_id else None
    serial = device.serial if device else prompt.account_reference
    why = unit.channels[prompt.channel].reasons.get(code)
    if why is None:
        return sms.not_paid(amount=amount, serial=serial)
    return sms.not_paid_because(amount=amount, serial=serial, why=why)


def mark_unknown(unit: Unit, prompt: Prompt, code: str) -> None:
    """The outcome is not known yet; the prompt stays on the look-up schedule."""
    if _still_open(unit, prompt):
        update_prompt(unit.connection, prompt.id, state="unknown", provider_code=code)


def prompt_approved(unit: Unit, prompt: Prompt) -> None:
    """A look-up says the prompt was paid, without a receipt.

    The receipt comes with another callback or is looked up (`claim_receiptless`). An earlier
    failure is overridden.
    """
    if _still_open(unit, prompt, "failed"):
        lookup_at = unit.now + _RECEIPT_WITHIN
        update_prompt(unit.connection, prompt.id, state="approved", next_attempt_at=lookup_at)


def _still_open(unit: Unit, prompt: Prompt, *also: str) -> bool:
    """Return whether the prompt has no final state yet; `also` names states that do not count.

    It is read again under its lock, because a callback may have come while the worker waited for
    the provider's answer.
    """
    newest = lock_prompt(unit.connection, prompt.id)
    return newest is not None and newest.state in (*_NOT_FINAL, *also)


def find_callback_prompt(
    unit: Unit, prompt_id: int | None, checkout_reference: str
) -> Prompt | None:
    """Return the prompt of a callback, locked: by our id in the callback's address, else by the
    provider's reference. Our own call may not have returned yet when the callback comes."""
    if prompt_id is not None:
        prompt = lock_prompt(unit.connection, prompt_id)
        if prompt and prompt.checkout_reference in (None, checkout_reference):
            return prompt
    return lock_checkout(unit.connection, checkout_reference)


def nameless_state(unit: Unit, prompt_id: int) -> PromptState | None:
    """Return the state of a prompt whose reference at the provider is not known, locked: `waiting`
    where it was not sent. None where there is no such prompt, its reference is known, or it has
    ended."""
    prompt = lock_prompt(unit.connection, prompt_id)
    if prompt is None or prompt.checkout_reference is not None:
        return None
    return prompt.state if prompt.state in ("waiting", *_NOT_FINAL) else None


def lock_known_prompt(unit: Unit, prompt_id: int) -> Prompt:
    """Return the prompt of a callback that names it by our own id, locked. Raises BadCallback when
    there is none."""
    prompt = lock_prompt(unit.connection, prompt_id)
    if prompt is None:
        raise BadCallback("no such prompt")
    return prompt


def prompt_announced(unit: Unit, checkout_reference: str) -> bool:
    """An unsigned callback says that this prompt has ended: the provider is asked immediately.

    Returns False when the prompt is unknown or its receipt is known already.
    """
    prompt = lock_checkout(unit.connection, checkout_reference)
    if prompt is None or prompt.state == "paid":
        return False
    # A prompt that waits to be sent again has evidently arrived.
    state = "unknown" if prompt.state == "waiting" else prompt.state
    update_prompt(unit.connection, prompt.id, state=state, next_attempt_at=unit.now)
    unit.wakes.add("prompts")
    return True


def confirm_by_lookup(
    unit: Unit, prompt: Prompt, provider_account: str, receipt: str, amount_minor: int
) -> None:
    """Record the payment that the provider reports when we ask; its amount counts, not ours.

    A callback may have reported it in the meantime, perhaps under another receipt.
    """
    newest = lock_prompt(unit.connection, prompt.id)
    if newest is not None and _is_booked(unit, newest, receipt):
        return
    notice = PaymentNotice.of_prompt(
        prompt,
        provider_account=provider_account,
        receipt=receipt,
        source="query",
        amount_minor=amount_minor,
    )
    _record_and_close(unit, prompt, notice)


def _is_booked(unit: Unit, prompt: Prompt, receipt: str) -> bool:
    """Return whether the prompt's payment is recorded under its other name.

    An aggregator names a payment by the network's id in one callback and by our reference in
    another. A prompt that was matched to a payment by number and amount may bring another receipt.
    """
    booked = get_payment(unit.connection, prompt.payment_id) if prompt.payment_id else None
    ours = normalise_receipt(prompt.checkout_reference or "")
    return booked is not None and ours in (booked.receipt, normalise_receipt(receipt))


def prompt_paid(unit: Unit, prompt: Prompt, notice: PaymentNotice) -> Recorded:
    """Record the payment of an approved prompt. Raises BadCallback for a different amount."""
    if notice.amount_minor != prompt.amount_minor:
        raise BadCallback("the amount is not the one asked for")
    return _record_and_close(unit, prompt, notice)


def _record_and_close(unit: Unit, prompt: Prompt, notice: PaymentNotice) -> Recorded:
    recorded = record_payment(unit, notice)
    update_prompt(
        unit.connection,
        prompt.id,
        state="paid",
        payment_id=recorded.payment_id,
        next_attempt_at=None,
    )
    if prompt.next_attempt_at is None:
        close_prompt_cases(unit, prompt.id)
    return recorded


_ASK_AGAIN = timedelta(minutes=5)
_RECEIPT_ASKED_FOR = timedelta(hours=1)


def claim_receiptless(unit: Unit, limit: int) -> list[Prompt]:
    """Claim up to `limit` paid prompts whose receipt must be looked up now.

    Prompts that match a recorded payment are matched to it first.
    """
    for matched in join_receipts(unit.connection, unit.now):
        payer_identified(unit, matched.payment_id, matched.msisdn)
        close_prompt_cases(unit, matched.prompt_id)
    due = claim_prompts(unit.connection, ["approved"], unit.now, limit)
    return [prompt for prompt in due if _look_up_again(unit, prompt)]


def _look_up_again(unit: Unit, prompt: Prompt) -> bool:
    """Return whether the receipt is looked up again; after an hour a case is opened instead."""
    asked_long = unit.now - (prompt.sent_at or prompt.created_at) > _RECEIPT_ASKED_FOR
    next_attempt_at = None if asked_long else unit.now + _ASK_AGAIN
    update_prompt(unit.connection, prompt.id, next_attempt_at=next_attempt_at)
    if asked_long:
        amount = Money(prompt.amount_minor, prompt.currency)
        detail = (
            f"prompt {prompt.id} of {amount} is paid according to the provider, but has no receipt"
        )
        open_case(unit.connection, unit.now, NO_RECEIPT, str(prompt.id), detail)
    return not asked_long
