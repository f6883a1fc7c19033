"""STK push: a business asks for a payment on the customer's phone, and queries how it ended.

An accepted push is not a paid one: the result comes by callback.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from typing import Any

from flask import jsonify
from sqlalchemy import Row

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
from simulator.mobile_money.wallets import TRANSACTION_LIMIT_MINOR
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.errors import DarajaError, error_response, invalid_field
from simulator.safaricom.oauth import authorised
from simulator.safaricom.payloads import RESULT_DESCRIPTIONS
from simulator.settings import SimulatorSettings

_PHONE_NUMBER = "254[71][0-9]{8}"
_FIELD_PATTERNS = {
    "TransactionType": "CustomerPayBillOnline|CustomerBuyGoodsOnline",
    "Amount": "[0-9]{1,9}",
    "PartyA": _PHONE_NUMBER,
    "PartyB": "[0-9]{5,7}",
    "PhoneNumber": _PHONE_NUMBER,
    "CallBackURL": r"https?://\S+",
    "AccountReference": ".{1,12}",
    "TransactionDesc": ".{0,13}",
}


@with_reply_faults("safaricom", "stkpush", error_response)
@authorised
def process_request(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Show a payment prompt on a phone."""
    prompt_request = _parse_push(runtime.settings, body)
    merchant_id, checkout_id = open_prompt(runtime, prompt_request)
    msisdn = prompt_request.msisdn
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, "safaricom", "stkpush", msisdn):
        approve_newest_prompt(runtime, msisdn)
    return jsonify(
        MerchantRequestID=merchant_id,
        CheckoutRequestID=checkout_id,
        ResponseCode="0",
        ResponseDescription="Success. Request accepted for processing",
        CustomerMessage="Success. Request accepted for processing",
    )


@with_reply_faults("safaricom", "stkquery", error_response)
@authorised
def query(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """The result of a prompt, without a receipt. While it is open the reply is an HTTP 500."""
    _check_password(runtime.settings, body)
    checkout_id = str(body.get("CheckoutRequestID", ""))
    with runtime.engine.connect() as connection:
        prompt = find_prompt(connection, checkout_id, "safaricom")
    if prompt is None:
        raise invalid_field("CheckoutRequestID")
    pending = draw_faults(runtime.engine, LOOKUP_FAULTS, "safaricom", "stkquery", prompt.msisdn)
    if prompt.result_code is None or pending:
        raise DarajaError("500.001.1001", "The transaction is being processed")
    return jsonify(_query_reply(prompt))


def _query_reply(prompt: Row[Any]) -> dict[str, str]:
    return {
        "ResponseCode": "0",
        "ResponseDescription": "The service request has been accepted successsfully",
        "MerchantRequestID": prompt.merchant_id,
        "CheckoutRequestID": prompt.checkout_id,
        "ResultCode": prompt.result_code,
        "ResultDesc": RESULT_DESCRIPTIONS[prompt.result_code],
    }


def _check_password(settings: SimulatorSettings, body: Mapping[str, Any]) -> None:
    """Password = base64(shortcode + passkey + timestamp). Raises DarajaError."""
    timestamp = str(body.get("Timestamp", ""))
    if not re.fullmatch("[0-9]{14}", timestamp):
        raise invalid_field("Timestamp")
    if str(body.get("BusinessShortCode", "")) != settings.shortcode:
        raise invalid_field("BusinessShortCode")
    expected = base64.b64encode(f"{settings.shortcode}{settings.passkey}{timestamp}".encode())
    if not hmac.compare_digest(expected, str(body.get("Password", "")).encode()):
        raise DarajaError("500.001.1001", "Wrong credentials")


def _parse_push(settings: SimulatorSettings, body: Mapping[str, Any]) -> PromptRequest:
    """Raises DarajaError for the first field that is not valid."""
    _check_password(settings, body)
    fields = {name: str(body.get(name, "")) for name in _FIELD_PATTERNS}
    for name, pattern in _FIELD_PATTERNS.items():
        if not re.fullmatch(pattern, fields[name]):
            raise invalid_field(name)
    amount_minor = int(fields["Amount"]) * 100
    if not 0 < amount_minor <= TRANSACTION_LIMIT_MINOR:
        raise invalid_field("Amount")
    return PromptRequest(
        settings.shortcode,
        "+" + fields["PhoneNumber"],
        fields["AccountReference"],
        amount_minor,
        fields["CallBackURL"],
    )
