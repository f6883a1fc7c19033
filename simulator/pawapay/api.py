"""pawaPay's Merchant API, version 2: deposits, refunds and public keys.

A deposit that is refused is a 200 with REJECTED; an id that was used before is ignored. The result
comes by signed callback to the one URL of the account, which is set in pawaPay's dashboard. Shapes:
docs.pawapay.io, version 2.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from core.money import parse_minor
from simulator.fault_injection import (
    EARLY_CALLBACK_FAULTS,
    LOOKUP_FAULTS,
    draw_faults,
    with_reply_faults,
)
from simulator.mobile_money.prompts import (
    PromptRequest,
    approve_newest_prompt,
    find_prompt,
    open_prompt,
)
from simulator.mobile_money.wallets import give_back
from simulator.pawapay.payloads import deposit_status
from simulator.pawapay.signing import public_keys
from simulator.runtime import SimulatorRuntime, current_runtime

pawapay = Blueprint("pawapay", __name__)
_PROVIDER = "pawapay"
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,17})(\.[0-9]{1,2})?")
_MESSAGE = re.compile(r"[A-Za-z0-9 ]{4,22}")
# Networks that refuse a deposit whose amount is written with decimals.
_WITHOUT_DECIMALS = {
    *("AIRTEL_COG", "AIRTEL_NGA", "AIRTEL_OAPI_UGA", "AIRTEL_RWA", "HALOTEL_TZA", "MOOV_BEN"),
    *("MOOV_BFA", "MOVITEL_MOZ", "MPESA_KEN", "MTN_MOMO_BEN", "MTN_MOMO_CIV", "MTN_MOMO_CMR"),
    *("MTN_MOMO_COG", "MTN_MOMO_RWA", "ORANGE_CMR", "TIGO_TZA", "VODACOM_MPESA_COD"),
    "VODACOM_TZA",
}
_HTTP_STATUS = {
    "NO_AUTHENTICATION": 401,
    "AUTHENTICATION_ERROR": 403,
    "DEPOSITS_NOT_ALLOWED": 403,
    "INVALID_INPUT": 400,
    "MISSING_PARAMETER": 400,
    "INVALID_PARAMETER": 400,
    "UNKNOWN_ERROR": 500,
}


class PawaPayError(Exception):
    """A rejected request; the text is pawaPay's failure code."""


def error_response(code: str) -> tuple[Any, int]:
    """A 200 that says REJECTED, unless the request itself is malformed or unauthorised."""
    reason = {"failureCode": code, "failureMessage": code.replace("_", " ").capitalize()}
    body: dict[str, Any] = {"failureReason": reason}
    if code not in _HTTP_STATUS:
        sent = request.get_json(silent=True) or {}
        body |= {"depositId": sent.get("depositId"), "status": "REJECTED"}
    return jsonify(body), _HTTP_STATUS.get(code, 200)


@pawapay.errorhandler(PawaPayError)
def _handle_rejection(error: PawaPayError) -> tuple[Any, int]:
    return error_response(str(error))


def _check_caller(runtime: SimulatorRuntime) -> None:
    given = request.headers.get("Authorization", "")
    expected = runtime.settings.pawapay_api_token
    if not given:
        raise PawaPayError("NO_AUTHENTICATION")
    if not expected or not hmac.compare_digest(given.encode(), f"Bearer {expected}".encode()):
        raise PawaPayError("AUTHENTICATION_ERROR")


@pawapay.post("/v2/deposits")
@with_reply_faults(_PROVIDER, "deposits", error_response)
def deposits() -> Any:
    """Show a prompt on the payer's phone."""
    runtime = current_runtime()
    _check_caller(runtime)
    prompt_request = _parse_request(request.get_json(silent=True) or {})
    deposit_id, msisdn = prompt_request.reference, prompt_request.msisdn
    status = "ACCEPTED"
    try:
        open_prompt(runtime, prompt_request)
    except IntegrityError:
        status = "DUPLICATE_IGNORED"
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, _PROVIDER, "deposits", msisdn):
        approve_newest_prompt(runtime, msisdn)
    created = _format_now(runtime)
    return jsonify(depositId=deposit_id, status=status, nextStep="FINAL_STATUS", created=created)


def _format_now(runtime: SimulatorRuntime) -> str:
    return f"{runtime.now():%Y-%m-%dT%H:%M:%SZ}"


def _parse_request(body: dict[str, Any]) -> PromptRequest:
    if not _UUID4.fullmatch(str(body.get("depositId"))):
        raise PawaPayError("INVALID_PARAMETER")
    payer = body.get("payer") or {}
    details = payer.get("accountDetails") or {}
    if payer.get("type") != "MMO" or not details.get("provider"):
        raise PawaPayError("MISSING_PARAMETER")
    if not re.fullmatch(r"[1-9][0-9]{7,14}", str(details.get("phoneNumber"))):
        raise PawaPayError("INVALID_PHONE_NUMBER")
    if not _MESSAGE.fullmatch(body.get("customerMessage", "Energy")):
        raise PawaPayError("INVALID_PARAMETER")
    return PromptRequest(
        shortcode=details["provider"],
        msisdn=f"+{details['phoneNumber']}",
        account=str(body.get("clientReferenceId")),
        amount_minor=_amount_minor(body, details["provider"]),
        callback_url=current_runtime().settings.callback_url("payments/pawapay"),
        provider=_PROVIDER,
        currency=body["currency"],
        reference=body["depositId"],
    )


def _amount_minor(body: dict[str, Any], network: str) -> int:
    amount = body.get("amount")
    if not isinstance(amount, str) or not _AMOUNT.fullmatch(amount):
        raise PawaPayError("INVALID_PARAMETER")
    if "." in amount and network in _WITHOUT_DECIMALS:
        raise PawaPayError("INVALID_AMOUNT")
    try:
        return parse_minor(amount, body["currency"])
    except (KeyError, ValueError):
        raise PawaPayError("INVALID_CURRENCY") from None


@pawapay.get("/v2/deposits/<deposit_id>")
@with_reply_faults(_PROVIDER, "status", error_response)
def deposit(deposit_id: str) -> Any:
    """The status of a deposit: a 200 also for an unknown id."""
    runtime = current_runtime()
    _check_caller(runtime)
    with runtime.engine.connect() as connection:
        prompt = find_prompt(connection, deposit_id, _PROVIDER)
    if prompt is None:
        return jsonify(status="NOT_FOUND")
    pending = draw_faults(runtime.engine, LOOKUP_FAULTS, _PROVIDER, "status", prompt.msisdn)
    code = None if pending else prompt.result_code
    return jsonify(status="FOUND", data=deposit_status(prompt, code, prompt.receipt))


@pawapay.post("/v2/refunds")
@with_reply_faults(_PROVIDER, "refunds", error_response)
def refunds() -> Any:
    """Send a whole deposit back, immediately. Each deposit is refunded at most once."""
    runtime = current_runtime()
    _check_caller(runtime)
    body = request.get_json(silent=True) or {}
    refund_id, deposit_id = str(body.get("refundId")), str(body.get("depositId"))
    if not _UUID4.fullmatch(refund_id) or not _UUID4.fullmatch(deposit_id):
        raise PawaPayError("INVALID_PARAMETER")
    with runtime.engine.begin() as connection:
        is_new = _refund_deposit(connection, runtime, refund_id, deposit_id)
    status = "ACCEPTED" if is_new else "DUPLICATE_IGNORED"
    return jsonify(refundId=refund_id, status=status, created=_format_now(runtime))


def _refund_deposit(
    connection: Connection, runtime: SimulatorRuntime, refund_id: str, deposit_id: str
) -> bool:
    """Give the deposit back to its payer. False when this refund was made before."""
    paid = connection.execute(_LOCK_PAID, {"deposit": deposit_id}).one_or_none()
    if paid is None:
        raise PawaPayError("INVALID_PARAMETER")
    if paid.refund is not None:
        if paid.refund != refund_id:
            raise PawaPayError("DEPOSIT_ALREADY_REFUNDED")
        return False
    if not give_back(connection, paid.shortcode, paid.msisdn, paid.amount_minor):
        raise PawaPayError("PAWAPAY_WALLET_OUT_OF_FUNDS")
    refund = {"undoes": paid.receipt, "refund": refund_id, "now": runtime.now()}
    connection.execute(_INSERT_REVERSAL, refund)
    return True


@pawapay.get("/v2/refunds/<refund_id>")
@with_reply_faults(_PROVIDER, "refund_status", error_response)
def refund_status(refund_id: str) -> Any:
    """The status of a refund: a 200 also for an unknown id."""
    runtime = current_runtime()
    _check_caller(runtime)
    with runtime.engine.connect() as connection:
        refund = connection.execute(_FIND_REFUND, {"refund": refund_id}).one_or_none()
    if refund is None:
        return jsonify(status="NOT_FOUND")
    pending = draw_faults(runtime.engine, LOOKUP_FAULTS, _PROVIDER, "refund_status")
    status = "PROCESSING" if pending else "COMPLETED"
    return jsonify(status="FOUND", data={"refundId": refund_id, "status": status})


@pawapay.get("/v2/public-key/http")
def keys() -> Any:
    """The public keys of the callbacks' signatures."""
    return jsonify(public_keys(current_runtime().settings.pawapay_signing_secret))


_LOCK_PAID = text("""
    SELECT t.receipt, t.msisdn, t.shortcode, t.amount_minor, r.receipt AS refund
    FROM simulator.transactions t LEFT JOIN simulator.reversals r ON r.undoes = t.receipt
    WHERE t.checkout_id = :deposit FOR UPDATE OF t
""")
_INSERT_REVERSAL = text("""
    INSERT INTO simulator.reversals (undoes, receipt, completed_at) VALUES (:undoes, :refund, :now)
""")
_FIND_REFUND = text("SELECT undoes FROM simulator.reversals WHERE receipt = :refund")
