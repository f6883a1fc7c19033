"""pawaPay's callbacks about deposits.

They are signed (message_signature.py), so what they say is recorded at once, and acknowledged after
the commit. A callback with a wrong signature is refused; its deposit is looked up on schedule.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from core.payment import PaymentNotice
from core.prompt import Prompt
from core.unit import OpenUnit, Unit
from core.usecases.payments.prompts import find_callback_prompt, prompt_ended, prompt_paid
from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.parsing import read_json
from gateway.payments.channel import Ended, Outcome, Paid
from gateway.payments.pawapay.client import PROVIDER, Deposit, account, outcome_of, read_deposit
from gateway.payments.pawapay.message_signature import SignedMessages

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PawaPayCallbacks:
    """pawaPay's callbacks about deposits."""

    signed: SignedMessages
    open_unit: OpenUnit

    def route(self) -> CallbackRoute[Deposit]:
        """The route of the callbacks. pawaPay signs this address too."""
        rule = f"/payments/{PROVIDER}/<key>"
        return CallbackRoute(rule, PROVIDER, _parse_deposit, self.follow, verify=self.signed.verify)

    def follow(self, deposit: Deposit) -> CallbackResult:
        """Record how a deposit ended. An unknown deposit is acknowledged and records nothing: only
        our own requests lead to deposits."""
        with self.open_unit() as unit:
            prompt = find_callback_prompt(unit, None, deposit.reference)
            if prompt is None or prompt.channel != PROVIDER:
                log.warning("callback of an unknown deposit: %s", deposit.reference)
                return CallbackResult("unknown")
            if prompt.payment_id is not None:
                return CallbackResult("known")
            return _record(unit, prompt, outcome_of(deposit, prompt))


def _parse_deposit(body: bytes) -> Deposit:
    return read_deposit(read_json(body))


def _record(unit: Unit, prompt: Prompt, outcome: Outcome) -> CallbackResult:
    if isinstance(outcome, Paid):
        recorded = prompt_paid(unit, prompt, _notice(prompt, outcome))
        outcome_word = "booked" if recorded.is_new else "known"
        return CallbackResult(outcome_word, payment_id=recorded.payment_id)
    if isinstance(outcome, Ended):
        prompt_ended(unit, prompt, outcome.code)
        return CallbackResult("not_paid")
    return CallbackResult("pending")


def _notice(prompt: Prompt, paid: Paid) -> PaymentNotice:
    return PaymentNotice.of_prompt(
        prompt,
        provider_account=account(prompt),
        receipt=paid.receipt,
        source="callback",
        amount_minor=paid.amount_minor,
    )
