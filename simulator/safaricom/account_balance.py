"""Daraja's account balance: what a shortcode holds."""

from __future__ import annotations

from typing import Any

from core.money import major
from simulator.callback_queue import draw_callback_faults
from simulator.fault_injection import with_reply_faults
from simulator.mobile_money.receipts import EAST_AFRICA_TIME
from simulator.mobile_money.wallets import balance_of
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.errors import error_response
from simulator.safaricom.oauth import authorised
from simulator.safaricom.results import (
    SUCCEEDED,
    acknowledgement,
    check_initiator,
    new_conversation_id,
    queue_result,
    result_payload,
)

_EMPTY_ACCOUNT = "Working Account|KES|0.00|0.00|0.00|0.00"


@with_reply_faults("safaricom", "balance", error_response)
@authorised
def account_balance(runtime: SimulatorRuntime, body: dict[str, Any]) -> Any:
    """Report the balance of the shortcode in PartyA. The result is posted to ResultURL."""
    check_initiator(runtime, body, "AccountBalance")
    conversation_id = new_conversation_id()
    faults = draw_callback_faults(runtime, "safaricom", "balance", "")
    with runtime.engine.begin() as connection:
        amount = major(balance_of(connection, str(body.get("PartyA"))), "KES")
        account = f"Utility Account|KES|{amount}|{amount}|0.00|0.00"
        completed_at = f"{runtime.now().astimezone(EAST_AFRICA_TIME):%Y%m%d%H%M%S}"
        parameters = {
            "AccountBalance": f"{_EMPTY_ACCOUNT}&{account}",
            "BOCompletedTime": int(completed_at),
        }
        result = result_payload(SUCCEEDED, conversation_id, parameters)
        queue_result(connection, "balance", body, result, faults)
    return acknowledgement(conversation_id)
