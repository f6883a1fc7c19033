"""Daraja over HTTP: OAuth, STK push and its query, URL registration.

Answers and error bodies are those of the published API. A prompt accepted is not a prompt paid: the
result comes by callback. Later operations (transaction status, pull) are further files like this.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from simulator.fault_injection import (
    EARLY_CALLBACK_FAULTS,
    LOOKUP_FAULTS,
    draw_faults,
    with_reply_faults,
)
from simulator.mobile_money.prompts import answer_at_once, find_prompt, open_prompt
from simulator.runtime import SimulatorRuntime, current_runtime
from simulator.safaricom.c2b_urls import register
from simulator.safaricom.payloads import RESULTS
from simulator.safaricom.validation import (
    DarajaError,
    bad,
    check_password,
    check_token,
    issue_token,
    read_push,
    read_registration,
)

daraja = Blueprint("daraja", __name__)
_ERRORS = {
    "500.001.1001": "Unable to lock subscriber, a transaction is already in process",
    "500.003.02": "Error Occurred: Spike Arrest Violation",
    "500.003.03": "Error Occurred: Quota Violation",
    "500.003.1001": "Internal Server Error",
}


def error_body(code: str, message: str = "") -> tuple[Any, int]:
    """Daraja's error: the HTTP status is the first part of the code."""
    body = {
        "requestId": f"{secrets.randbelow(10**5)}-{secrets.randbelow(10**8)}-1",
        "errorCode": code,
        "errorMessage": message or _ERRORS.get(code, "Error Occurred"),
    }
    return jsonify(body), int(code[:3])


@daraja.errorhandler(DarajaError)
def refused(error: DarajaError) -> tuple[Any, int]:
    return error_body(error.code, error.message)


def authorised(view: Callable[[SimulatorRuntime, dict[str, Any]], Any]) -> Callable[[], Any]:
    """Check the bearer token and the JSON body, then call `view(runtime, body)`."""

    @wraps(view)
    def door() -> Any:
        runtime = current_runtime()
        header = request.headers.get("Authorization", "")
        check_token(runtime.settings, header, runtime.now().timestamp())
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise bad("payload")
        return view(runtime, body)

    return door


@daraja.get("/oauth/v1/generate")
@with_reply_faults("safaricom", "oauth", error_body)
def generate_token() -> Any:
    """An access token for Basic consumer key and secret."""
    runtime = current_runtime()
    given, settings = request.authorization, runtime.settings
    if request.args.get("grant_type") != "client_credentials":
        raise DarajaError("400.008.02", "Invalid grant type passed")
    known = (settings.consumer_key, settings.consumer_secret)
    if given is None or (given.username, given.password) != known:
        raise DarajaError("400.008.01", "Invalid Authentication passed")
    token = issue_token(settings, runtime.now().timestamp())
    return jsonify(access_token=token, expires_in=str(int(settings.token_seconds)))


@daraja.post("/mpesa/stkpush/v1/processrequest")
@with_reply_faults("safaricom", "stkpush", error_body)
@authorised
def push(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Show a payment prompt on a phone."""
    wanted = read_push(runtime.settings, body)
    merchant_id, checkout_id = open_prompt(runtime, wanted)
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, "safaricom", "stkpush", wanted.msisdn):
        answer_at_once(runtime, wanted.msisdn)
    return jsonify(
        MerchantRequestID=merchant_id,
        CheckoutRequestID=checkout_id,
        ResponseCode="0",
        ResponseDescription="Success. Request accepted for processing",
        CustomerMessage="Success. Request accepted for processing",
    )


@daraja.post("/mpesa/stkpushquery/v1/query")
@with_reply_faults("safaricom", "stkquery", error_body)
@authorised
def query_push(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """How a prompt ended; still open is an HTTP 500 of its own, and there is no receipt."""
    check_password(runtime.settings, body)
    with runtime.engine.connect() as connection:
        prompt = find_prompt(connection, str(body.get("CheckoutRequestID", "")))
    if prompt is None:
        raise bad("CheckoutRequestID")
    silent = draw_faults(runtime.engine, LOOKUP_FAULTS, "safaricom", "stkquery", prompt.msisdn)
    if prompt.result_code is None or silent:
        raise DarajaError("500.001.1001", "The transaction is being processed")
    return jsonify(_query_answer(prompt))


def _query_answer(prompt: Row[Any]) -> dict[str, str]:
    return {
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successsfully",
        "MerchantRequestID": prompt.merchant_id,
        "CheckoutRequestID": prompt.checkout_id,
        "ResultCode": prompt.result_code,
        "ResultDesc": RESULTS[prompt.result_code],
    }


@daraja.post("/mpesa/c2b/v2/registerurl")
@with_reply_faults("safaricom", "registerurl", error_body)
@authorised
def register_urls(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Remember where a business hears of its payments: once, as in production."""
    try:
        with runtime.engine.begin() as connection:
            register(connection, read_registration(body))
    except IntegrityError:
        raise DarajaError("500.003.1001", "URLs are already registered") from None
    return jsonify(
        OriginatorCoversationID=f"7619-{secrets.randbelow(10**8)}-1",
        ResponseCode="0",
        ResponseDescription="Success",
    )
