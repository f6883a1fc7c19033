"""Daraja for a business's own account: reversal of a payment, its balance, the list of payments.

A reversal and a question about the balance are taken at once, and their results posted later; the
list is answered at once, at most 48 hours back. Field names and codes follow Safaricom's published
Daraja documentation.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, jsonify
from sqlalchemy import Connection, Row, text

from core.money import major
from simulator.callback_queue import draw_callback_faults, queue_callbacks
from simulator.callback_sender import json_callback
from simulator.fault_injection import with_reply_faults
from simulator.mobile_money.wallets import EAST_AFRICA, balance_of, new_receipt
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.payloads import hidden_payer
from simulator.safaricom.stk_push import authorised, error_body, refused
from simulator.safaricom.validation import DarajaError, bad

account = Blueprint("daraja_account", __name__)
account.register_error_handler(DarajaError, refused)
PAGE = 500
_REACHES_BACK = timedelta(hours=48)
_RESULTS = {
    "0": "The service request is processed successfully.",
    "1": "The balance is insufficient for the transaction.",
    "R000001": "The transaction has already been reversed.",
    "R000002": "The OriginalTransactionID is invalid.",
}


@account.post("/mpesa/reversal/v1/request")
@with_reply_faults("safaricom", "reversal", error_body)
@authorised
def reverse(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Give a payment back to its payer; the result is posted to ResultURL."""
    _check_initiator(runtime, body, "TransactionReversal")
    conversation = f"AG_{secrets.token_hex(10)}"
    faults = draw_callback_faults(runtime, "safaricom", "reversal", "")
    with runtime.engine.begin() as connection:
        code, receipt = _give_back(connection, runtime, body)
        result = _result(code, conversation, str(body.get("TransactionID")), receipt)
        told = [json_callback("reversal", str(body.get("ResultURL")), result)]
        queue_callbacks(connection, told, faults)
    return _taken(conversation)


def _taken(conversation: str) -> Any:
    return jsonify(
        OriginatorConversationID=f"{secrets.randbelow(10**5)}-{secrets.randbelow(10**8)}-1",
        ConversationID=conversation,
        ResponseCode="0",
        ResponseDescription="Accept the service request successfully.",
    )


def _check_initiator(runtime: SimulatorRuntime, body: dict[str, Any], command: str) -> None:
    given = (body.get("Initiator"), body.get("SecurityCredential"))
    known = (runtime.settings.initiator, runtime.settings.security_credential)
    if given != known or not all(known):
        raise bad("Initiator")
    if body.get("CommandID") != command:
        raise bad("CommandID")
    if not str(body.get("ResultURL", "")).startswith(("http://", "https://")):
        raise bad("ResultURL")


def _give_back(
    connection: Connection, runtime: SimulatorRuntime, body: dict[str, Any]
) -> tuple[str, str]:
    """(result code, receipt of the reversal) of giving the whole payment back."""
    payment = connection.execute(_FIND, {"receipt": body.get("TransactionID")}).one_or_none()
    if payment is None or str(body.get("Amount")) != str(payment.amount_minor // 100):
        return "R000002", ""
    if payment.reversal is not None:
        return "R000001", payment.reversal
    amount = {"amount": payment.amount_minor}
    taken = connection.execute(_TAKE, amount | {"holder": payment.shortcode}).one_or_none()
    if taken is None:
        return "1", ""
    connection.execute(_GIVE, amount | {"holder": payment.msisdn})
    receipt = new_receipt(connection, runtime.now())
    connection.execute(
        _RECORD, {"undoes": payment.receipt, "receipt": receipt, "now": runtime.now()}
    )
    return "0", receipt


def _result(code: str, conversation: str, original: str, receipt: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ResultType": 0,
        "ResultCode": code if code.startswith("R") else int(code),
        "ResultDesc": _RESULTS[code],
        "ConversationID": conversation,
        "TransactionID": receipt,
    }
    if code == "0":
        listed = [{"Key": "OriginalTransactionID", "Value": original}, {"Key": "Charge"}]
        result["ResultParameters"] = {"ResultParameter": listed}
    return {"Result": result}


@account.post("/mpesa/transactionstatus/v1/query")
@with_reply_faults("safaricom", "status", error_body)
@authorised
def status(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """What became of the payment behind a receipt or a prompt; posted to ResultURL."""
    _check_initiator(runtime, body, "TransactionStatusQuery")
    conversation = f"AG_{secrets.token_hex(10)}"
    faults = draw_callback_faults(runtime, "safaricom", "status", "")
    asked = {
        "receipt": body.get("TransactionID"),
        "checkout": body.get("OriginalConversationID"),
    }
    with runtime.engine.begin() as connection:
        found = connection.execute(_LOOK_UP, asked).one_or_none()
        result = _result("0" if found else "R000002", conversation, "", "")
        if found:
            listed = {
                "ReceiptNo": found.receipt,
                "Amount": major(found.amount_minor, "KES"),
                "TransactionStatus": "Completed",
                "DebitPartyName": f"{found.msisdn.lstrip('+')} - ",
                "ReasonType": None,
            }
            shown = [{"Key": key, "Value": value} for key, value in listed.items()]
            result["Result"]["ResultParameters"] = {"ResultParameter": shown}
        queue_callbacks(
            connection, [json_callback("status", str(body.get("ResultURL")), result)], faults
        )
    return _taken(conversation)


@account.post("/mpesa/accountbalance/v1/query")
@with_reply_faults("safaricom", "balance", error_body)
@authorised
def balance(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """What the short code holds; posted to ResultURL."""
    _check_initiator(runtime, body, "AccountBalance")
    conversation = f"AG_{secrets.token_hex(10)}"
    faults = draw_callback_faults(runtime, "safaricom", "balance", "")
    with runtime.engine.begin() as connection:
        held = balance_of(connection, str(body.get("PartyA")))
        figure = f"KES|{major(held, 'KES')}|{major(held, 'KES')}|0.00|0.00"
        empty = "KES|0.00|0.00|0.00|0.00"
        stamp = f"{runtime.now().astimezone(EAST_AFRICA):%Y%m%d%H%M%S}"
        listed = [
            {"Key": "AccountBalance", "Value": f"Working Account|{empty}&Utility Account|{figure}"},
            {"Key": "BOCompletedTime", "Value": int(stamp)},
        ]
        result = _result("0", conversation, "", "")
        result["Result"]["ResultParameters"] = {"ResultParameter": listed}
        queue_callbacks(
            connection, [json_callback("balance", str(body.get("ResultURL")), result)], faults
        )
    return _taken(conversation)


@account.post("/pulltransactions/v1/query")
@with_reply_faults("safaricom", "pull", error_body)
@authorised
def pull(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Payments into a short code between two times, a page from an offset."""
    begin = max(_instant(body, "StartDate"), runtime.now() - _REACHES_BACK)
    asked = {
        "shortcode": str(body.get("ShortCode", "")),
        "begin": begin,
        "end": _instant(body, "EndDate"),
        "offset": _offset(body),
        "page": PAGE,
    }
    with runtime.engine.connect() as connection:
        rows = [_row(row) for row in connection.execute(_LIST, asked)]
    return jsonify(
        ResponseRefID=secrets.token_hex(8),
        ResponseCode="1000" if rows else "1001",
        ResponseMessage="Success" if rows else "No transactions",
        Response=[rows],
    )


def _offset(body: dict[str, Any]) -> int:
    told = str(body.get("OffSetValue") or "0")
    if not told.isdecimal():
        raise bad("OffSetValue")
    return int(told)


def _instant(body: dict[str, Any], name: str) -> datetime:
    try:
        return datetime.strptime(str(body.get(name)), "%Y-%m-%d %H:%M:%S").replace(
            tzinfo=EAST_AFRICA
        )
    except ValueError:
        raise bad(name) from None


def _row(row: Row[Any]) -> dict[str, str]:
    return {
        "transactionId": row.receipt,
        "trxDate": f"{row.completed_at:%Y-%m-%dT%H:%M:%S}Z",
        "msisdn": hidden_payer(row.msisdn, "hashed"),
        "transactiontype": "c2b-pay-bill-debit",
        "billreference": row.account,
        "amount": major(row.amount_minor, "KES"),
        "organizationname": "Simulated",
    }


_FIND = text("""
    SELECT t.*, r.receipt AS reversal FROM simulator.transactions t
    LEFT JOIN simulator.reversals r ON r.undoes = t.receipt
    WHERE t.receipt = :receipt FOR UPDATE OF t
""")
_LOOK_UP = text("""
    SELECT * FROM simulator.transactions WHERE receipt = :receipt OR checkout_id = :checkout
""")
_TAKE = text("""
    UPDATE simulator.wallets SET balance_minor = balance_minor - :amount
    WHERE holder = :holder AND balance_minor >= :amount RETURNING balance_minor
""")
_GIVE = text("""
    UPDATE simulator.wallets SET balance_minor = balance_minor + :amount WHERE holder = :holder
""")
_RECORD = text("""
    INSERT INTO simulator.reversals (undoes, receipt, completed_at)
    VALUES (:undoes, :receipt, :now)
""")
_LIST = text("""
    SELECT receipt, completed_at AT TIME ZONE 'UTC' AS completed_at, msisdn, account, amount_minor
    FROM simulator.transactions
    WHERE shortcode = :shortcode AND completed_at >= :begin
      AND completed_at < CAST(:end AS timestamptz) + interval '1 second'
    ORDER BY completed_at, receipt OFFSET :offset LIMIT :page
""")
