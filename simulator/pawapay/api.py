"""A stand-in for pawaPay's Merchant API, version 2: deposits, refunds, and its public keys.

A deposit that is not taken is a 200 with REJECTED; an id that was used before is ignored. The
result comes by callback to the one address of the account (set in pawaPay's dashboard: the
gateway's door), signed when it is posted (signing.py). Shapes: docs.pawapay.io, version 2.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from core.money import parse_minor
from simulator.fault_injection import (
    EARLY_CALLBACK_FAULTS,
    LOOKUP_FAULTS,
    draw_faults,
    with_reply_faults,
)
from simulator.mobile_money.prompts import PromptRequest, answer_at_once, find_prompt, open_prompt
from simulator.notices import pawapay_deposit
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
_STATUS = {
    "NO_AUTHENTICATION": 401,
    "AUTHENTICATION_ERROR": 403,
    "DEPOSITS_NOT_ALLOWED": 403,
    "INVALID_INPUT": 400,
    "MISSING_PARAMETER": 400,
    "INVALID_PARAMETER": 400,
    "UNKNOWN_ERROR": 500,
}


class PawaPayError(Exception):
    """A refusal by its failure code."""


def error_body(code: str) -> tuple[Any, int]:
    """A refusal: a 200 that says REJECTED, unless the request itself is at fault."""
    reason = {"failureCode": code, "failureMessage": code.replace("_", " ").capitalize()}
    body: dict[str, Any] = {"failureReason": reason}
    if code not in _STATUS:
        asked = request.get_json(silent=True) or {}
        body |= {"depositId": asked.get("depositId"), "status": "REJECTED"}
    return jsonify(body), _STATUS.get(code, 200)


@pawapay.errorhandler(PawaPayError)
def _refused(error: PawaPayError) -> tuple[Any, int]:
    return error_body(str(error))


def _check_caller(runtime: SimulatorRuntime) -> None:
    given = request.headers.get("Authorization", "")
    expected = runtime.settings.pawapay_api_token
    if not given:
        raise PawaPayError("NO_AUTHENTICATION")
    if not expected or not hmac.compare_digest(given.encode(), f"Bearer {expected}".encode()):
        raise PawaPayError("AUTHENTICATION_ERROR")


@pawapay.post("/v2/deposits")
@with_reply_faults(_PROVIDER, "deposits", error_body)
def deposits() -> Any:
    """Show a deposit on the payer's phone."""
    runtime = current_runtime()
    _check_caller(runtime)
    wanted = _wanted(request.get_json(silent=True) or {})
    status = "ACCEPTED"
    try:
        open_prompt(runtime, wanted)
    except IntegrityError:
        status = "DUPLICATE_IGNORED"
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, _PROVIDER, "deposits", wanted.msisdn):
        answer_at_once(runtime, wanted.msisdn)
    created = f"{runtime.now():%Y-%m-%dT%H:%M:%SZ}"
    return jsonify(
        depositId=wanted.reference, status=status, nextStep="FINAL_STATUS", created=created
    )


def _wanted(body: dict[str, Any]) -> PromptRequest:
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
        callback_url=current_runtime().settings.door("/payments/pawapay/{key}"),
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


@pawapay.get("/v2/deposits/<reference>")
@with_reply_faults(_PROVIDER, "status", error_body)
def status(reference: str) -> Any:
    """How a deposit stands: a 200 also where there is none."""
    runtime = current_runtime()
    _check_caller(runtime)
    with runtime.engine.connect() as connection:
        prompt = find_prompt(connection, reference)
    if prompt is None or prompt.provider != _PROVIDER:
        return jsonify(status="NOT_FOUND")
    silent = draw_faults(runtime.engine, LOOKUP_FAULTS, _PROVIDER, "status", prompt.msisdn)
    code = None if silent else prompt.result_code
    return jsonify(status="FOUND", data=pawapay_deposit(prompt, code, prompt.receipt))


@pawapay.post("/v2/refunds")
@with_reply_faults(_PROVIDER, "refunds", error_body)
def refunds() -> Any:
    """Send a whole deposit back, at once; once."""
    runtime = current_runtime()
    _check_caller(runtime)
    asked = request.get_json(silent=True) or {}
    refund_id, deposit_id = str(asked.get("refundId")), str(asked.get("depositId"))
    if not _UUID4.fullmatch(refund_id) or not _UUID4.fullmatch(deposit_id):
        raise PawaPayError("INVALID_PARAMETER")
    with runtime.engine.begin() as connection:
        paid = connection.execute(_PAID, {"deposit": deposit_id}).one_or_none()
        if paid is None:
            raise PawaPayError("INVALID_PARAMETER")
        if paid.refund not in (None, refund_id):
            raise PawaPayError("DEPOSIT_ALREADY_REFUNDED")
        if paid.refund is None:
            moved = {"payer": paid.msisdn, "network": paid.shortcode, "amount": paid.amount_minor}
            connection.execute(_GIVE_BACK, moved)
            record = {"undoes": paid.receipt, "refund": refund_id, "now": runtime.now()}
            connection.execute(_RECORD, record)
    taken = "ACCEPTED" if paid.refund is None else "DUPLICATE_IGNORED"
    return jsonify(refundId=refund_id, status=taken, created=f"{runtime.now():%Y-%m-%dT%H:%M:%SZ}")


@pawapay.get("/v2/refunds/<refund_id>")
@with_reply_faults(_PROVIDER, "refund_status", error_body)
def refund_status(refund_id: str) -> Any:
    """How a refund stands."""
    runtime = current_runtime()
    _check_caller(runtime)
    with runtime.engine.connect() as connection:
        known = connection.execute(_REFUND, {"refund": refund_id}).one_or_none()
    if known is None:
        return jsonify(status="NOT_FOUND")
    silent = draw_faults(runtime.engine, LOOKUP_FAULTS, _PROVIDER, "refund_status")
    stands = "PROCESSING" if silent else "COMPLETED"
    return jsonify(status="FOUND", data={"refundId": refund_id, "status": stands})


@pawapay.get("/v2/public-key/http")
def keys() -> Any:
    """The keys its callbacks are signed with."""
    return jsonify(public_keys(current_runtime().settings.pawapay_signing_secret))


_PAID = text("""
    SELECT t.receipt, t.msisdn, t.shortcode, t.amount_minor, r.receipt AS refund
    FROM simulator.transactions t LEFT JOIN simulator.reversals r ON r.undoes = t.receipt
    WHERE t.checkout_id = :deposit FOR UPDATE OF t
""")
_GIVE_BACK = text("""
    UPDATE simulator.wallets
    SET balance_minor = balance_minor + CASE holder WHEN :payer THEN :amount ELSE -:amount END
    WHERE holder IN (:payer, :network)
""")
_RECORD = text("""
    INSERT INTO simulator.reversals (undoes, receipt, completed_at) VALUES (:undoes, :refund, :now)
""")
_REFUND = text("SELECT undoes FROM simulator.reversals WHERE receipt = :refund")
