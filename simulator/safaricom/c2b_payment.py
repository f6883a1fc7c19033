"""A customer pays by paybill: the stand-in asks the business, takes the money, confirms.

Validation has its time budget; a business that does not answer in time, or answers nonsense, gets
what it registered as ResponseType (`Cancelled` unless it registered otherwise).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import requests

from simulator.callback_queue import draw_callback_faults, queue_callbacks, send_now
from simulator.callback_sender import json_callback
from simulator.fault_injection import Faults
from simulator.mobile_money.wallets import LIMIT_MINOR, Payment, move_money, new_receipt
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.c2b_urls import BusinessUrls, business_urls
from simulator.safaricom.payloads import c2b_notice

NO_ANSWER = "TIMEOUT"


@dataclass(frozen=True, slots=True)
class PaymentAnswer:
    """What the payer's phone is told: "0" and a receipt, or the code that stopped it."""

    accepted: bool
    code: str
    receipt: str | None = None


def pay_by_paybill(
    runtime: SimulatorRuntime,
    msisdn: str,
    account: str,
    amount_minor: int,
    *,
    unasked: bool = False,
) -> PaymentAnswer:
    """Pay `amount_minor` KES cents to the business's account number; returns after confirmation.

    `unasked`: as where external validation is not switched on for the shortcode, the business hears
    of the payment only when the money has moved.

    The code is the business's (C2B00012 and so on), TIMEOUT, or M-Pesa's own: "1" balance too low,
    "3" above the limit of one transaction.
    """
    faults = draw_callback_faults(runtime, "safaricom", "paybill", msisdn)
    payment, urls = _prepare(runtime, msisdn, account, amount_minor)
    code, third_party_id = ("0", "") if unasked else _validate(runtime, urls, payment, faults)
    if code == "0":
        accepted = replace(payment, third_party_id=third_party_id)
        code = _take_and_confirm(runtime, accepted, urls.confirmation, faults)
    if code != "0":
        return PaymentAnswer(False, code)
    return PaymentAnswer(True, code, payment.receipt)


def _prepare(
    runtime: SimulatorRuntime, msisdn: str, account: str, amount_minor: int
) -> tuple[Payment, BusinessUrls]:
    now, shortcode = runtime.now(), runtime.settings.shortcode
    with runtime.engine.begin() as connection:
        receipt = new_receipt(connection, now)
        urls = business_urls(connection, runtime)
    return Payment(receipt, shortcode, msisdn, account, amount_minor, now), urls


def _validate(
    runtime: SimulatorRuntime, urls: BusinessUrls, payment: Payment, faults: Faults
) -> tuple[str, str]:
    """The business's ResultCode as text ("0" goes on) and the reference it wants back."""
    notice = c2b_notice(payment, None, faults.get("payer_form", "hashed"))
    try:
        verdict = _ask(urls.validation, notice, runtime.settings.validation_seconds)
        return str(verdict["ResultCode"]), str(verdict.get("ThirdPartyTransID") or "")
    except (requests.RequestException, KeyError, TypeError, AttributeError):
        return ("0" if urls.default == "Completed" else NO_ANSWER), ""


def _ask(url: str, notice: dict[str, str], budget_seconds: float) -> Any:
    reply = requests.post(url, json=notice, timeout=budget_seconds)
    reply.raise_for_status()
    return reply.json()


def _take_and_confirm(runtime: SimulatorRuntime, payment: Payment, url: str, faults: Faults) -> str:
    if payment.amount_minor > LIMIT_MINOR:
        return "3"
    with runtime.engine.begin() as connection:
        balance_minor = move_money(connection, payment)
        if balance_minor is None:
            return "1"
        notice = c2b_notice(payment, balance_minor, faults.get("payer_form", "hashed"))
        ids = queue_callbacks(connection, [json_callback("confirmation", url, notice)], faults)
    send_now(runtime, ids)
    return "0"
