"""The bodies Safaricom posts to a business: C2B validation and confirmation, STK results.

Pure shapes, no I/O. The oddities are the provider's: times in East African time without a zone,
amounts as text in C2B and as numbers in STK, the payer hidden in C2B and plain in STK.
"""

from __future__ import annotations

import hashlib
from typing import Any

from core.money import major
from simulator.mobile_money.wallets import EAST_AFRICA, Payment

RESULTS = {
    "0": "The service request is processed successfully.",
    "1": "The balance is insufficient for the transaction.",
    "3": "The transaction amount is above the maximum allowed.",
    "1032": "Request cancelled by user.",
    "1037": "DS timeout user cannot be reached.",
    "2001": "The initiator information is invalid.",
}


def c2b_notice(payment: Payment, balance_minor: int | None, payer_form: str) -> dict[str, str]:
    """Validation (`balance_minor` None) or confirmation; every value is text."""
    return {
        "TransactionType": "Pay Bill",
        "TransID": payment.receipt,
        "TransTime": eat_stamp(payment),
        "TransAmount": major(payment.amount_minor, "KES"),
        "BusinessShortCode": payment.shortcode,
        "BillRefNumber": payment.account,
        "InvoiceNumber": "",
        "OrgAccountBalance": "" if balance_minor is None else major(balance_minor, "KES"),
        "ThirdPartyTransID": payment.third_party_id,
        "MSISDN": hidden_payer(payment.msisdn, payer_form),
        "FirstName": "",
        "MiddleName": "",
        "LastName": "",
    }


def stk_notice(
    merchant_id: str, checkout_id: str, code: str, payment: Payment | None
) -> dict[str, Any]:
    """The result of a prompt; only a paid one carries metadata."""
    result: dict[str, Any] = {
        "MerchantRequestID": merchant_id,
        "CheckoutRequestID": checkout_id,
        "ResultCode": int(code),
        "ResultDesc": RESULTS[code],
    }
    if payment is not None:
        result["CallbackMetadata"] = {"Item": _metadata(payment)}
    return {"Body": {"stkCallback": result}}


def _metadata(payment: Payment) -> list[dict[str, Any]]:
    """Order is not promised, Balance comes without a value, and the amount has a fraction."""
    return [
        {"Name": "Amount", "Value": float(payment.amount_minor // 100)},
        {"Name": "MpesaReceiptNumber", "Value": payment.receipt},
        {"Name": "Balance"},
        {"Name": "TransactionDate", "Value": int(eat_stamp(payment))},
        {"Name": "PhoneNumber", "Value": int(payment.msisdn.lstrip("+"))},
    ]


def eat_stamp(payment: Payment) -> str:
    """yyyymmddHHMMSS in East African time."""
    return payment.completed_at.astimezone(EAST_AFRICA).strftime("%Y%m%d%H%M%S")


def hidden_payer(msisdn: str, form: str) -> str:
    """The payer as C2B shows it: `hashed` (SHA-256 of the 12 digits), `masked` or `plain`."""
    digits = msisdn.lstrip("+")
    if form == "plain":
        return digits
    if form == "masked":
        return f"{digits[:4]} ***** {digits[-3:]}"
    return hashlib.sha256(digits.encode()).hexdigest()
