"""The body of MTN's status reply and callback. Pure functions.

A failure's reason is an object with code and message, as in the MoMo Open API documentation.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from core.money import major

# By the M-Pesa result code with which the simulated phone closed the prompt.
_REASONS = {
    "1": "NOT_ENOUGH_FUNDS",
    "3": "PAYER_LIMIT_REACHED",
    "1032": "APPROVAL_REJECTED",
    "1037": "EXPIRED",
    "2001": "INTERNAL_PROCESSING_ERROR",
}


def request_to_pay_status(
    prompt: Row[Any], code: str | None, receipt: str | None
) -> dict[str, Any]:
    """The status of a request to pay; `code` None while it is pending. Also the callback's body."""
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
    reason = {"code": _REASONS[code], "message": "not paid"}
    return status | {"status": "FAILED", "reason": reason}
