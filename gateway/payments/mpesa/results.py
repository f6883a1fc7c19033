"""M-Pesa's answers to what we asked about our own account: how a reversal ended, what a prompt's
receipt is, what the account holds.

A result names the receipt it reversed; one that names another is not believed. A time-out only says
that nobody knows: the refund is asked about again, which is safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.errors import BadCallback
from core.money import parse_minor
from core.payment import PaymentNotice
from core.unit import OpenUnit
from core.usecases.payments.prompts import lock_known_prompt, prompt_paid
from core.usecases.reconciliation.balance import note_balance
from core.usecases.refunds.refund import (
    find_known_refund,
    refund_done,
    refund_refused,
    refund_unclear,
)
from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.parsing import Json, read_json, text_field
from gateway.payments.mpesa.parse import CURRENCY, STAMP, instant, provider_account

_CODE = r"[A-Za-z0-9_.]{1,20}"
_RECEIPT = r"[A-Za-z0-9]{1,32}"
_ID = "<int(min=1, max=999999999999999999):{}>"
_DONE, _ALREADY = "0", "R000001"
_UTILITY = "Utility Account|"
# Refused now, and perhaps not tomorrow: not enough in the account, the initiator is locked.
_NOT_NOW = ("1", "8006", "2001")
_ACKNOWLEDGED = {"ResultCode": 0, "ResultDesc": "Accepted"}


@dataclass(frozen=True, slots=True)
class Result:
    """`receipt` is the payment that was reversed, where the result says it."""

    code: str
    receipt: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """The payment behind a prompt, by a status look-up; None where it is not (yet) completed."""

    receipt: str | None
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What the short code holds, None where that cannot be had; `stated_at` is None where Daraja
    leaves it out."""

    amount_minor: int | None
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResultCallbacks:
    """The callbacks for results of what workers asked. Each address names the row it is about."""

    shortcode: str
    open_unit: OpenUnit

    def routes(self) -> tuple[CallbackRoute[Any], ...]:
        """Their addresses."""
        refund = f"/payments/daraja/<key>/reversal/{_ID.format('refund_id')}"
        status = f"/payments/daraja/<key>/status/{_ID.format('prompt_id')}"
        balance = "/payments/daraja/<key>/balance"
        return (
            CallbackRoute(balance, "daraja_balance", read_held, self.held),
            CallbackRoute(
                f"{balance}/timeout", "daraja_balance_timeout", read_json, _nothing_known
            ),
            CallbackRoute(status, "daraja_status", read_found, self.found),
            CallbackRoute(f"{status}/timeout", "daraja_status_timeout", read_json, _nothing_known),
            CallbackRoute(refund, "daraja_reversal", read_result, self.follow),
            CallbackRoute(f"{refund}/timeout", "daraja_reversal_timeout", read_json, self.unclear),
        )

    def follow(self, result: Result, refund_id: int) -> CallbackResult:
        """Take note of how a reversal ended."""
        with self.open_unit() as unit:
            find_known_refund(unit, refund_id, result.receipt)
            if result.code == _DONE and result.receipt is None:
                raise BadCallback("OriginalTransactionID is missing")
            if result.code in (_DONE, _ALREADY):
                outcome = "done" if refund_done(unit, refund_id, result.code) else "known"
            else:
                outcome = "not_now" if result.code in _NOT_NOW else "refused"
                note = refund_unclear if result.code in _NOT_NOW else refund_refused
                note(unit, refund_id, result.code)
        return CallbackResult(outcome, _ACKNOWLEDGED)

    def found(self, found: Found, prompt_id: int) -> CallbackResult:
        """Book the receipt of a prompt that was called paid, as its callback would have."""
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
                paid_at=unit.now,
            )
            is_new = prompt_paid(unit, prompt, notice).is_new
        return CallbackResult("booked" if is_new else "known", _ACKNOWLEDGED)

    def held(self, held: Held) -> CallbackResult:
        """Set what the account holds beside the books. It books nothing."""
        if held.amount_minor is None:
            return CallbackResult("not_known", _ACKNOWLEDGED)
        with self.open_unit() as unit:
            stated_at = held.stated_at or unit.now
            account = provider_account(self.shortcode)
            agrees = not note_balance(unit, account, held.amount_minor, stated_at)
        return CallbackResult("agrees" if agrees else "differs", _ACKNOWLEDGED)

    def unclear(self, _: Json, refund_id: int) -> CallbackResult:
        """Daraja gave up waiting for itself."""
        with self.open_unit() as unit:
            find_known_refund(unit, refund_id)
            refund_unclear(unit, refund_id, "timeout")
        return CallbackResult("unclear", _ACKNOWLEDGED)


def _nothing_known(_: Json, **carried: int) -> CallbackResult:
    """It is asked again by its schedule."""
    return CallbackResult("unclear", _ACKNOWLEDGED)


def read_found(body: bytes) -> Found:
    """The result of a status look-up. Raises BadCallback."""
    result = _result(body)
    told = parameters(result)
    completed = text_field(told, "TransactionStatus", r".{1,40}", default="") == "Completed"
    if text_field(result, "ResultCode", _CODE) != _DONE or not completed:
        return Found(None)
    try:
        amount_minor = parse_minor(text_field(told, "Amount", r".{1,40}"), CURRENCY)
    except ValueError:
        raise BadCallback("Amount is not an amount") from None
    return Found(text_field(told, "ReceiptNo", _RECEIPT), amount_minor)


def read_held(body: bytes) -> Held:
    """The result of a balance query. Raises BadCallback.

    Paybill money lands in the utility account, and is what our clearing account mirrors.
    """
    result = _result(body)
    if text_field(result, "ResultCode", _CODE) != _DONE:
        return Held(None)
    told = parameters(result)
    accounts = text_field(told, "AccountBalance", r".{1,2000}").split("&")
    figures = next((account.split("|") for account in accounts if account.startswith(_UTILITY)), [])
    if len(figures) < 3 or figures[1] != CURRENCY:
        raise BadCallback("AccountBalance has no utility account")
    try:
        amount_minor = parse_minor(figures[2], CURRENCY)
    except ValueError:
        raise BadCallback("AccountBalance is not an amount") from None
    stamp = text_field(told, "BOCompletedTime", STAMP, default="")
    return Held(amount_minor, instant(stamp, "BOCompletedTime") if stamp else None)


def _result(body: bytes) -> Json:
    result = read_json(body).get("Result")
    if not isinstance(result, dict):
        raise BadCallback("Result is missing")
    return result


def read_result(body: bytes) -> Result:
    """The result of a reversal. Raises BadCallback."""
    result = _result(body)
    receipt = text_field(parameters(result), "OriginalTransactionID", _RECEIPT, default="")
    return Result(text_field(result, "ResultCode", _CODE), receipt or None)


def parameters(result: Json) -> dict[str, Any]:
    """ResultParameters by key; a single one may stand without its list, some have no value."""
    given = result.get("ResultParameters") or {}
    listed = given.get("ResultParameter", []) if isinstance(given, dict) else []
    listed = [listed] if isinstance(listed, dict) else listed
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise BadCallback("ResultParameter is not a list of parameters")
    return {str(item.get("Key")): item.get("Value") for item in listed}
