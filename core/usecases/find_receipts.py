"""A prompt whose receipt nobody brought, though it was called paid or may have been: find it.

Mostly it came by another callback before (a payment by prompt is a paybill payment too), and only
has to be joined to its prompt. If not, the provider is asked for it; at last a person is.
"""

from __future__ import annotations

from datetime import timedelta

from core.db.oversight import open_case
from core.db.prompts import Prompt, claim_prompts, join_receipts, update_prompt
from core.money import Money
from core.unit import Unit
from core.usecases.follow_prompt import NO_RECEIPT, not_asked_any_more
from core.usecases.tell_payer import payer_learnt

_ASK_AGAIN = timedelta(minutes=5)
_ASK_FOR = timedelta(hours=1)


def claim_receiptless(unit: Unit, limit: int) -> list[Prompt]:
    """Join what can be joined; take the prompts whose receipt has to be asked for now."""
    for joined in join_receipts(unit.connection, unit.now):
        payer_learnt(unit, joined.payment_id, joined.msisdn)
        not_asked_any_more(unit, joined.prompt_id)
    due = claim_prompts(unit.connection, ["approved"], unit.now, limit)
    return [prompt for prompt in due if _goes_on(unit, prompt)]


def _goes_on(unit: Unit, prompt: Prompt) -> bool:
    """Whether it is asked for once more; after an hour a person is asked instead."""
    asked_long = unit.now - (prompt.sent_at or prompt.created_at) > _ASK_FOR
    next_attempt_at = None if asked_long else unit.now + _ASK_AGAIN
    update_prompt(unit.connection, prompt.id, next_attempt_at=next_attempt_at)
    if asked_long:
        amount = Money(prompt.amount_minor, prompt.currency)
        detail = f"prompt {prompt.id} of {amount} is paid, says the provider, but has no receipt"
        open_case(unit.connection, unit.now, NO_RECEIPT, str(prompt.id), detail)
    return not asked_long
