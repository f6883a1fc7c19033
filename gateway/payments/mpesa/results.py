"""Daraja's results of what workers asked for: a reversal, the receipt of a prompt, whether a
payment was made, a balance; and of reversals that another system of the operator asked for.

A result of a reversal names the receipt it reversed; one that names another receipt is refused. A
time-out says that the outcome is unknown: the reversal is asked for again, which is safe.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import BadCallback, Refused
from core.money import parse_minor
from core.payment import PaymentNotice
from core.refund import NewReturn
from core.unit import OpenUnit
from core.usecases.payments.prompts import lock_known_prompt, prompt_paid
from core.usecases.payments.provider_word import provider_says
from core.usecases.reconciliation.balance import note_balance
from core.usecases.refunds.refund import (
    find_known_refund,
    refund_done,
    refund_refused,
    refund_unclear,
)
from core.usecases.refunds.reversal import report_told_reversal
from gateway.callbacks import CallbackResult, CallbackRoute
from gateway.parsing import Json, read_json, text_field
from gateway.payments.mpesa.addresses import proved_route
from gateway.payments.mpesa.parse import CURRENCY, STAMP, instant, provider_account
from gateway.payments.proof import Proofs

log = logging.getLogger(__name__)

_CODE = r"[A-Za-z0-9_.]{1,20}"
_RECEIPT = r"[A-Za-z0-9]{1,32}"
_DONE, _ALREADY = "0", "R000001"
_UTILITY = "Utility Account|"
# Results of a status query that mean that there is no such payment, and states in which none was
# made. All others mean that Daraja does not say.
_NO_SUCH_PAYMENT = ("R000002",)
_NOT_PAID = ("Cancelled", "Declined", "Expired", "Failed")
# A balance counts that is answered within this, by a clock that differs by no more than this.
_ANSWERED_WITHIN, _CLOCKS_DIFFER = timedelta(hours=1), timedelta(minutes=10)
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
class Found:
    """What a status query found: a completed payment into `paid_to` (a short code, "" where Daraja
    leaves it out). `receipt` is None where there is no such payment or it is not completed; `is_no`
    where Daraja says so, and not only that it cannot tell."""

    receipt: str | None
    amount_minor: int = 0
    paid_to: str = ""
    is_no: bool = False


@dataclass(frozen=True, slots=True)
class StatedBalance:
    """The balance of the short code; None where Daraja does not say. `stated_at` is None where
    Daraja leaves it out."""

    amount_minor: int | None
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ResultCallbacks:
    """The callbacks for results. The address of each names the row it is about, with a proof that
    Daraja was asked about it (addresses.py)."""

    shortcode: str
    open_unit: OpenUnit
    proofs: Proofs

    def routes(self) -> tuple[CallbackRoute[Any], ...]:
        """The routes of all results, and of Daraja's time-outs."""

        def of(path: str, name: str, parse: Any, handle: Any) -> CallbackRoute[Any]:
            return proved_route(self.proofs, path, f"daraja_{name}", parse, handle)

        return (
            of("balance", "balance", read_balance, self.record_stated_balance),
            of("balance/timeout", "balance_timeout", read_json, _timed_out),
            of("status", "status", read_found, self.record_receipt),
            of("status/timeout", "status_timeout", read_json, _timed_out),
            of("word", "word", read_found, self.record_word),
            of("word/timeout", "word_timeout", read_json, _timed_out),
            of("reversal", "reversal", read_reversal, self.record_reversal),
            of("reversal/timeout", "reversal_timeout", read_json, self.reversal_timed_out),
            CallbackRoute(
                "/payments/daraja/<key>/reversal",
                "daraja_other_reversal",
                read_reversal,
                self.note_other_reversal,
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

    def note_other_reversal(self, result: ReversalResult) -> CallbackResult:
        """Have a person look at a reversal that another system of the operator asked Daraja for:
        nothing proves that this message is Daraja's."""
        if result.code != _DONE:
            return CallbackResult("not_done", _ACKNOWLEDGED)
        if result.receipt is None or result.back.amount_minor is None:
            raise BadCallback("OriginalTransactionID or Amount is missing")
        account = provider_account(self.shortcode)
        try:
            with self.open_unit() as unit:
                is_new = report_told_reversal(unit, account, result.receipt, result.back)
        except Refused:
            log.warning("a reversal of the unknown receipt %s", result.receipt)
            return CallbackResult("unknown", _ACKNOWLEDGED)
        return CallbackResult("noted" if is_new else "known", _ACKNOWLEDGED)

    def record_receipt(self, found: Found, prompt_id: int) -> CallbackResult:
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

    def record_word(self, found: Found, payment_id: int) -> CallbackResult:
        """Record whether Daraja knows a payment that was announced by an unverified message."""
        if found.receipt is None and not found.is_no:
            return CallbackResult("not_known", _ACKNOWLEDGED)
        is_ours = found.paid_to in ("", self.shortcode)
        receipt = found.receipt if is_ours else None
        with self.open_unit() as unit:
            is_confirmed = provider_says(unit, payment_id, receipt, found.amount_minor)
        return CallbackResult("confirmed" if is_confirmed else "denied", _ACKNOWLEDGED, payment_id)

    def record_stated_balance(self, balance: StatedBalance, asked_at: int) -> CallbackResult:
        """Compare the stated balance with the ledger's. It posts nothing. An answer counts while
        the question is fresh, and is of a time after it."""
        if balance.amount_minor is None:
            return CallbackResult("not_known", _ACKNOWLEDGED)
        asked = datetime.fromtimestamp(asked_at, UTC)
        with self.open_unit() as unit:
            stated_at = balance.stated_at or unit.now
            if not asked - _CLOCKS_DIFFER <= stated_at <= unit.now + _CLOCKS_DIFFER:
                stated_at = unit.now
            if unit.now - asked > _ANSWERED_WITHIN:
                return CallbackResult("too_late", _ACKNOWLEDGED)
            account = provider_account(self.shortcode)
            agrees = not note_balance(unit, account, balance.amount_minor, stated_at)
        return CallbackResult("agrees" if agrees else "differs", _ACKNOWLEDGED)

    def reversal_timed_out(self, _: Json, refund_id: int) -> CallbackResult:
        """Record that Daraja does not know how a reversal ended."""
        with self.open_unit() as unit:
            find_known_refund(unit, refund_id)
            refund_unclear(unit, refund_id, "timeout")
        return CallbackResult("unclear", _ACKNOWLEDGED)


def _timed_out(_: Json, number: int) -> CallbackResult:
    """Acknowledge a time-out of a query: it is made again by its schedule."""
    return CallbackResult("unclear", _ACKNOWLEDGED)


def read_found(body: bytes) -> Found:
    """Read the result of a status query. Raises BadCallback."""
    result = _result(body)
    code = text_field(result, "ResultCode", _CODE)
    if code != _DONE:
        return Found(None, is_no=code in _NO_SUCH_PAYMENT)
    fields = parameters(result)
    status = text_field(fields, "TransactionStatus", r".{1,40}", default="")
    if status != "Completed":
        return Found(None, is_no=status in _NOT_PAID)
    try:
        amount_minor = parse_minor(text_field(fields, "Amount", r".{1,40}"), CURRENCY)
    except ValueError:
        raise BadCallback("Amount is not an amount") from None
    paid_to = text_field(fields, "CreditPartyName", r".{1,200}", default="").split(" - ")[0].strip()
    return Found(text_field(fields, "ReceiptNo", _RECEIPT), amount_minor, paid_to)


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
