"""Daraja operations whose result is posted later to the ResultURL of the request.

Reversal, transaction status and account balance work this way: the request is acknowledged at once
with a ConversationID, which the result repeats.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import jsonify
from sqlalchemy import Connection

from simulator.callback_queue import json_callback, queue_callbacks
from simulator.fault_injection import Faults
from simulator.runtime import SimulatorRuntime
from simulator.safaricom.errors import invalid_field

SUCCEEDED, BALANCE_TOO_LOW = "0", "1"
ALREADY_REVERSED, UNKNOWN_TRANSACTION = "R000001", "R000002"
_DESCRIPTIONS = {
    SUCCEEDED: "The service request is processed successfully.",
    BALANCE_TOO_LOW: "The balance is insufficient for the transaction.",
    ALREADY_REVERSED: "The transaction has already been reversed.",
    UNKNOWN_TRANSACTION: "The OriginalTransactionID is invalid.",
}


def check_initiator(runtime: SimulatorRuntime, body: dict[str, Any], command_id: str) -> None:
    """Check the initiator's credentials, the CommandID and the ResultURL. Raises DarajaError."""
    given = (body.get("Initiator"), body.get("SecurityCredential"))
    known = (runtime.settings.initiator, runtime.settings.security_credential)
    if given != known or not all(known):
        raise invalid_field("Initiator")
    if body.get("CommandID") != command_id:
        raise invalid_field("CommandID")
    if not str(body.get("ResultURL", "")).startswith(("http://", "https://")):
        raise invalid_field("ResultURL")


def new_conversation_id() -> str:
    """The id that joins a request and its result."""
    return f"AG_{secrets.token_hex(10)}"


def acknowledgement(conversation_id: str) -> Any:
    """The immediate reply to an accepted request."""
    return jsonify(
        OriginatorConversationID=f"{secrets.randbelow(10**5)}-{secrets.randbelow(10**8)}-1",
        ConversationID=conversation_id,
        ResponseCode="0",
        ResponseDescription="Accept the service request successfully.",
    )


def result_payload(
    code: str,
    conversation_id: str,
    parameters: dict[str, object] | None = None,
    receipt: str = "",
) -> dict[str, Any]:
    """The body of the result. A parameter whose value is `...` is listed without a value."""
    result: dict[str, Any] = {
        "ResultType": 0,
        "ResultCode": code if code.startswith("R") else int(code),
        "ResultDesc": _DESCRIPTIONS[code],
        "ConversationID": conversation_id,
        "TransactionID": receipt,
    }
    if parameters:
        result["ResultParameters"] = {
            "ResultParameter": [
                {"Key": key} if value is ... else {"Key": key, "Value": value}
                for key, value in parameters.items()
            ]
        }
    return {"Result": result}


def queue_result(
    connection: Connection, kind: str, body: dict[str, Any], result: dict[str, Any], faults: Faults
) -> None:
    """Queue the result for the ResultURL of the request `body`."""
    queue_callbacks(connection, [json_callback(kind, str(body.get("ResultURL")), result)], faults)
