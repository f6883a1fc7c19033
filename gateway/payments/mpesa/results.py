"""Daraja's results of what workers asked for: a reversal, the receipt of a prompt, a balance; and
of reversals that another system of the operator asked for.

A result of a reversal names the receipt it reversed; one that names another receipt is refused. A
time-out says that the outcome is unknown: the reversal is asked for again, which is safe.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import BadCallback, Refused
from core.money import parse_minor
from core.payment import PaymentNotice
from core.refund import NewReturn
from core.unit import OpenUnit
from core.usecases.operators.audit import ITSELF
from core.usecases.payments.prompts import lock_known_prompt, prompt_paid
from core.usecases.reconciliation.balance import note_balance
from core.usecases.refunds.refund import (
    find_known_refund,
    refund_done,
    refund_refused,
    refund_unclear,
)
from core.usecases.refunds.reversal import record_reversal
from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.parsing import Json, read_json, text_field
from gateway.payments.mpesa.parse import CURRENCY, STAMP, instant, provider_account

log = logging.getLogger(__name__)

_CODE = r"[A-Za-z0-9_.]{1,20}"
_RECEIPT = r"[A-Za-z0-9]{1,32}"
_ID = "<int(min=1, max=999999999999999999):{}>"
_DONE, _ALREADY = "0", "R000001"
_UTILITY = "Utility Account|"
# Refused now, and perhaps not tomorrow: the account holds too little, the initiator is locked.
_NOT_NOW = ("1", "8006", "2001")
_ACKNOWLEDGED = {"ResultCode": 0, "ResultDesc": "Accepted"}


@dataclass(frozen=True, slots=True)
class ReversalResult:
    """How a reversal ended. `receipt`: the payment it is about, None where Daraja leaves it out.

    `back`: what went back, with the reversal's own receipt; without amount where it is not told.
    """

    code: str
    receipt: str | None
    back: NewReturn


@dataclass(frozen=True, slots=True)
class PromptReceipt:
    """The receipt of a prompt's payment, by a status query; None where it is not completed."""

    receipt: str | None
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class StatedBalance:
    """The balance of the short code; None where Daraja does not say. `stated_at` is None where
    Daraja leaves it out."""

    amount_minor: int | None
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResultCallbacks:
    """The callbacks for results. The address of each names the row it is about."""

    shortcode: str
    open_unit: OpenUnit

    def routes(self) -> tuple[CallbackRoute[Any], ...]:
        """The routes of all results, and of Daraja's time-outs."""
        refund = f"/payments/daraja/<key>/reversal/{_ID.format('refund_id')}"
        status = f"/payments/daraja/<key>/status/{_ID.format('prompt_id')}"
        balance = "/payments/daraja/<key>/balance"
        return (
            CallbackRoute(balance, "daraja_balance", read_balance, self.record_stated_balance),
            CallbackRoute(f"{balance}/timeout", "daraja_balance_timeout", read_json, _timed_out),
            CallbackRoute(status, "daraja_status", read_prompt_receipt, self.record_receipt),
            CallbackRoute(f"{status}/timeout", "daraja_status_timeout", read_json, _timed_out),
            CallbackRoute(
                "/payments/daraja/<key>/reversal",
                "daraja_other_reversal",
                read_reversal,
                self.record_other_reversal,
            ),
            CallbackRoute(refund, "daraja_reversal", read_reversal, self.record_reversal),
            CallbackRoute(
                f"{refund}/timeout", "daraja_reversal_timeout", read_json, self.reversal_timed_out
            ),
        )

    def record_reversal(self, result: ReversalResult, refund_id: int) -> CallbackResult:
        """Record how a reversal ended. Raises BadCallback for another receipt than the refund's."""
        with self.open_unit() as unit:
            find_known_refund(unit, refund_id, result.receipt)
            if result.code == _DONE and result.receipt is None:
                raise BadCallback("OriginalTransactionID is missing")
            if result.code in (_DONE, _ALREADY):
                is_new = refund_done(unit, refund_id, result.code, result.back)
                outcome = "done" if is_new else "known"
            else:
                outcome = "not_now" if result.code in _NOT_NOW else "refused"
                record = refund_unclear if result.code in _NOT_NOW else refund_refused
                record(unit, refund_id, result.code)
        return CallbackResult(outcome, _ACKNOWLEDGED)

    def record_other_reversal(self, result: ReversalResult) -> CallbackResult:
        """Record a reversal that another system of the operator asked Daraja for."""
        if result.code != _DONE:
            return CallbackResult("not_done", _ACKNOWLEDGED)
        if result.receipt is None or result.back.amount_minor is None:
            raise BadCallback("OriginalTransactionID or Amount is missing")
        account = provider_account(self.shortcode)
        try:
            with self.open_unit() as unit:
                is_new = record_reversal(
                    unit, account, result.receipt, result.back, ITSELF, "told by Daraja"
                )
        except Refused:
            log.warning("a reversal of the unknown receipt %s", result.receipt)
            return CallbackResult("unknown", _ACKNOWLEDGED)
        return CallbackResult("booked" if is_new else "known", _ACKNOWLEDGED)

    def record_receipt(self, found: PromptReceipt, prompt_id: int) -> CallbackResult:
        """Record the payment of a prompt that was approved, as its own callback would have."""
        if found.receipt is None:
            return CallbackResult("not_found", _ACKNOWLEDGED)
        with self.open_unit() as unit:
            prompt = lock_known_prompt(unit, prompt_id)
            notice = PaymentNotice.of_prompt(
                prompt,
                provider_account=provider_account(self.shortcode),
                receipt=found.receipt,
                source="status",
                amount_minor=found.amount_minor,
            )
            is_new = prompt_paid(unit, prompt, notice).is_new
        return CallbackResult("booked" if is_new else "known", _ACKNOWLEDGED)

    def record_stated_balance(self, balance: StatedBalance) -> CallbackResult:
        """Compare the stated balance with the ledger's. It posts nothing."""
        if balance.amount_minor is None:
            return CallbackResult("not_known", _ACKNOWLEDGED)
        with self.open_unit() as unit:
            stated_at = balance.stated_at or unit.now
            account = provider_account(self.shortcode)
            agrees = not note_balance(unit, account, balance.amount_minor, stated_at)
        return CallbackResult("agrees" if agrees else "differs", _ACKNOWLEDGED)

    def reversal_timed_out(self, _: Json, refund_id: int) -> CallbackResult:
        """Record that Daraja does not know how a reversal ended."""
        with self.open_unit() as unit:
            find_known_refund(unit, refund_id)
            refund_unclear(unit, refund_id, "timeout")
        return CallbackResult("unclear", _ACKNOWLEDGED)


def _timed_out(_: Json, **address: int) -> CallbackResult:
    """Acknowledge a time-out of a query: it is made again by its schedule."""
    return CallbackResult("unclear", _ACKNOWLEDGED)


def read_prompt_receipt(body: bytes) -> PromptReceipt:
    """Read the result of a status query. Raises BadCallback."""
    result = _result(body)
    fields = parameters(result)
    completed = text_field(fields, "TransactionStatus", r".{1,40}", default="") == "Completed"
    if text_field(result, "ResultCode", _CODE) != _DONE or not completed:
        return PromptReceipt(None)
    try:
        amount_minor = parse_minor(text_field(fields, "Amount", r".{1,40}"), CURRENCY)
    except ValueError:
        raise BadCallback("Amount is not an amount") from None
    return PromptReceipt(text_field(fields, "ReceiptNo", _RECEIPT), amount_minor)


def read_balance(body: bytes) -> StatedBalance:
    """Read the result of a balance query. Raises BadCallback.

    Payments to a paybill arrive in its utility account: our clearing account mirrors that one.
    """
    result = _result(body)
    if text_field(result, "ResultCode", _CODE) != _DONE:
        return StatedBalance(None)
    fields = parameters(result)
    accounts = text_field(fields, "AccountBalance", r".{1,2000}").split("&")
    figures = next((account.split("|") for account in accounts if account.startswith(_UTILITY)), [])
    if len(figures) < 3 or figures[1] != CURRENCY:
        raise BadCallback("AccountBalance has no utility account")
    try:
        amount_minor = parse_minor(figures[2], CURRENCY)
    except ValueError:
        raise BadCallback("AccountBalance is not an amount") from None
    stamp = text_field(fields, "BOCompletedTime", STAMP, default="")
    return StatedBalance(amount_minor, instant(stamp, "BOCompletedTime") if stamp else None)


def _result(body: bytes) -> Json:
    result = read_json(body).get("Result")
    if not isinstance(result, dict):
        raise BadCallback("Result is missing")
    return result


def read_reversal(body: bytes) -> ReversalResult:
    """Read the result of a reversal. Raises BadCallback."""
    result = _result(body)
    fields = parameters(result)
    receipt = text_field(fields, "OriginalTransactionID", _RECEIPT, default="")
    code = text_field(result, "ResultCode", _CODE)
    back = _return_of(result, fields) if code == _DONE else NewReturn()
    return ReversalResult(code, receipt or None, back)


def _return_of(result: Json, fields: Mapping[str, Any]) -> NewReturn:
    own = text_field(result, "TransactionID", _RECEIPT, default="")
    stamp = text_field(fields, "TransCompletedTime", STAMP, default="")
    amount = text_field(fields, "Amount", r".{1,40}", default="")
    try:
        amount_minor = parse_minor(amount, CURRENCY) if amount else None
    except ValueError:
        raise BadCallback("Amount is not an amount") from None
    happened_at = instant(stamp, "TransCompletedTime") if stamp else None
    return NewReturn(amount_minor, "provider", own or None, happened_at)


def parameters(result: Json) -> dict[str, Any]:
    """ResultParameters by key. Daraja sends a single one without a list, some without a value."""
    given = result.get("ResultParameters") or {}
    listed = given.get("ResultParameter", []) if isinstance(given, dict) else []
    listed = [listed] if isinstance(listed, dict) else listed
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise BadCallback("ResultParameter is not a list of parameters")
    return {str(item.get("Key")): item.get("Value") for item in listed}
