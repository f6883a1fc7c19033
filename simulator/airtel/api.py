"""A stand-in for Airtel Money's collections: token, payment, enquiry and balance.

Answers are HTTP 200 with a status object of their own, failures included. The result comes by
callback to the one address of the application (set in Airtel's portal: contract.md's door).
"""

from __future__ import annotations

import re
from decimal import Decimal
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
from simulator.notices import AIRTEL_CODES, airtel_status
from simulator.runtime import SimulatorRuntime, current_runtime
from simulator.safaricom.validation import DarajaError, check_token, issue_token

airtel = Blueprint("airtel", __name__)
_PROVIDER = "airtel"
_COUNTRY_CODES = {"KE": "254", "MW": "265", "RW": "250", "TZ": "255", "UG": "256", "ZM": "260"}
_NOT_FOUND, _INVALID_AMOUNT = "DP00800001025", "DP00800001004"
# Airtel publishes no code for an id used twice; this is its general refusal.
_REFUSED = "DP00800001009"


class AirtelError(Exception):
    """A refusal by its response_code."""


def error_body(code: str) -> tuple[Any, int]:
    """A failure in Airtel's words: still HTTP 200."""
    return jsonify(status=_status(code, success=False)), 200


def _status(code: str, *, success: bool) -> dict[str, Any]:
    return {
        "code": "200" if success else "400",
        "message": "SUCCESS" if success else "Failed",
        "result_code": "ESB000010" if success else "ESB000008",
        "response_code": code,
        "success": success,
    }


@airtel.errorhandler(AirtelError)
def _refused(error: AirtelError) -> tuple[Any, int]:
    return error_body(str(error))


@airtel.errorhandler(DarajaError)
def _unknown_caller(error: DarajaError) -> tuple[Any, int]:
    return jsonify(error="invalid_token"), 401


@airtel.post("/auth/oauth2/token")
@with_reply_faults(_PROVIDER, "token", error_body)
def token() -> Any:
    """An access token for client id and secret; it does not last long."""
    runtime, body = current_runtime(), request.get_json(silent=True) or {}
    known = (runtime.settings.airtel_client_id, runtime.settings.airtel_client_secret)
    if not known[0] or (body.get("client_id"), body.get("client_secret")) != known:
        return jsonify(error="invalid_client"), 401
    lasts_s = int(min(runtime.settings.token_seconds, 180))
    fresh = issue_token(runtime.settings, runtime.now().timestamp())
    return jsonify(access_token=fresh, expires_in=str(lasts_s), token_type="bearer")  # noqa: S106


def _check_caller(runtime: SimulatorRuntime) -> None:
    header = request.headers.get("Authorization", "")
    check_token(runtime.settings, header, runtime.now().timestamp())
    if request.headers.get("X-Country") != runtime.settings.airtel_country:
        raise AirtelError(_REFUSED)


@airtel.post("/merchant/v1/payments/")
@with_reply_faults(_PROVIDER, "payments", error_body)
def payments() -> Any:
    """Show a payment on the payer's phone."""
    runtime = current_runtime()
    _check_caller(runtime)
    wanted = _wanted(request.get_json(silent=True) or {})
    try:
        open_prompt(runtime, wanted)
    except IntegrityError:
        raise AirtelError(_REFUSED) from None
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, _PROVIDER, "payments", wanted.msisdn):
        answer_at_once(runtime, wanted.msisdn)
    transaction = {"id": wanted.reference, "status": "Success."}
    return jsonify(
        data={"transaction": transaction}, status=_status(AIRTEL_CODES[None], success=True)
    )


def _wanted(body: dict[str, Any]) -> PromptRequest:
    subscriber, asked = body.get("subscriber") or {}, body.get("transaction") or {}
    if not re.fullmatch(r"[0-9]{7,10}", str(subscriber.get("msisdn"))):
        raise AirtelError("DP00800001010")
    if type(asked.get("amount")) not in (int, float):
        raise AirtelError(_INVALID_AMOUNT)
    return PromptRequest(
        shortcode=_PROVIDER,
        msisdn=f"+{_COUNTRY_CODES[subscriber['country']]}{subscriber['msisdn']}",
        account=str(body.get("reference")),
        amount_minor=parse_minor(str(asked["amount"]), asked["currency"]),
        callback_url=current_runtime().settings.door("/payments/airtel/{key}"),
        provider=_PROVIDER,
        currency=asked["currency"],
        reference=str(asked.get("id")),
    )


@airtel.get("/standard/v1/users/balance")
@with_reply_faults(_PROVIDER, "balance", error_body)
def balance() -> Any:
    """What the collection account holds, with commas between the thousands."""
    runtime = current_runtime()
    _check_caller(runtime)
    currency = request.headers.get("X-Currency", "")
    with runtime.engine.connect() as connection:
        held = Decimal(major(balance_of(connection, _PROVIDER), currency))
    figure = {"balance": f"{held:,.2f}", "currency": currency, "account_status": "Active"}
    return jsonify(data=figure, status=_status("", success=True))


@airtel.get("/standard/v1/payments/<reference>")
@with_reply_faults(_PROVIDER, "enquiry", error_body)
def enquiry(reference: str) -> Any:
    """How a payment stands; airtel_money_id only when it was paid."""
    runtime = current_runtime()
    _check_caller(runtime)
    with runtime.engine.connect() as connection:
        prompt = find_prompt(connection, reference)
    if prompt is None or prompt.provider != _PROVIDER:
        raise AirtelError(_NOT_FOUND)
    silent = draw_faults(runtime.engine, LOOKUP_FAULTS, _PROVIDER, "enquiry", prompt.msisdn)
    code = None if silent else prompt.result_code
    transaction = {
        "id": reference,
        "message": "",
        "status": "TA" if silent else airtel_status(code),
    }
    if code == "0":
        transaction["airtel_money_id"] = prompt.receipt
    answered = _status(AIRTEL_CODES[code], success=code in (None, "0"))
    return jsonify(data={"transaction": transaction}, status=answered)
