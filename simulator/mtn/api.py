"""MTN MoMo's Collections API: access token, request to pay, its status, and the balance.

A request is accepted with an empty 202; a reference that was used before is a 409. The result comes
by callback to the URL that the request named. Error bodies follow the MoMo Open API documentation.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy.exc import IntegrityError

from core.money import major, parse_minor
from simulator.access_tokens import InvalidAccessToken, check_access_token, issue_access_token
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
from simulator.mtn.payloads import request_to_pay_status
from simulator.runtime import SimulatorRuntime, current_runtime

mtn = Blueprint("mtn", __name__)
_PROVIDER = "mtn"
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# By target environment. The sandbox pays in euros.
_CURRENCIES = {"mtnuganda": "UGX", "mtnghana": "GHS", "mtnrwanda": "RWF", "mtnzambia": "ZMW"}
_HTTP_STATUS = {
    "ACCESS_DENIED": 401,
    "INVALID": 400,
    "RESOURCE_NOT_FOUND": 404,
    "RESOURCE_ALREADY_EXIST": 409,
    "TOO_MANY_REQUESTS": 429,
    "SERVICE_UNAVAILABLE": 503,
}


class MtnError(Exception):
    """A rejected request; the text is MTN's error code."""


def error_response(code: str) -> tuple[Any, int]:
    """MTN's error body. Codes that MTN does not list as a 4xx are a 500, refusals included."""
    body = jsonify(code=code, message=code.replace("_", " ").capitalize())
    return body, _HTTP_STATUS.get(code, 500)


@mtn.errorhandler(MtnError)
def _handle_rejection(error: MtnError) -> tuple[Any, int]:
    return error_response(str(error))


@mtn.post("/collection/token/")
@with_reply_faults(_PROVIDER, "token", error_response)
def token() -> Any:
    """An access token in return for the API user and key (Basic authentication)."""
    runtime, given = current_runtime(), request.authorization
    _check_subscription(runtime)
    known = (runtime.settings.mtn_api_user, runtime.settings.mtn_api_key)
    if given is None or (given.username, given.password) != known:
        raise MtnError("ACCESS_DENIED")
    access_token = issue_access_token(runtime.settings, runtime.now().timestamp())
    expires_in = int(runtime.settings.token_seconds)
    return jsonify(access_token=access_token, token_type="bearer", expires_in=expires_in)  # noqa: S106


def _check_subscription(runtime: SimulatorRuntime) -> None:
    given = request.headers.get("Ocp-Apim-Subscription-Key", "")
    expected = runtime.settings.mtn_subscription_key
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise MtnError("ACCESS_DENIED")


def _check_caller(runtime: SimulatorRuntime) -> None:
    _check_subscription(runtime)
    if request.headers.get("X-Target-Environment") != runtime.settings.mtn_target_environment:
        raise MtnError("NOT_ALLOWED_TARGET_ENVIRONMENT")
    try:
        header = request.headers.get("Authorization", "")
        check_access_token(runtime.settings, header, runtime.now().timestamp())
    except InvalidAccessToken:
        raise MtnError("ACCESS_DENIED") from None


@mtn.post("/collection/v1_0/requesttopay")
@with_reply_faults(_PROVIDER, "requesttopay", error_response)
def request_to_pay() -> Any:
    """Show a prompt on the payer's phone. The reply is an empty 202."""
    runtime = current_runtime()
    _check_caller(runtime)
    prompt_request = _parse_request(request.get_json(silent=True) or {})
    try:
        open_prompt(runtime, prompt_request)
    except IntegrityError:
        raise MtnError("RESOURCE_ALREADY_EXIST") from None
    msisdn = prompt_request.msisdn
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, _PROVIDER, "requesttopay", msisdn):
        approve_newest_prompt(runtime, msisdn)
    return "", 202


def _parse_request(body: dict[str, Any]) -> PromptRequest:
    reference, payer = request.headers.get("X-Reference-Id", ""), body.get("payer") or {}
    if not _UUID4.fullmatch(reference) or payer.get("partyIdType") != "MSISDN":
        raise MtnError("INVALID")
    if not re.fullmatch(r"[1-9][0-9]{7,14}", str(payer.get("partyId"))):
        raise MtnError("PAYER_NOT_FOUND")
    try:
        amount_minor = parse_minor(body["amount"], body["currency"])
    except (KeyError, ValueError, AttributeError):
        raise MtnError("INVALID") from None
    return PromptRequest(
        shortcode=_PROVIDER,
        msisdn=f"+{payer['partyId']}",
        account=str(body.get("payeeNote") or body.get("externalId")),
        amount_minor=amount_minor,
        callback_url=request.headers.get("X-Callback-Url", ""),
        provider=_PROVIDER,
        currency=body["currency"],
        reference=reference,
    )


@mtn.get("/collection/v1_0/account/balance")
@with_reply_faults(_PROVIDER, "balance", error_response)
def balance() -> Any:
    """The balance of the Collections account, in the currency of its country."""
    runtime = current_runtime()
    _check_caller(runtime)
    currency = _CURRENCIES.get(runtime.settings.mtn_target_environment, "EUR")
    with runtime.engine.connect() as connection:
        amount = major(balance_of(connection, _PROVIDER), currency)
    return jsonify(availableBalance=amount, currency=currency)


@mtn.get("/collection/v1_0/requesttopay/<reference>")
@with_reply_faults(_PROVIDER, "status", error_response)
def status(reference: str) -> Any:
    """The status of a request to pay: a 200 also when it failed."""
    runtime = current_runtime()
    _check_caller(runtime)
    with runtime.engine.connect() as connection:
        prompt = find_prompt(connection, reference, _PROVIDER)
    if prompt is None:
        raise MtnError("RESOURCE_NOT_FOUND")
    pending = draw_faults(runtime.engine, LOOKUP_FAULTS, _PROVIDER, "status", prompt.msisdn)
    code = None if pending else prompt.result_code
    return jsonify(request_to_pay_status(prompt, code, prompt.receipt))
