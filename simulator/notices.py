"""What MTN, Airtel and pawaPay say about a prompt, when asked and by callback. Pure shapes, no I/O.

The oddities are the providers': MTN writes a failure's reason as an object, Airtel leaves out the
amount and signs (where it was asked to) over the body as it is without the signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from sqlalchemy import Row

from core.money import major

# By how the prompt ended, in M-Pesa's codes, which the simulated phones speak.
MTN_REASONS = {
    "1": "NOT_ENOUGH_FUNDS",
    "3": "PAYER_LIMIT_REACHED",
    "1032": "APPROVAL_REJECTED",
    "1037": "EXPIRED",
    "2001": "INTERNAL_PROCESSING_ERROR",
}
AIRTEL_CODES = {
    None: "DP00800001006",
    "0": "DP00800001001",
    "1": "DP00800001007",
    "3": "DP00800001003",
    "1032": "DP00800001008",
    "1037": "DP00800001029",
    "2001": "DP00800001002",
}

PAWAPAY_CODES = {
    "1": "INSUFFICIENT_BALANCE",
    "3": "PAYER_LIMIT_REACHED",
    "1032": "PAYMENT_NOT_APPROVED",
    "1037": "PAYMENT_NOT_APPROVED",
    "2001": "PAYMENT_NOT_APPROVED",
}


def mtn_status(prompt: Row[Any], code: str | None, receipt: str | None) -> dict[str, Any]:
    """The status of a request to pay, which is also the body of the callback."""
    status: dict[str, Any] = {
        "externalId": prompt.checkout_id,
        "amount": major(prompt.amount_minor, prompt.currency),
        "currency": prompt.currency,
        "payer": {"partyIdType": "MSISDN", "partyId": prompt.msisdn.lstrip("+")},
        "payerMessage": "",
        "payeeNote": prompt.account,
    }
    if code is None:
        return status | {"status": "PENDING"}
    if code == "0":
        return status | {"status": "SUCCESSFUL", "financialTransactionId": receipt}
    reason = {"code": MTN_REASONS[code], "message": "not paid"}
    return status | {"status": "FAILED", "reason": reason}


def airtel_status(code: str | None) -> str:
    """TS, TF or TE; TIP while the payer thinks."""
    return {None: "TIP", "0": "TS", "1037": "TE"}.get(code, "TF")


def airtel_notice(prompt: Row[Any], code: str, receipt: str | None, signing_key: str) -> str:
    """The callback as it goes over the wire, signed when there is a key."""
    transaction = {
        "id": prompt.checkout_id,
        "message": "Paid" if code == "0" else "Not paid",
        "status_code": airtel_status(code),
        "airtel_money_id": receipt or "",
    }
    body = json.dumps({"transaction": transaction})
    if not signing_key:
        return body
    digest = hmac.digest(signing_key.encode(), body.encode(), hashlib.sha256)
    return f'{body[:-1]}, "hash": "{base64.b64encode(digest).decode()}"}}'


def pawapay_deposit(prompt: Row[Any], code: str | None, receipt: str | None) -> dict[str, Any]:
    """A deposit, which is also the body of the callback. `shortcode` holds the payer's network."""
    amount = major(prompt.amount_minor, prompt.currency).removesuffix(".00")
    deposit: dict[str, Any] = {
        "depositId": prompt.checkout_id,
        "status": "PROCESSING",
        "amount": amount,
        "currency": prompt.currency,
        "country": prompt.shortcode[-3:],
        "payer": {
            "type": "MMO",
            "accountDetails": {
                "phoneNumber": prompt.msisdn.lstrip("+"),
                "provider": prompt.shortcode,
            },
        },
        "created": f"{prompt.opened_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    if code is None:
        return deposit
    if code == "0":
        return deposit | {"status": "COMPLETED", "providerTransactionId": receipt}
    reason = {"failureCode": PAWAPAY_CODES[code], "failureMessage": "not paid"}
    return deposit | {"status": "FAILED", "failureReason": reason}
