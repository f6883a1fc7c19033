"""Follow a prompt from the worker that sends it to the provider's last word on it.

Unknown is not failed: a prompt whose outcome nobody told us is looked up on a schedule, never sent
again. Success is final and wins over an earlier failure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.db.devices import get_device
from core.db.prompts import Prompt, claim_prompts, lock_checkout, lock_prompt, update_prompt
from core.errors import BadCallback
from core.money import Money
from core.unit import Unit
from core.usecases.record_payment import PaymentNotice, Recorded, record_payment
from core.usecases.tell_payer import reach_payer
from core.usecases.texts import queue_text
from core.wording.messages import sms

# When the outcome is looked up, counted from the sending (facts: Daraja, pending pushes).
LOOKUPS = tuple(timedelta(seconds=s) for s in (20, 40, 80, 180, 600, 3600))
_SEND_LEASE = timedelta(minutes=2)
_SEND_AGAIN = timedelta(seconds=10)
_SEND_WITHIN = timedelta(minutes=2)
_NOT_FINAL = ("sending", "pending", "unknown")


def claim_unsent(unit: Unit, limit: int) -> list[Prompt]:
    """Take prompts to send. If the sender dies, the lease ends and they become unknown."""
    prompts = claim_prompts(unit.connection, ["waiting"], unit.now, limit)
    for prompt in prompts:
        update_prompt(
            unit.connection,
            prompt.id,
            state="sending",
            sent_at=unit.now,
            next_attempt_at=unit.now + _SEND_LEASE,
        )
    return prompts


def claim_unresolved(unit: Unit, limit: int) -> list[Prompt]:
    """Take prompts whose outcome has to be looked up now, each with its next look scheduled."""
    prompts = claim_prompts(unit.connection, list(_NOT_FINAL), unit.now, limit)
    for prompt in prompts:
        update_prompt(
            unit.connection,
            prompt.id,
            attempts=prompt.attempts + 1,
            next_attempt_at=_next_look(prompt, unit.now),
        )
    return prompts


def _next_look(prompt: Prompt, now: datetime) -> datetime | None:
    later = [(prompt.sent_at or now) + after for after in LOOKUPS]
    return next((at for at in later if at > now), None)


def prompt_accepted(unit: Unit, prompt_id: int, checkout_reference: str) -> None:
    """The provider took the prompt and names it; a callback that was faster is not undone."""
    prompt = lock_prompt(unit.connection, prompt_id)
    if prompt is None:
        return
    values: dict[str, object] = {"checkout_reference": checkout_reference}
    if prompt.state in _NOT_FINAL:
        values |= {"state": "pending", "next_attempt_at": unit.now + LOOKUPS[0]}
    update_prompt(unit.connection, prompt_id, **values)


def prompt_postponed(unit: Unit, prompt: Prompt, code: str) -> None:
    """It certainly did not go out: sent again in a little while, while the payer still waits."""
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
    """The provider says it will not be paid; the payer is told. A success before that stays."""
    if not _still_open(unit, prompt):
        return
    update_prompt(
        unit.connection, prompt.id, state="failed", provider_code=code, next_attempt_at=None
    )
    payer = reach_payer(unit, "msisdn", prompt.msisdn)
    if payer is not None:
        queue_text(
            unit,
            sms.not_paid(
                amount=Money(prompt.amount_minor, unit.market.currency),
                serial=get_device(unit.connection, prompt.device_id).serial,
            ),
            msisdn=payer.msisdn,
            language=payer.language,
            occasion=f"not_paid:{prompt.id}",
        )


def prompt_unclear(unit: Unit, prompt: Prompt, code: str) -> None:
    """Nobody can say yet; it stays on the look-up schedule."""
    if _still_open(unit, prompt):
        update_prompt(unit.connection, prompt.id, state="unknown", provider_code=code)


def prompt_approved(unit: Unit, prompt: Prompt) -> None:
    """A look-up says it was paid, without a receipt: the receipt comes by the other doors."""
    if _still_open(unit, prompt):
        update_prompt(unit.connection, prompt.id, state="approved", next_attempt_at=None)


def _still_open(unit: Unit, prompt: Prompt) -> bool:
    """Whether nobody has had the last word yet. Read anew, under its lock: a callback may have come
    while the worker that claimed `prompt` waited for the provider's answer."""
    newest = lock_prompt(unit.connection, prompt.id)
    return newest is not None and newest.state in _NOT_FINAL


def find_callback_prompt(
    unit: Unit, prompt_id: int | None, checkout_reference: str
) -> Prompt | None:
    """The prompt a callback is about, locked: by our own id in its address, else by the provider's
    reference (our call may not have returned yet when the callback comes)."""
    if prompt_id is not None:
        prompt = lock_prompt(unit.connection, prompt_id)
        if prompt and prompt.checkout_reference in (None, checkout_reference):
            return prompt
    return lock_checkout(unit.connection, checkout_reference)


def prompt_paid(unit: Unit, prompt: Prompt, notice: PaymentNotice) -> Recorded:
    """Book the receipt of an approved prompt. Raises BadCallback when the amount is another."""
    if notice.amount_minor != prompt.amount_minor:
        raise BadCallback("the amount is not the one asked for")
    recorded = record_payment(unit, notice)
    update_prompt(
        unit.connection,
        prompt.id,
        state="paid",
        payment_id=recorded.payment_id,
        next_attempt_at=None,
    )
    return recorded
