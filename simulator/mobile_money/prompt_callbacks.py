"""The callbacks by which each provider reports how a prompt ended.

A paid M-Pesa prompt on a paybill is also a C2B payment: the same money is reported twice under one
receipt, by the STK callback and by a C2B confirmation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from simulator.airtel.payloads import airtel_callback_body
from simulator.callback_queue import Callback, json_callback
from simulator.fault_injection import Faults
from simulator.mobile_money.wallets import Payment
from simulator.mtn.payloads import request_to_pay_status
from simulator.pawapay.payloads import deposit_status
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.c2b_urls import c2b_urls
from simulator.safaricom.payloads import c2b_payload, stk_callback_payload

# M-Pesa's result code of a payment that went through.
PAID = "0"


def paid_callbacks(
    connection: Connection,
    runtime: SimulatorRuntime,
    prompt: Row[Any],
    payment: Payment,
    balance_minor: int,
    faults: Faults,
) -> list[Callback]:
    """The callbacks of a paid prompt. `balance_minor` is the business's new balance."""
    callbacks = _result_callbacks(runtime, prompt, PAID, payment)
    if prompt.provider == "safaricom":
        url = c2b_urls(connection, runtime).confirmation
        payload = c2b_payload(payment, balance_minor, faults.get("payer_form", "hashed"))
        callbacks.append(json_callback("confirmation", url, payload))
    return callbacks


def unpaid_callbacks(runtime: SimulatorRuntime, prompt: Row[Any], code: str) -> list[Callback]:
    """The callbacks of a prompt that ended without payment, with this M-Pesa result code."""
    return _result_callbacks(runtime, prompt, code, None)


def _result_callbacks(
    runtime: SimulatorRuntime, prompt: Row[Any], code: str, payment: Payment | None
) -> list[Callback]:
    """One callback; none where the business gave no callback URL."""
    receipt, url = payment.receipt if payment else None, prompt.callback_url
    if not url:
        return []
    if prompt.provider == "mtn":
        return [json_callback("mtn", url, request_to_pay_status(prompt, code, receipt))]
    if prompt.provider == "airtel":
        body = airtel_callback_body(prompt, code, receipt, runtime.settings.airtel_callback_key)
        return [Callback("airtel", url, "application/json", body)]
    if prompt.provider == "pawapay":
        callback = json_callback("pawapay", url, deposit_status(prompt, code, receipt))
        return [replace(callback, signing_secret=runtime.settings.pawapay_signing_secret)]
    payload = stk_callback_payload(prompt.merchant_id, prompt.checkout_id, code, payment)
    return [json_callback("stk", url, payload)]
