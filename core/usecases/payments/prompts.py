"""Follow a prompt from the worker that sends it to the provider's last word on it.

Unknown is not failed: a prompt whose outcome nobody told us is looked up on a schedule, never sent
again. Success is final and wins over an earlier failure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.channel import TERMS
from core.db.audit import close_occasions, open_case
from core.db.devices import get_device
from core.db.payments import get_payment
from core.db.prompts import claim_prompts, join_receipts, lock_checkout, lock_prompt, update_prompt
from core.errors import BadCallback
from core.money import Money
from core.payment import PaymentNotice
from core.prompt import Prompt
from core.unit import Unit
from core.usecases.messages.queue import send_sms_to
from core.usecases.payments.notify_payer import payer_learnt, reach_payer
from core.usecases.payments.record import Recorded, record_payment
from core.wording.message import BoundMessage
from core.wording.messages import sms

_ASK_FOR = timedelta(days=2)
# Without a name for it nothing can be asked; by then the provider's list has been read twice over.
_WAIT_FOR = timedelta(hours=2)
# What a person is asked about a prompt: how it ended, where its receipt is.
UNKNOWN, NO_RECEIPT = "prompt_unknown", "paid_without_receipt"
_SEND_LEASE = timedelta(minutes=2)
_SEND_AGAIN = timedelta(seconds=10)
_SEND_WITHIN = timedelta(minutes=2)
# After that nobody expects a prompt any more; who still wants to pay has done so in another way.
_EXPECTED_FOR = timedelta(minutes=5)
_RECEIPT_WITHIN = timedelta(minutes=1)
_NOT_FINAL = ("sending", "pending", "unknown")


def claim_unsent(unit: Unit, limit: int) -> list[Prompt]:
    """Take prompts to send. If the sender dies, the lease ends and they become unknown."""
    return [
        _claimed(unit, prompt, unit.now + _lease(prompt), state="sending", sent_at=unit.now)
        for prompt in claim_prompts(unit.connection, ["waiting"], unit.now, limit)
    ]


def _lease(prompt: Prompt) -> timedelta:
    """Longer than a call takes, and no shorter than the provider wants to be left alone."""
    return max(_SEND_LEASE, TERMS[prompt.channel].lookups[0])


def is_expired(prompt: Prompt) -> bool:
    """Whether a claimed prompt would surprise its payer, as workers were away: not to be sent."""
    return prompt.sent_at is not None and prompt.sent_at - prompt.created_at > _EXPECTED_FOR


def claim_unresolved(unit: Unit, limit: int) -> list[Prompt]:
    """Take prompts whose outcome has to be looked up now, each with its next look scheduled. One
    that failed is among them when somebody said since that it did not."""
    states = [*_NOT_FINAL, "failed"]
    return [
        _claimed(unit, prompt, _next_look(prompt, unit.now), attempts=prompt.attempts + 1)
        for prompt in claim_prompts(unit.connection, states, unit.now, limit)
        if not _given_up(unit, prompt)
    ]


def _given_up(unit: Unit, prompt: Prompt) -> bool:
    """Whether it has been looked for long enough, and once at least: nobody asks any more, a person
    is told."""
    look_for = _WAIT_FOR if prompt.checkout_reference is None else _ASK_FOR
    asked_for = unit.now - (prompt.sent_at or prompt.created_at)
    if asked_for <= look_for or not prompt.attempts:
        return False
    if prompt.state in _NOT_FINAL:
        amount = Money(prompt.amount_minor, prompt.currency)
        detail = (
            f"prompt {prompt.id} of {amount} for {prompt.account_reference}, sent"
            f" {prompt.sent_at:%Y-%m-%d %H:%M} UTC: nobody says how it ended; look for it in the"
            " provider's statement"
        )
        open_case(unit.connection, unit.now, UNKNOWN, str(prompt.id), detail)
    state = "failed" if prompt.state == "failed" else "unknown"
    update_prompt(unit.connection, prompt.id, state=state, next_attempt_at=None)
    return True


def close_prompt_cases(unit: Unit, prompt_id: int) -> None:
    """Its money has turned up: what a person was asked about it is settled."""
    occasions = (f"{kind}:{prompt_id}" for kind in (UNKNOWN, NO_RECEIPT))
    close_occasions(unit.connection, unit.now, *occasions)


def _claimed(unit: Unit, prompt: Prompt, next_attempt_at: datetime, **values: Any) -> Prompt:
    values["next_attempt_at"] = next_attempt_at
    update_prompt(unit.connection, prompt.id, **values)
    return replace(prompt, **values)


def _next_look(prompt: Prompt, now: datetime) -> datetime:
    """The next of the channel's times; after the last of them again and again."""
    sent_at, lookups = prompt.sent_at or now, TERMS[prompt.channel].lookups
    planned = (sent_at + after for after in lookups)
    return next((at for at in planned if at > now), now + lookups[-1])


def prompt_accepted(unit: Unit, prompt_id: int, checkout_reference: str) -> None:
    """The provider took the prompt and names it; a callback that was faster is not undone."""
    prompt = lock_prompt(unit.connection, prompt_id)
    if prompt is None:
        return
    values: dict[str, object] = {"checkout_reference": checkout_reference}
    if prompt.state in _NOT_FINAL:
        look_at = unit.now + TERMS[prompt.channel].lookups[0]
        # A callback that came first may have asked for a look at once.
        sooner = min(look_at, prompt.next_attempt_at or look_at)
        values |= {"state": "pending", "next_attempt_at": sooner}
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
    """The provider says it will not be paid; the payer is told, once. A success before that stays,
    and so does the look somebody asked for while the worker that claimed `prompt` was asking."""
    newest = lock_prompt(unit.connection, prompt.id)
    if newest is None or newest.state not in (*_NOT_FINAL, "failed"):
        return
    asked_since = newest.next_attempt_at != prompt.next_attempt_at
    update_prompt(
        unit.connection,
        prompt.id,
        state="failed",
        provider_code=code,
        next_attempt_at=newest.next_attempt_at if asked_since else None,
    )
    payer = reach_payer(unit, "msisdn", prompt.msisdn)
    send_sms_to(unit, payer, _not_paid(unit, prompt, code), f"not_paid:{prompt.id}")


def _not_paid(unit: Unit, prompt: Prompt, code: str) -> BoundMessage:
    """What to say, with the reason where the provider's code is one that a payer can use."""
    amount = Money(prompt.amount_minor, unit.market.currency)
    serial = get_device(unit.connection, prompt.device_id).serial
    why = TERMS[prompt.channel].reasons.get(code)
    if why is None:
        return sms.not_paid(amount=amount, serial=serial)
    return sms.not_paid_because(amount=amount, serial=serial, why=why)


def mark_unknown(unit: Unit, prompt: Prompt, code: str) -> None:
    """Nobody can say yet; it stays on the look-up schedule."""
    if _still_open(unit, prompt):
        update_prompt(unit.connection, prompt.id, state="unknown", provider_code=code)


def prompt_approved(unit: Unit, prompt: Prompt) -> None:
    """A look-up says it was paid, without a receipt: that comes by the other callbacks, or is asked
    for (find_receipts). So is one that was called a failure before: success wins."""
    if _still_open(unit, prompt, "failed"):
        look_at = unit.now + _RECEIPT_WITHIN
        update_prompt(unit.connection, prompt.id, state="approved", next_attempt_at=look_at)


def _still_open(unit: Unit, prompt: Prompt, *also: str) -> bool:
    """Whether nobody has had the last word yet, or one that does not count here (`also`).

    Read anew, under its lock: a callback may have come while the worker that claimed `prompt`
    waited for the provider's answer.
    """
    newest = lock_prompt(unit.connection, prompt.id)
    return newest is not None and newest.state in (*_NOT_FINAL, *also)


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


def prompt_announced(unit: Unit, checkout_reference: str) -> bool:
    """Somebody says that this prompt has ended, which proves nothing: the provider is asked at
    once. False when we know no such prompt or know its receipt already."""
    prompt = lock_checkout(unit.connection, checkout_reference)
    if prompt is None or prompt.state == "paid":
        return False
    # One that waits to be sent again has evidently arrived.
    state = "unknown" if prompt.state == "waiting" else prompt.state
    update_prompt(unit.connection, prompt.id, state=state, next_attempt_at=unit.now)
    return True


def confirm_by_lookup(
    unit: Unit, prompt: Prompt, provider_account: str, receipt: str, amount_minor: int
) -> None:
    """Book what the provider, asked by us, says has moved: it knows, whatever was asked for. A
    callback may have told it meanwhile, perhaps by another name."""
    newest = lock_prompt(unit.connection, prompt.id)
    if newest is not None and _is_booked(unit, newest, receipt):
        return
    notice = PaymentNotice(
        provider_account=provider_account,
        receipt=receipt,
        source="query",
        amount_minor=amount_minor,
        currency=prompt.currency,
        account=prompt.account_reference,
        payer_kind="msisdn",
        payer=prompt.msisdn,
        paid_at=unit.now,
    )
    _book(unit, prompt, notice)


def _is_booked(unit: Unit, prompt: Prompt, receipt: str) -> bool:
    """Whether the prompt's money is in the books under the other of its two names: the network's
    id, which an aggregator may send in one callback and not in another, or our own reference. A
    prompt that was joined to a payment by likeness (find_receipts) may bring another one."""
    booked = get_payment(unit.connection, prompt.payment_id) if prompt.payment_id else None
    return booked is not None and prompt.checkout_reference in (booked.receipt, receipt)


def prompt_paid(unit: Unit, prompt: Prompt, notice: PaymentNotice) -> Recorded:
    """Book the receipt of an approved prompt. Raises BadCallback when the amount is another."""
    if notice.amount_minor != prompt.amount_minor:
        raise BadCallback("the amount is not the one asked for")
    return _book(unit, prompt, notice)


def _book(unit: Unit, prompt: Prompt, notice: PaymentNotice) -> Recorded:
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
_ASK_FOR_find_receipts = timedelta(hours=1)


def claim_receiptless(unit: Unit, limit: int) -> list[Prompt]:
    """Join what can be joined; take the prompts whose receipt has to be asked for now."""
    for joined in join_receipts(unit.connection, unit.now):
        payer_learnt(unit, joined.payment_id, joined.msisdn)
        close_prompt_cases(unit, joined.prompt_id)
    due = claim_prompts(unit.connection, ["approved"], unit.now, limit)
    return [prompt for prompt in due if _goes_on(unit, prompt)]


def _goes_on(unit: Unit, prompt: Prompt) -> bool:
    """Whether it is asked for once more; after an hour a person is asked instead."""
    asked_long = unit.now - (prompt.sent_at or prompt.created_at) > _ASK_FOR_find_receipts
    next_attempt_at = None if asked_long else unit.now + _ASK_AGAIN
    update_prompt(unit.connection, prompt.id, next_attempt_at=next_attempt_at)
    if asked_long:
        amount = Money(prompt.amount_minor, prompt.currency)
        detail = f"prompt {prompt.id} of {amount} is paid, says the provider, but has no receipt"
        open_case(unit.connection, unit.now, NO_RECEIPT, str(prompt.id), detail)
    return not asked_long
