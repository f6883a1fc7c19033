"""A stand-in for MTN MoMo's Collections product: token, request to pay, its status, the balance.

Requests are accepted with an empty 202; a reference that was used before is a 409. The result comes
by callback to the address the request named. Error bodies follow the MoMo Open API documentation.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy.exc import IntegrityError

from core.money import major, parse_minor
from simulator.fault_injection import (
    EARLY_CALLBACK_FAULTS,
    LOOKUP_FAULTS,
    draw_faults,
    with_reply_faults,
)
from simulator.mobile_money.prompts import PromptRequest, answer_at_once, find_prompt, open_prompt
from simulator.mobile_money.wallets import balance_of
from simulator.notices import mtn_status
from simulator.runtime import SimulatorRuntime, current_runtime
from simulator.safaricom.validation import DarajaError, check_token, issue_token

mtn = Blueprint("mtn", __name__)
_PROVIDER = "mtn"
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# The sandbox pays in euros.
_CURRENCY = {"mtnuganda": "UGX", "mtnghana": "GHS", "mtnrwanda": "RWF", "mtnzambia": "ZMW"}
_STATUS = {
    "ACCESS_DENIED": 401,
    "INVALID": 400,
    "RESOURCE_NOT_FOUND": 404,
    "RESOURCE_ALREADY_EXIST": 409,
    "TOO_MANY_REQUESTS": 429,
    "SERVICE_UNAVAILABLE": 503,
}


class MtnError(Exception):
    """A refusal by its code."""


def error_body(code: str) -> tuple[Any, int]:
    """MTN's error; what it does not list as a 4xx is a 500, refusals of the business included."""
    return jsonify(code=code, message=code.replace("_", " ").capitalize()), _STATUS.get(code, 500)


@mtn.errorhandler(MtnError)
def _refused(error: MtnError) -> tuple[Any, int]:
    return error_body(str(error))


@mtn.post("/collection/token/")
@with_reply_faults(_PROVIDER, "token", error_body)
def token() -> Any:
    """An access token for Basic API user and key."""
    runtime, given = current_runtime(), request.authorization
    _check_subscription(runtime)
    known = (runtime.settings.mtn_api_user, runtime.settings.mtn_api_key)
    if given is None or (given.username, given.password) != known:
        raise MtnError("ACCESS_DENIED")
    fresh = issue_token(runtime.settings, runtime.now().timestamp())
    lasts_s = int(runtime.settings.token_seconds)
    return jsonify(access_token=fresh, token_type="bearer", expires_in=lasts_s)  # noqa: S106


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
        check_token(runtime.settings, header, runtime.now().timestamp())
    except DarajaError:
        raise MtnError("ACCESS_DENIED") from None


@mtn.post("/collection/v1_0/requesttopay")
@with_reply_faults(_PROVIDER, "requesttopay", error_body)
def request_to_pay() -> Any:
    """Show a request on the payer's phone: 202 and nothing else."""
    runtime = current_runtime()
    _check_caller(runtime)
    wanted = _wanted(request.get_json(silent=True) or {})
    try:
        open_prompt(runtime, wanted)
    except IntegrityError:
        raise MtnError("RESOURCE_ALREADY_EXIST") from None
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, _PROVIDER, "requesttopay", wanted.msisdn):
        answer_at_once(runtime, wanted.msisdn)
    return "", 202


def _wanted(body: dict[str, Any]) -> PromptRequest:
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
@with_reply_faults(_PROVIDER, "balance", error_body)
def balance() -> Any:
    """What the Collections account holds, in the currency of its country."""
    runtime = current_runtime()
    _check_caller(runtime)
    currency = _CURRENCY.get(runtime.settings.mtn_target_environment, "EUR")
    with runtime.engine.connect() as connection:
        held = major(balance_of(connection, _PROVIDER), currency)
    return jsonify(availableBalance=held, currency=currency)


@mtn.get("/collection/v1_0/requesttopay/<reference>")
@with_reply_faults(_PROVIDER, "status", error_body)
def status(reference: str) -> Any:
    """How a request stands: 200 also for one that failed."""
    runtime = current_runtime()
    _check_caller(runtime)
    with runtime.engine.connect() as connection:
        prompt = find_prompt(connection, reference)
    if prompt is None or prompt.provider != _PROVIDER:
        raise MtnError("RESOURCE_NOT_FOUND")
    silent = draw_faults(runtime.engine, LOOKUP_FAULTS, _PROVIDER, "status", prompt.msisdn)
    return jsonify(mtn_status(prompt, None if silent else prompt.result_code, prompt.receipt))
