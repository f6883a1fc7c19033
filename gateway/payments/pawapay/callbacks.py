"""pawaPay's callbacks about deposits.

They are signed (message_signature.py), so what they say is booked at once, and acknowledged after
the commit. One whose signature does not hold says nothing at all: the deposit is looked up in time.
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
        """Its address: the one that is signed, ours as pawaPay knows it."""
        rule = f"/payments/{PROVIDER}/<key>"
        return CallbackRoute(rule, PROVIDER, _read, self.follow, verify=self.signed.verify)

    def follow(self, deposit: Deposit) -> CallbackResult:
        """Take note of how a deposit ended. One we do not know is acknowledged and books nothing:
        no money comes by this road that we did not ask for."""
        with self.open_unit() as unit:
            prompt = find_callback_prompt(unit, None, deposit.reference)
            if prompt is None or prompt.channel != PROVIDER:
                log.warning("a deposit nobody asked for: %s", deposit.reference)
                return CallbackResult("unknown")
            if prompt.payment_id is not None:
                return CallbackResult("known")
            return _note(unit, prompt, outcome_of(deposit, prompt))


def _read(body: bytes) -> Deposit:
    return read_deposit(read_json(body))


def _note(unit: Unit, prompt: Prompt, outcome: Outcome) -> CallbackResult:
    if isinstance(outcome, Paid):
        recorded = prompt_paid(unit, prompt, _notice(unit, prompt, outcome))
        word = "booked" if recorded.is_new else "known"
        return CallbackResult(word, payment_id=recorded.payment_id)
    if isinstance(outcome, Ended):
        prompt_ended(unit, prompt, outcome.code)
        return CallbackResult("not_paid")
    return CallbackResult("pending")


def _notice(unit: Unit, prompt: Prompt, paid: Paid) -> PaymentNotice:
    return PaymentNotice.of_prompt(
        prompt,
        provider_account=account(prompt),
        receipt=paid.receipt,
        source="callback",
        amount_minor=paid.amount_minor,
        paid_at=unit.now,
    )
