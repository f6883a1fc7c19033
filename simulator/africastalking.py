"""A stand-in for Africa's Talking's SMS service: sending, delivery reports, incoming texts.

Follows the published HTTP API: form in, JSON out with status 201 and Content-Type exactly
`application/json` (the SDK hands back plain text otherwise), one status per recipient. A sent text
lands on the simulated phone; its delivery report is posted afterwards.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from itertools import chain
from typing import Any

from flask import Blueprint, jsonify, request
from sqlalchemy import Connection, text

from core.gsm7 import segments
from simulator.callback_queue import draw_callback_faults, queue_callbacks, send_now
from simulator.callback_sender import Callback, form_callback
from simulator.fault_injection import (
    EARLY_CALLBACK_FAULTS,
    SMS_FAULTS,
    Faults,
    draw_faults,
    with_reply_faults,
)
from simulator.runtime import SimulatorRuntime, current_runtime

messaging = Blueprint("messaging", __name__)
NETWORK_CODE = "63902"
_PROVIDER = "africastalking"
_PART_COST_TENTHS = 8
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_STATUS = {
    "101": "Success",
    "102": "Success",
    "401": "RiskHold",
    "402": "InvalidSenderId",
    "403": "InvalidPhoneNumber",
    "404": "UnsupportedNumberType",
    "405": "InsufficientBalance",
    "406": "UserInBlacklist",
    "407": "CouldNotRoute",
    "500": "InternalServerError",
    "501": "GatewayError",
    "502": "RejectedByGateway",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recipient: `code` 101 or 102 was taken, anything else was refused."""

    number: str
    code: str
    message_id: str
    report: str
    faults: Faults

    @property
    def taken(self) -> bool:
        return self.code in ("101", "102")


def _error(code: str) -> tuple[str, int]:
    return f"Error {code}", int(code[:3])


@messaging.post("/version1/messaging")
@with_reply_faults(_PROVIDER, "send", _error)
def send() -> Any:
    """Send one message to the comma-separated numbers in `to`."""
    runtime, form = current_runtime(), request.form
    known = (runtime.settings.at_username, runtime.settings.at_api_key)
    if (form.get("username"), request.headers.get("apiKey")) != known:
        return "The supplied authentication is invalid", 401
    message, numbers = form.get("message", ""), form.get("to", "").split(",")
    if not message or not numbers[0]:
        return "Request is missing required form field 'message' or 'to'", 400
    code = "102" if form.get("enqueue") == "1" else "101"
    outcomes = [_judge(runtime, number.strip(), code) for number in numbers]
    _take(runtime, outcomes, form.get("from") or runtime.settings.sms_sender, message)
    return jsonify(SMSMessageData=_answer(outcomes, len(segments(message)))), 201


def _judge(runtime: SimulatorRuntime, number: str, code: str) -> Outcome:
    own = draw_faults(runtime.engine, SMS_FAULTS, _PROVIDER, "send", number)
    if not _NUMBER.fullmatch(number):
        code = "403"
    code = own.get("refuse_number", code)
    faults = draw_callback_faults(runtime, _PROVIDER, "delivery", number)
    message_id = f"ATXid_{secrets.token_hex(16)}"
    return Outcome(number, code, message_id, own.get("report_as", "Success"), faults)


def _take(runtime: SimulatorRuntime, outcomes: list[Outcome], sender: str, message: str) -> None:
    taken = [outcome for outcome in outcomes if outcome.taken]
    with runtime.engine.begin() as connection:
        told = [_deliver_to_phone(connection, runtime, one, sender, message) for one in taken]
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, _PROVIDER, "send"):
        send_now(runtime, chain.from_iterable(told))


def _deliver_to_phone(
    connection: Connection, runtime: SimulatorRuntime, outcome: Outcome, sender: str, message: str
) -> list[int]:
    received = {
        "msisdn": outcome.number,
        "sender": sender,
        "body": message,
        "message_id": outcome.message_id,
    }
    connection.execute(_RECEIVE, received)
    return queue_callbacks(connection, [_report(runtime, outcome)], outcome.faults)


def _report(runtime: SimulatorRuntime, outcome: Outcome) -> Callback:
    status, _, reason = outcome.report.partition(":")
    fields = {
        "id": outcome.message_id,
        "status": status,
        "phoneNumber": outcome.number,
        "networkCode": NETWORK_CODE,
        "retryCount": "0",
    }
    if reason:
        fields["failureReason"] = reason
    url = runtime.settings.door("/sms/africastalking/{key}/delivery")
    return form_callback("delivery", url, fields, attempts_allowed=5)


def _answer(outcomes: list[Outcome], message_parts: int) -> dict[str, Any]:
    taken = sum(outcome.taken for outcome in outcomes)
    return {
        "Message": f"Sent to {taken}/{len(outcomes)} Total Cost: {_cost(taken * message_parts)}",
        "Recipients": [_recipient(outcome, message_parts) for outcome in outcomes],
    }


def _recipient(outcome: Outcome, message_parts: int) -> dict[str, Any]:
    return {
        "statusCode": int(outcome.code),
        "number": outcome.number,
        "status": _STATUS.get(outcome.code, "Failed"),
        "cost": _cost(message_parts) if outcome.taken else "0",
        "messageId": outcome.message_id if outcome.taken else "None",
        "messageParts": message_parts if outcome.taken else 0,
    }


def _cost(message_parts: int) -> str:
    shillings, tenths = divmod(message_parts * _PART_COST_TENTHS, 10)
    return f"KES {shillings}.{tenths}000"


def send_text(runtime: SimulatorRuntime, msisdn: str, body: str) -> str:
    """A phone texts the gateway's short code; repeated until it says 200. Returns the id."""
    fields = {
        "date": f"{runtime.now():%Y-%m-%d %H:%M:%S}",
        "from": msisdn,
        "id": secrets.token_hex(16),
        "linkId": secrets.token_hex(8),
        "text": body,
        "to": runtime.settings.sms_shortcode,
        "networkCode": NETWORK_CODE,
    }
    url = runtime.settings.door("/sms/africastalking/{key}/inbound")
    faults = draw_callback_faults(runtime, _PROVIDER, "inbound", msisdn)
    with runtime.engine.begin() as connection:
        callback = form_callback("inbound", url, fields, attempts_allowed=12)
        ids = queue_callbacks(connection, [callback], faults)
    send_now(runtime, ids)
    return fields["id"]


def received_texts(connection: Connection, msisdn: str) -> list[dict[str, str]]:
    """Texts on that phone, oldest first: `at` (ISO, UTC), `from`, `text`."""
    rows = connection.execute(_RECEIVED, {"msisdn": msisdn})
    return [
        {"at": f"{row.received_at:%Y-%m-%dT%H:%M:%SZ}", "from": row.sender, "text": row.body}
        for row in rows
    ]


def count_texts(connection: Connection) -> dict[str, int]:
    """How many texts each phone has, for those that have any."""
    return {str(row.msisdn): int(row.many) for row in connection.execute(_COUNTED)}


_COUNTED = text("SELECT msisdn, count(*) AS many FROM simulator.texts GROUP BY msisdn")
_RECEIVE = text("""
    INSERT INTO simulator.texts (msisdn, sender, body, message_id)
    VALUES (:msisdn, :sender, :body, :message_id)
""")
_RECEIVED = text("""
    SELECT sender, body, received_at AT TIME ZONE 'UTC' AS received_at
    FROM simulator.texts WHERE msisdn = :msisdn ORDER BY id
""")
