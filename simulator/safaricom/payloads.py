"""The bodies that Safaricom posts to a business: C2B validation, C2B confirmation, STK callback.

Pure functions. As with the real provider, times are in East African time without a zone, amounts
are text in C2B and numbers in STK, and the payer's number is hidden in C2B and plain in STK.
"""

from __future__ import annotations

import hashlib
from typing import Any

from core.money import major
from simulator.mobile_money.receipts import EAST_AFRICA_TIME
from simulator.mobile_money.wallets import Payment

RESULT_DESCRIPTIONS = {
    "0": "The service request is processed successfully.",
    "1": "The balance is insufficient for the transaction.",
    "3": "The transaction amount is above the maximum allowed.",
    "1032": "Request cancelled by user.",
    "1037": "DS timeout user cannot be reached.",
    "2001": "The initiator information is invalid.",
}


def c2b_payload(payment: Payment, balance_minor: int | None, payer_form: str) -> dict[str, str]:
    """A validation (`balance_minor` None) or a confirmation. Every value is text."""
    return {
        "TransactionType": "Pay Bill",
        "TransID": payment.receipt,
        "TransTime": _format_timestamp(payment),
        "TransAmount": major(payment.amount_minor, "KES"),
        "BusinessShortCode": payment.shortcode,
        "BillRefNumber": payment.account,
        "InvoiceNumber": "",
        "OrgAccountBalance": "" if balance_minor is None else major(balance_minor, "KES"),
        "ThirdPartyTransID": payment.third_party_id,
        "MSISDN": c2b_msisdn(payment.msisdn, payer_form),
        "FirstName": "",
        "MiddleName": "",
        "LastName": "",
    }


def stk_callback_payload(
    merchant_id: str, checkout_id: str, code: str, payment: Payment | None
) -> dict[str, Any]:
    """The result of an STK push. It has metadata only when the prompt was paid."""
    callback: dict[str, Any] = {
        "MerchantRequestID": merchant_id,
        "CheckoutRequestID": checkout_id,
        "ResultCode": int(code),
        "ResultDesc": RESULT_DESCRIPTIONS[code],
    }
    if payment is not None:
        callback["CallbackMetadata"] = {"Item": _callback_metadata(payment)}
    return {"Body": {"stkCallback": callback}}


def _callback_metadata(payment: Payment) -> list[dict[str, Any]]:
    """As documented: any order, a Balance without a value, and an amount with a fraction."""
    return [
        {"Name": "Amount", "Value": float(payment.amount_minor // 100)},
        {"Name": "MpesaReceiptNumber", "Value": payment.receipt},
        {"Name": "Balance"},
        {"Name": "TransactionDate", "Value": int(_format_timestamp(payment))},
        {"Name": "PhoneNumber", "Value": int(payment.msisdn.lstrip("+"))},
    ]


def _format_timestamp(payment: Payment) -> str:
    """yyyymmddHHMMSS in East African time."""
    return payment.completed_at.astimezone(EAST_AFRICA_TIME).strftime("%Y%m%d%H%M%S")


def c2b_msisdn(msisdn: str, form: str) -> str:
    """The payer's number as C2B shows it: `hashed` (SHA-256 of 12 digits), `masked` or `plain`."""
    digits = msisdn.lstrip("+")
    if form == "plain":
        return digits
    if form == "masked":
        return f"{digits[:4]} ***** {digits[-3:]}"
    return hashlib.sha256(digits.encode()).hexdigest()
