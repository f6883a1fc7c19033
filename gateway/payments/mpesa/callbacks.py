"""M-Pesa's callbacks about payments: C2B validation, C2B confirmation, and results of STK pushes.

Validation only reads, and always answers in time. Confirmation and STK results are acknowledged
after the commit. Only payments to our own short code count.
"""

from __future__ import annotations

import logging
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from core.errors import BadCallback, Refused
from core.payment import PaymentNotice
from core.prompt import Prompt
from core.unit import OpenUnit
from core.usecases.payments.prompts import (
    find_callback_prompt,
    mark_unknown,
    prompt_ended,
    prompt_paid,
)
from core.usecases.payments.quote import quote_payment
from core.usecases.payments.record import Recorded, record_payment
from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.limits import MISSES, SerialGuesses
from gateway.parsing import read_json
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
    budget_s: float = VALIDATION_BUDGET_S

    def routes(self) -> tuple[CallbackRoute[Any], ...]:
        """The routes of the three callbacks. An STK push names its prompt in the address of its
        callback: the callback finds its prompt even when the reply to our call was lost or is late.
        """
        root = "/payments/daraja/<key>"
        stk = f"{root}/stk/<int(min=1, max=999999999999999999):prompt_id>"
        return (
            CallbackRoute(f"{root}/validation", "daraja_validation", self._question, self.validate),
            CallbackRoute(
                f"{root}/confirmation", "daraja_confirmation", self._notice, self.confirm
            ),
            CallbackRoute(f"{root}/stk", "daraja_stk", _stk_result, self.follow),
            CallbackRoute(stk, "daraja_stk_prompt", _stk_result, self.follow),
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
            code = self.readers.submit(self._refusal_code, question).result(self.budget_s)
        except Exception:  # of any kind: the payer waits for an answer
            log.exception("validation not possible")
            return CallbackResult("undecided", _rejected(_OTHER))
        if code is None:
            return CallbackResult("accepted", {"ResultCode": "0", "ResultDesc": "Accepted"})
        return CallbackResult(code, _rejected(code))

    def _refusal_code(self, question: Question) -> str | None:
        """The code of the refusal; None for a payment that is welcome."""
        if question.shortcode != self.shortcode:
            return _OTHER
        try:
            if question.payer:
                self.guesses.check(question.payer)
            with self.open_read_only_unit() as unit:
                quote_payment(unit, question.account, asked_minor(question))
        except Refused as refused:
            if question.payer and refused.code in MISSES:
                self.guesses.missed(question.payer)
            return _CODE_OF.get(refused.code, _OTHER)
        return None

    def confirm(self, notice: PaymentNotice) -> CallbackResult:
        """Record a payment that was made; acknowledged after the commit."""
        with self.open_unit() as unit:
            recorded = record_payment(unit, notice)
        return CallbackResult(_outcome(recorded), _ACKNOWLEDGED, recorded.payment_id)

    def follow(self, result: StkResult, prompt_id: int | None = None) -> CallbackResult:
        """Record how a prompt ended. A result of an unknown prompt is acknowledged and records
        nothing: the confirmation announces every real payment as well."""
        payment_id = None
        with self.open_unit() as unit:
            prompt = find_callback_prompt(unit, prompt_id, result.checkout_reference)
            if prompt is None:
                log.warning("result of an unknown prompt: %s", result.checkout_reference)
                return CallbackResult("unknown", _ACKNOWLEDGED)
            if result.receipt is None:
                note = mark_unknown if result.code in _NOT_FINAL else prompt_ended
                note(unit, prompt, result.code)
                outcome = "not_paid"
            else:
                notice = self._notice_of(prompt, result.receipt)
                recorded = prompt_paid(unit, prompt, notice)
                outcome, payment_id = _outcome(recorded), recorded.payment_id
        return CallbackResult(outcome, _ACKNOWLEDGED, payment_id)

    def _notice_of(self, prompt: Prompt, receipt: Receipt) -> PaymentNotice:
        return PaymentNotice.of_prompt(
            prompt,
            provider_account=provider_account(self.shortcode),
            receipt=receipt.receipt,
            source="stk",
            amount_minor=receipt.amount_minor,
            paid_at=receipt.paid_at,
        )


def _stk_result(body: bytes) -> StkResult:
    return read_stk_result(read_json(body))


def _outcome(recorded: Recorded) -> str:
    return "booked" if recorded.is_new else "known"


def _rejected(code: str) -> dict[str, str]:
    return {"ResultCode": code, "ResultDesc": "Rejected"}
