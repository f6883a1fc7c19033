"""The body of pawaPay's deposit status and callback. Pure functions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from core.money import major

# By the M-Pesa result code with which the simulated phone closed the prompt.
_FAILURE_CODES = {
    "1": "INSUFFICIENT_BALANCE",
    "3": "PAYER_LIMIT_REACHED",
    "1032": "PAYMENT_NOT_APPROVED",
    "1037": "PAYMENT_NOT_APPROVED",
    "2001": "PAYMENT_NOT_APPROVED",
}


def deposit_status(prompt: Row[Any], code: str | None, receipt: str | None) -> dict[str, Any]:
    """A deposit; `code` None while it is processing. Also the callback's body.

    The prompt's `shortcode` is the payer's network, such as MTN_MOMO_ZMB.
    """
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
    reason = {"failureCode": _FAILURE_CODES[code], "failureMessage": "not paid"}
    return deposit | {"status": "FAILED", "failureReason": reason}
