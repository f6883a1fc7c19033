"""Daraja's pull transactions: the payments into a shortcode, at most 48 hours back."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import jsonify
from sqlalchemy import Row, text

from core.money import major
from simulator.fault_injection import with_reply_faults
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.errors import error_response, invalid_field
from simulator.safaricom.oauth import authorised
from simulator.safaricom.payloads import c2b_msisdn

PAGE_SIZE = 500
_OLDEST = timedelta(hours=48)


@with_reply_faults("safaricom", "pull", error_response)
@authorised
def pull_transactions(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """The payments between StartDate and EndDate: one page, from OffSetValue on."""
    page = {
        "shortcode": str(body.get("ShortCode", "")),
        "begin": max(_parse_time(body, "StartDate"), runtime.now() - _OLDEST),
        "end": _parse_time(body, "EndDate"),
        "offset": _parse_offset(body),
        "limit": PAGE_SIZE,
    }
    with runtime.engine.connect() as connection:
        transactions = [_transaction_json(payment) for payment in connection.execute(_LIST, page)]
    return jsonify(
        ResponseRefID=secrets.token_hex(8),
        ResponseCode="1000" if transactions else "1001",
        ResponseMessage="Success" if transactions else "No transactions",
        Response=[transactions],
    )


def _parse_offset(body: dict[str, Any]) -> int:
    offset = str(body.get("OffSetValue") or "0")
    if not offset.isdecimal():
        raise invalid_field("OffSetValue")
    return int(offset)


def _parse_time(body: dict[str, Any], name: str) -> datetime:
    """A field such as `2026-11-24 12:00:00`, in East African time."""
    try:
        return datetime.strptime(f"{body.get(name)} +0300", "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        raise invalid_field(name) from None


def _transaction_json(payment: Row[Any]) -> dict[str, str]:
    return {
        "transactionId": payment.receipt,
        "trxDate": f"{payment.completed_at:%Y-%m-%dT%H:%M:%S}Z",
        "msisdn": c2b_msisdn(payment.msisdn, "hashed"),
        "transactiontype": "c2b-pay-bill-debit",
        "billreference": payment.account,
        "amount": major(payment.amount_minor, "KES"),
        "organizationname": "Simulated",
    }


_LIST = text("""
    SELECT receipt, completed_at AT TIME ZONE 'UTC' AS completed_at, msisdn, account, amount_minor
    FROM simulator.transactions
    WHERE shortcode = :shortcode AND completed_at >= :begin
      AND completed_at < CAST(:end AS timestamptz) + interval '1 second'
    ORDER BY completed_at, receipt OFFSET :offset LIMIT :limit
""")
