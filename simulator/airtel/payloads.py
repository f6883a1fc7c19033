"""Airtel's status codes and the body of its callback. Pure functions.

The callback has no amount. Where a key is set, it carries a hash over the body without the hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from sqlalchemy import Row

# By the M-Pesa result code with which the simulated phone closed the prompt; None: still open.
RESPONSE_CODES = {
    None: "DP00800001006",
    "0": "DP00800001001",
    "1": "DP00800001007",
    "3": "DP00800001003",
    "1032": "DP00800001008",
    "1037": "DP00800001029",
    "2001": "DP00800001002",
}


def transaction_status(code: str | None) -> str:
    """TS (success), TF (failed), TE (expired), or TIP (in progress) for `code` None."""
    return {None: "TIP", "0": "TS", "1037": "TE"}.get(code, "TF")


def airtel_callback_body(prompt: Row[Any], code: str, receipt: str | None, signing_key: str) -> str:
    """The JSON text of the callback, with a hash when there is a key."""
    transaction = {
        "id": prompt.checkout_id,
        "message": "Paid" if code == "0" else "Not paid",
        "status_code": transaction_status(code),
        "airtel_money_id": receipt or "",
    }
    body = json.dumps({"transaction": transaction})
    if not signing_key:
        return body
    digest = hmac.digest(signing_key.encode(), body.encode(), hashlib.sha256)
    return f'{body[:-1]}, "hash": "{base64.b64encode(digest).decode()}"}}'
