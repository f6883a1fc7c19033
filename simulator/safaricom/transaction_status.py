"""Daraja's transaction status: the payment behind a receipt or a CheckoutRequestID."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text

from core.money import major
from simulator.callback_queue import draw_callback_faults
from simulator.fault_injection import with_reply_faults
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.errors import error_response
from simulator.safaricom.oauth import authorised
from simulator.safaricom.results import (
    SUCCEEDED,
    UNKNOWN_TRANSACTION,
    acknowledgement,
    check_initiator,
    new_conversation_id,
    queue_result,
    result_payload,
)


@with_reply_faults("safaricom", "status", error_response)
@authorised
def transaction_status(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Look a payment up. The result is posted to ResultURL."""
    check_initiator(runtime, body, "TransactionStatusQuery")
    conversation_id = new_conversation_id()
    faults = draw_callback_faults(runtime, "safaricom", "status", "")
    keys = {
        "receipt": body.get("TransactionID"),
        "checkout": body.get("OriginalConversationID"),
    }
    with runtime.engine.begin() as connection:
        payment = connection.execute(_FIND, keys).one_or_none()
        result = (
            result_payload(SUCCEEDED, conversation_id, _result_parameters(payment))
            if payment
            else result_payload(UNKNOWN_TRANSACTION, conversation_id)
        )
        queue_result(connection, "status", body, result, faults)
    return acknowledgement(conversation_id)


def _result_parameters(payment: Row[Any]) -> dict[str, object]:
    return {
        "ReceiptNo": payment.receipt,
        "Amount": major(payment.amount_minor, "KES"),
        "TransactionStatus": "Completed",
        "DebitPartyName": f"{payment.msisdn.lstrip('+')} - ",
        "CreditPartyName": f"{payment.shortcode} - Simulated",
        "ReasonType": None,
    }


_FIND = text("""
    SELECT * FROM simulator.transactions WHERE receipt = :receipt OR checkout_id = :checkout
""")
