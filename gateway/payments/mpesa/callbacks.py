"""M-Pesa's callbacks about payments: C2B validation, C2B confirmation, and results of STK pushes.

Validation only reads, and always answers in time. Confirmation and STK results are acknowledged
after the commit. Only payments to our own short code count.
"""

from __future__ import annotations

import logging
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from core.errors import BadCallback, Refused
from core.payment import Evidence, PaymentNotice
from core.prompt import Prompt
from core.unit import OpenUnit, Unit
from core.usecases.payments.doubt import report_forgery
from core.usecases.payments.prompts import (
    find_callback_prompt,
    lock_known_prompt,
    mark_unknown,
    nameless_state,
    prompt_ended,
    prompt_paid,
)
from core.usecases.payments.quote import quote_payment
from core.usecases.payments.record import Recorded, record_payment
from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.limits import MISSES, SerialGuesses
from gateway.parsing import read_json
from gateway.payments.mpesa.addresses import ROW_ID, proved_route
from gateway.payments.mpesa.parse import (
    Question,
    Receipt,
    StkResult,
    asked_minor,
    provider_account,
    read_confirmation,
    read_question,
    read_stk_result,
)
from gateway.payments.proof import Proofs

log = logging.getLogger(__name__)

# The code decides which message M-Pesa shows the payer (Daraja, C2B validation).
_PAYER, _ACCOUNT, _AMOUNT, _OTHER = "C2B00011", "C2B00012", "C2B00013", "C2B00016"
_CODE_OF = {
    "unknown_serial": _ACCOUNT,
    "device_in_stock": _ACCOUNT,
    "device_moved": _ACCOUNT,
    "reference_expired": _ACCOUNT,
    "amount_invalid": _AMOUNT,
    "amount_too_large": _AMOUNT,
    "below_minimum": _AMOUNT,
    "too_many_guesses": _PAYER,
}
# Safaricom waits some 8 s and then does what the paybill was registered with; we promise 3.
VALIDATION_BUDGET_S = 2.5
# Results that do not say how it ended: the phone could not be reached, still in process.
_NOT_FINAL = ("1037", "4999")
_NO_TIME = datetime.min.replace(tzinfo=UTC)
_ACKNOWLEDGED = {"ResultCode": 0, "ResultDesc": "Accepted"}


@dataclass(frozen=True, slots=True)
class MpesaCallbacks:
    """The callbacks of one short code.

    `open_read_only_unit` opens Units that cannot write or wait long. `readers` are the threads
    in which questions are answered, so that a hung database does not hold the callback.
    """

    shortcode: str
    open_unit: OpenUnit
    open_read_only_unit: OpenUnit
    readers: Executor
    guesses: SerialGuesses
    proofs: Proofs
    budget_s: float = VALIDATION_BUDGET_S

    def routes(self) -> tuple[CallbackRoute[Any], ...]:
        """The routes of the three callbacks. An STK push names its prompt in the address of its
        callback, with a proof: the callback finds its prompt even when the reply to our call was
        lost or is late, and is believed. At the other addresses nothing proves who calls.
        """
        root = "/payments/daraja/<key>"
        return (
            CallbackRoute(f"{root}/validation", "daraja_validation", self._question, self.validate),
            CallbackRoute(
                f"{root}/confirmation", "daraja_confirmation", self._notice, self.confirm
            ),
            CallbackRoute(f"{root}/stk", "daraja_stk", _stk_result, self.follow_unverified),
            CallbackRoute(
                f"{root}/stk/{ROW_ID}", "daraja_stk_prompt", _stk_result, self.follow_unverified
            ),
            proved_route(self.proofs, "stk", "daraja_stk_proved", _stk_result, self.follow),
        )

    def _question(self, body: bytes) -> Question:
        return read_question(read_json(body))

    def _notice(self, body: bytes) -> PaymentNotice:
        notice = read_confirmation(read_json(body), "c2b")
        if notice.provider_account != provider_account(self.shortcode):
            raise BadCallback("BusinessShortCode is not ours")
        return notice

    def validate(self, question: Question) -> CallbackResult:
        """Answer within the budget, whatever the database does. In doubt the payment is refused."""
        try:
            code, asked_at = self.readers.submit(self._decide, question).result(self.budget_s)
        except Exception:  # of any kind: the payer waits for an answer
            log.exception("validation not possible")
            return CallbackResult("undecided", _rejected(_OTHER))
        if code is not None:
            return CallbackResult(code, _rejected(code))
        proof = self.proofs.of_question(question.account, asked_minor(question), asked_at)
        accepted = {"ResultCode": "0", "ResultDesc": "Accepted", "ThirdPartyTransID": proof}
        return CallbackResult("accepted", accepted)

    def _decide(self, question: Question) -> tuple[str | None, datetime]:
        """Return the code of the refusal, None for a welcome payment, and when that was decided."""
        if question.shortcode != self.shortcode:
            return _OTHER, _NO_TIME
        try:
            if question.payer:
                self.guesses.check(question.payer)
            with self.open_read_only_unit() as unit:
                quote_payment(unit, question.account, asked_minor(question))
                return None, unit.now
        except Refused as refused:
            if question.payer and refused.code in MISSES:
                self.guesses.missed(question.payer)
            return _CODE_OF.get(refused.code, _OTHER), _NO_TIME

    def confirm(self, notice: PaymentNotice) -> CallbackResult:
        """Record a payment that was made; acknowledged after the commit. It is believed as far as
        what it brings back of our answer to the question proves it."""
        with self.open_unit() as unit:
            evidence = self.proofs.evidence_of(
                notice.proof, notice.account, notice.amount_minor, unit.now
            )
            proof = notice.proof if evidence == "proved" else None
            recorded = record_payment(unit, replace(notice, evidence=evidence, proof=proof))
        return CallbackResult(_outcome(recorded, evidence), _ACKNOWLEDGED, recorded.payment_id)

    def follow(self, result: StkResult, prompt_id: int) -> CallbackResult:
        """Record how a prompt ended, at the address that only Daraja was told. A result of an
        unknown prompt is acknowledged and records nothing: the confirmation announces every real
        payment as well."""
        with self.open_unit() as unit:
            prompt = find_callback_prompt(unit, prompt_id, result.checkout_reference)
            if prompt is None:
                return _unknown(result)
            return self._record(unit, prompt, result, "proved")

    def follow_unverified(self, result: StkResult, number: int | None = None) -> CallbackResult:
        """Record how a prompt ended, at an address that others may know: the prompt that has the
        name the result gives. `number`: the prompt that the address names.

        Where that one was sent and has no name, because the answer to our call was lost, the
        payment waits for Daraja's own word. Nothing is recorded of a prompt that was never sent.
        """
        with self.open_unit() as unit:
            prompt = find_callback_prompt(unit, None, result.checkout_reference)
            if prompt is not None:
                return self._record(unit, prompt, result, "unverified")
            state = nameless_state(unit, number) if number is not None else None
            if state is None:
                return _unknown(result)
            if state == "waiting":
                what = "a result came for a prompt that was not sent"
                report_forgery(unit, provider_account(self.shortcode), what)
                return CallbackResult("not_sent", _ACKNOWLEDGED)
            if result.receipt is None:
                return _unknown(result)
            notice = self._notice_of(
                lock_known_prompt(unit, number or 0), result.receipt, "unverified"
            )
            recorded = record_payment(unit, replace(notice, prompt=None), doubt="unknown_prompt")
        return CallbackResult(_outcome(recorded), _ACKNOWLEDGED, recorded.payment_id)

    def _record(
        self, unit: Unit, prompt: Prompt, result: StkResult, evidence: Evidence
    ) -> CallbackResult:
        if result.receipt is None:
            note = mark_unknown if result.code in _NOT_FINAL else prompt_ended
            note(unit, prompt, result.code)
            return CallbackResult("not_paid", _ACKNOWLEDGED)
        notice = self._notice_of(prompt, result.receipt, evidence)
        recorded = prompt_paid(unit, prompt, notice)
        return CallbackResult(_outcome(recorded), _ACKNOWLEDGED, recorded.payment_id)

    def _notice_of(self, prompt: Prompt, receipt: Receipt, evidence: Evidence) -> PaymentNotice:
        return PaymentNotice.of_prompt(
            prompt,
            provider_account=provider_account(self.shortcode),
            receipt=receipt.receipt,
            source="stk",
            amount_minor=receipt.amount_minor,
            paid_at=receipt.paid_at,
            evidence=evidence,
        )


def _stk_result(body: bytes) -> StkResult:
    return read_stk_result(read_json(body))


def _unknown(result: StkResult) -> CallbackResult:
    log.warning("result of an unknown prompt: %s", result.checkout_reference)
    return CallbackResult("unknown", _ACKNOWLEDGED)


def _outcome(recorded: Recorded, evidence: Evidence = "proved") -> str:
    if evidence == "forged":
        return "forged"
    return "booked" if recorded.is_new else "known"


def _rejected(code: str) -> dict[str, str]:
    return {"ResultCode": code, "ResultDesc": "Rejected"}
