"""A customer pays by paybill (C2B): validation by the business, payment, confirmation.

The business has `validation_seconds` to answer. When it does not answer in time, or its answer is
not valid, its registered ResponseType decides (`Cancelled` unless it registered otherwise).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import requests

from simulator.callback_queue import draw_callback_faults, json_callback, queue_callbacks
from simulator.callback_sender import send_now
from simulator.fault_injection import Faults
from simulator.mobile_money.prompts import PaymentResult
from simulator.mobile_money.receipts import mpesa_receipt
from simulator.mobile_money.wallets import TRANSACTION_LIMIT_MINOR, Payment, move_money
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.c2b_urls import C2bUrls, c2b_urls
from simulator.safaricom.payloads import c2b_payload

VALIDATION_TIMEOUT = "TIMEOUT"
_ACCEPTED, _BALANCE_TOO_LOW, _ABOVE_LIMIT = "0", "1", "3"


def pay_by_paybill(
    runtime: SimulatorRuntime,
    msisdn: str,
    account: str,
    amount_minor: int,
    *,
    validated: bool = True,
) -> PaymentResult:
    """Pay `amount_minor` KES cents to an account number of the business.

    Returns after the first attempt of the confirmation. The code is "0", the business's own
    (C2B00012 and so on), TIMEOUT, or M-Pesa's: "1" balance too low, "3" above the limit of one
    transaction. `validated` False: external validation is switched off for the shortcode, so the
    business hears of the payment only afterwards.
    """
    faults = draw_callback_faults(runtime, "safaricom", "paybill", msisdn)
    payment, urls = _new_payment(runtime, msisdn, account, amount_minor)
    code, third_party_id = (
        _validate_payment(runtime, urls, payment, faults) if validated else (_ACCEPTED, "")
    )
    if code == _ACCEPTED:
        payment = replace(payment, third_party_id=third_party_id)
        code = _pay_and_confirm(runtime, payment, urls.confirmation, faults)
    if code != _ACCEPTED:
        return PaymentResult(False, code)
    return PaymentResult(True, code, payment.receipt)


def _new_payment(
    runtime: SimulatorRuntime, msisdn: str, account: str, amount_minor: int
) -> tuple[Payment, C2bUrls]:
    now, shortcode = runtime.now(), runtime.settings.shortcode
    with runtime.engine.begin() as connection:
        receipt = mpesa_receipt(connection, now)
        urls = c2b_urls(connection, runtime)
    return Payment(receipt, shortcode, msisdn, account, amount_minor, now), urls


def _validate_payment(
    runtime: SimulatorRuntime, urls: C2bUrls, payment: Payment, faults: Faults
) -> tuple[str, str]:
    """The business's ResultCode as text ("0" accepts) and its ThirdPartyTransID."""
    payload = c2b_payload(payment, None, faults.get("payer_form", "hashed"))
    try:
        reply = _post_json(urls.validation, payload, runtime.settings.validation_seconds)
        return str(reply["ResultCode"]), str(reply.get("ThirdPartyTransID") or "")
    except (requests.RequestException, KeyError, TypeError, AttributeError):
        return (_ACCEPTED if urls.default == "Completed" else VALIDATION_TIMEOUT), ""


def _post_json(url: str, document: dict[str, str], timeout_seconds: float) -> Any:
    reply = requests.post(url, json=document, timeout=timeout_seconds)
    reply.raise_for_status()
    return reply.json()


def _pay_and_confirm(
    runtime: SimulatorRuntime, payment: Payment, confirmation_url: str, faults: Faults
) -> str:
    """M-Pesa's result code."""
    if payment.amount_minor > TRANSACTION_LIMIT_MINOR:
        return _ABOVE_LIMIT
    with runtime.engine.begin() as connection:
        balance_minor = move_money(connection, payment)
        if balance_minor is None:
            return _BALANCE_TOO_LOW
        payload = c2b_payload(payment, balance_minor, faults.get("payer_form", "hashed"))
        confirmation = json_callback("confirmation", confirmation_url, payload)
        ids = queue_callbacks(connection, [confirmation], faults)
    send_now(runtime, ids)
    return _ACCEPTED
