"""Airtel Money's collections API: access token, payment, enquiry, and the balance.

Replies are HTTP 200 with a status object of their own, failures included. The result comes by
callback to the one URL of the application, which is set in Airtel's portal.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy.exc import IntegrityError

from core.money import major, parse_minor
from simulator.access_tokens import InvalidAccessToken, check_access_token, issue_access_token
from simulator.airtel.payloads import RESPONSE_CODES, transaction_status
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
from simulator.mobile_money.wallets import balance_of
from simulator.runtime import SimulatorRuntime, current_runtime

airtel = Blueprint("airtel", __name__)
_PROVIDER = "airtel"
_COUNTRY_CODES = {"KE": "254", "MW": "265", "RW": "250", "TZ": "255", "UG": "256", "ZM": "260"}
_NOT_FOUND, _INVALID_AMOUNT = "DP00800001025", "DP00800001004"
_INVALID_MSISDN = "DP00800001010"
# Airtel publishes no code for an id used twice; this is its general refusal.
_REFUSED = "DP00800001009"


class AirtelError(Exception):
    """A rejected request; the text is Airtel's response_code."""


def error_response(code: str) -> tuple[Any, int]:
    """Airtel's error body: still an HTTP 200."""
    return jsonify(status=_status_object(code, success=False)), 200


def _status_object(code: str, *, success: bool) -> dict[str, Any]:
    return {
        "code": "200" if success else "400",
        "message": "SUCCESS" if success else "Failed",
        "result_code": "ESB000010" if success else "ESB000008",
        "response_code": code,
        "success": success,
    }


@airtel.errorhandler(AirtelError)
def _handle_rejection(error: AirtelError) -> tuple[Any, int]:
    return error_response(str(error))


@airtel.errorhandler(InvalidAccessToken)
def _handle_invalid_token(error: InvalidAccessToken) -> tuple[Any, int]:
    return jsonify(error="invalid_token"), 401


@airtel.post("/auth/oauth2/token")
@with_reply_faults(_PROVIDER, "token", error_response)
def token() -> Any:
    """An access token in return for client id and secret, valid for at most 180 seconds."""
    runtime, body = current_runtime(), request.get_json(silent=True) or {}
    known = (runtime.settings.airtel_client_id, runtime.settings.airtel_client_secret)
    if not known[0] or (body.get("client_id"), body.get("client_secret")) != known:
        return jsonify(error="invalid_client"), 401
    expires_in = str(int(min(runtime.settings.token_seconds, 180)))
    access_token = issue_access_token(runtime.settings, runtime.now().timestamp())
    return jsonify(access_token=access_token, expires_in=expires_in, token_type="bearer")  # noqa: S106


def _check_caller(runtime: SimulatorRuntime) -> None:
    header = request.headers.get("Authorization", "")
    check_access_token(runtime.settings, header, runtime.now().timestamp())
    if request.headers.get("X-Country") != runtime.settings.airtel_country:
        raise AirtelError(_REFUSED)


@airtel.post("/merchant/v1/payments/")
@with_reply_faults(_PROVIDER, "payments", error_response)
def payments() -> Any:
    """Show a prompt on the payer's phone."""
    runtime = current_runtime()
    _check_caller(runtime)
    prompt_request = _parse_request(request.get_json(silent=True) or {})
    try:
        open_prompt(runtime, prompt_request)
    except IntegrityError:
        raise AirtelError(_REFUSED) from None
    msisdn = prompt_request.msisdn
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, _PROVIDER, "payments", msisdn):
        approve_newest_prompt(runtime, msisdn)
    transaction = {"id": prompt_request.reference, "status": "Success."}
    return jsonify(
        data={"transaction": transaction}, status=_status_object(RESPONSE_CODES[None], success=True)
    )


def _parse_request(body: dict[str, Any]) -> PromptRequest:
    subscriber, transaction = body.get("subscriber") or {}, body.get("transaction") or {}
    if not re.fullmatch(r"[0-9]{7,10}", str(subscriber.get("msisdn"))):
        raise AirtelError(_INVALID_MSISDN)
    if type(transaction.get("amount")) not in (int, float):
        raise AirtelError(_INVALID_AMOUNT)
    return PromptRequest(
        shortcode=_PROVIDER,
        msisdn=f"+{_COUNTRY_CODES[subscriber['country']]}{subscriber['msisdn']}",
        account=str(body.get("reference")),
        amount_minor=parse_minor(str(transaction["amount"]), transaction["currency"]),
        callback_url=current_runtime().settings.callback_url("payments/airtel"),
        provider=_PROVIDER,
        currency=transaction["currency"],
        reference=str(transaction.get("id")),
    )


@airtel.get("/standard/v1/users/balance")
@with_reply_faults(_PROVIDER, "balance", error_response)
def balance() -> Any:
    """The balance of the collection account, with commas between the thousands."""
    runtime = current_runtime()
    _check_caller(runtime)
    currency = request.headers.get("X-Currency", "")
    with runtime.engine.connect() as connection:
        amount = Decimal(major(balance_of(connection, _PROVIDER), currency))
    account = {"balance": f"{amount:,.2f}", "currency": currency, "account_status": "Active"}
    return jsonify(data=account, status=_status_object("", success=True))


@airtel.get("/standard/v1/payments/<reference>")
@with_reply_faults(_PROVIDER, "enquiry", error_response)
def enquiry(reference: str) -> Any:
    """The status of a payment; airtel_money_id only when it was paid."""
    runtime = current_runtime()
    _check_caller(runtime)
    with runtime.engine.connect() as connection:
        prompt = find_prompt(connection, reference, _PROVIDER)
    if prompt is None:
        raise AirtelError(_NOT_FOUND)
    pending = draw_faults(runtime.engine, LOOKUP_FAULTS, _PROVIDER, "enquiry", prompt.msisdn)
    code = None if pending else prompt.result_code
    transaction = {
        "id": reference,
        "message": "",
        "status": "TA" if pending else transaction_status(code),
    }
    if code == "0":
        transaction["airtel_money_id"] = prompt.receipt
    status = _status_object(RESPONSE_CODES[code], success=code in (None, "0"))
    return jsonify(data={"transaction": transaction}, status=status)
