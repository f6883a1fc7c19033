"""Daraja's reversal: a business gives a whole payment back to its payer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from simulator.callback_queue import draw_callback_faults
from simulator.fault_injection import with_reply_faults
from simulator.mobile_money.receipts import mpesa_receipt
from simulator.mobile_money.wallets import give_back
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.errors import error_response
from simulator.safaricom.oauth import authorised
from simulator.safaricom.results import (
    ALREADY_REVERSED,
    BALANCE_TOO_LOW,
    SUCCEEDED,
    UNKNOWN_TRANSACTION,
    acknowledgement,
    check_initiator,
    new_conversation_id,
    queue_result,
    result_payload,
)


@with_reply_faults("safaricom", "reversal", error_response)
@authorised
def reversal(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Reverse a payment. The result is posted to ResultURL."""
    check_initiator(runtime, body, "TransactionReversal")
    conversation_id = new_conversation_id()
    faults = draw_callback_faults(runtime, "safaricom", "reversal", "")
    with runtime.engine.begin() as connection:
        code, receipt = _reverse_payment(connection, runtime, body)
        original = str(body.get("TransactionID"))
        parameters = {"OriginalTransactionID": original, "Charge": ...}
        result = result_payload(
            code, conversation_id, parameters if code == SUCCEEDED else None, receipt
        )
        queue_result(connection, "reversal", body, result, faults)
    return acknowledgement(conversation_id)


def _reverse_payment(
    connection: Connection, runtime: SimulatorRuntime, body: dict[str, Any]
) -> tuple[str, str]:
    """The result code and the receipt of the reversal ("" where there is none)."""
    payment = connection.execute(_LOCK, {"receipt": body.get("TransactionID")}).one_or_none()
    if payment is None or str(body.get("Amount")) != str(payment.amount_minor // 100):
        return UNKNOWN_TRANSACTION, ""
    if payment.reversal is not None:
        return ALREADY_REVERSED, payment.reversal
    if not give_back(connection, payment.shortcode, payment.msisdn, payment.amount_minor):
        return BALANCE_TOO_LOW, ""
    receipt = mpesa_receipt(connection, runtime.now())
    connection.execute(
        _INSERT, {"undoes": payment.receipt, "receipt": receipt, "now": runtime.now()}
    )
    return SUCCEEDED, receipt


_LOCK = text("""
    SELECT t.*, r.receipt AS reversal FROM simulator.transactions t
    LEFT JOIN simulator.reversals r ON r.undoes = t.receipt
    WHERE t.receipt = :receipt FOR UPDATE OF t
""")
_INSERT = text("""
    INSERT INTO simulator.reversals (undoes, receipt, completed_at)
    VALUES (:undoes, :receipt, :now)
""")
