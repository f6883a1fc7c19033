"""A simulated Africa's Talking: sending SMS, delivery reports and incoming SMS.

Follows the published HTTP API: form in, JSON out with status 201 and Content-Type exactly
`application/json` (for any other type the SDK returns plain text), one status per recipient. A sent
message appears on the simulated phone; its delivery report is posted afterwards.
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
from simulator.callback_queue import (
    Callback,
    draw_callback_faults,
    form_callback,
    queue_callbacks,
)
from simulator.callback_sender import send_now
from simulator.fault_injection import (
    EARLY_CALLBACK_FAULTS,
    SMS_FAULTS,
    Faults,
    draw_faults,
    with_reply_faults,
)
from simulator.runtime import SimulatorRuntime, current_runtime

messaging = Blueprint("messaging", __name__)
# Safaricom's network code at Africa's Talking.
NETWORK_CODE = "63902"
_PROVIDER = "africastalking"
# KES 0.8 per message part.
_PART_COST_TENTHS = 8
_PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_PROCESSED, _QUEUED, _INVALID_PHONE_NUMBER = "101", "102", "403"
_STATUS_NAMES = {
    _PROCESSED: "Success",
    _QUEUED: "Success",
    "401": "RiskHold",
    "402": "InvalidSenderId",
    _INVALID_PHONE_NUMBER: "InvalidPhoneNumber",
    "404": "UnsupportedNumberType",
    "405": "InsufficientBalance",
    "406": "UserInBlacklist",
    "407": "CouldNotRoute",
    "500": "InternalServerError",
    "501": "GatewayError",
    "502": "RejectedByGateway",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of a message and the status code of its acceptance.

    `report` is the status of the later delivery report, or `status:failureReason`.
    """

    number: str
    code: str
    message_id: str
    report: str
    faults: Faults

    @property
    def is_accepted(self) -> bool:
        """Whether the message is sent to this recipient."""
        return self.code in (_PROCESSED, _QUEUED)


def _error_response(code: str) -> tuple[str, int]:
    return f"Error {code}", int(code[:3])


@messaging.post("/version1/messaging")
@with_reply_faults(_PROVIDER, "send", _error_response)
def send() -> Any:
    """Send one message to the comma-separated numbers in `to`."""
    runtime, form = current_runtime(), request.form
    known = (runtime.settings.at_username, runtime.settings.at_api_key)
    if (form.get("username"), request.headers.get("apiKey")) != known:
        return "The supplied authentication is invalid", 401
    message, numbers = form.get("message", ""), form.get("to", "").split(",")
    if not message or not numbers[0]:
        return "Request is missing required form field 'message' or 'to'", 400
    code = _QUEUED if form.get("enqueue") == "1" else _PROCESSED
    recipients = [_make_recipient(runtime, number.strip(), code) for number in numbers]
    _deliver_message(runtime, recipients, form.get("from") or runtime.settings.sms_sender, message)
    return jsonify(SMSMessageData=_message_data(recipients, len(segments(message)))), 201


def _make_recipient(runtime: SimulatorRuntime, number: str, code: str) -> Recipient:
    sms_faults = draw_faults(runtime.engine, SMS_FAULTS, _PROVIDER, "send", number)
    if not _PHONE_NUMBER.fullmatch(number):
        code = _INVALID_PHONE_NUMBER
    code = sms_faults.get("refuse_number", code)
    report = sms_faults.get("report_as", "Success")
    faults = draw_callback_faults(runtime, _PROVIDER, "delivery", number)
    return Recipient(number, code, f"ATXid_{secrets.token_hex(16)}", report, faults)


def _deliver_message(
    runtime: SimulatorRuntime, recipients: list[Recipient], sender: str, message: str
) -> None:
    """Put the message on the phones of the accepted recipients and queue delivery reports."""
    accepted = [recipient for recipient in recipients if recipient.is_accepted]
    with runtime.engine.begin() as connection:
        ids = [
            _deliver_to_phone(connection, runtime, recipient, sender, message)
            for recipient in accepted
        ]
    if draw_faults(runtime.engine, EARLY_CALLBACK_FAULTS, _PROVIDER, "send"):
        send_now(runtime, chain.from_iterable(ids))


def _deliver_to_phone(
    connection: Connection,
    runtime: SimulatorRuntime,
    recipient: Recipient,
    sender: str,
    message: str,
) -> list[int]:
    """The ids of the queued delivery report."""
    sms = {
        "msisdn": recipient.number,
        "sender": sender,
        "body": message,
        "message_id": recipient.message_id,
    }
    connection.execute(_INSERT, sms)
    return queue_callbacks(connection, [_delivery_report(runtime, recipient)], recipient.faults)


def _delivery_report(runtime: SimulatorRuntime, recipient: Recipient) -> Callback:
    status, _, reason = recipient.report.partition(":")
    fields = {
        "id": recipient.message_id,
        "status": status,
        "phoneNumber": recipient.number,
        "networkCode": NETWORK_CODE,
        "retryCount": "0",
    }
    if reason:
        fields["failureReason"] = reason
    url = runtime.settings.callback_url("sms/africastalking", "/delivery")
    return form_callback("delivery", url, fields, attempts_allowed=5)


def _message_data(recipients: list[Recipient], message_parts: int) -> dict[str, Any]:
    accepted = sum(recipient.is_accepted for recipient in recipients)
    cost = _format_cost(accepted * message_parts)
    return {
        "Message": f"Sent to {accepted}/{len(recipients)} Total Cost: {cost}",
        "Recipients": [_recipient_data(recipient, message_parts) for recipient in recipients],
    }


def _recipient_data(recipient: Recipient, message_parts: int) -> dict[str, Any]:
    return {
        "statusCode": int(recipient.code),
        "number": recipient.number,
        "status": _STATUS_NAMES.get(recipient.code, "Failed"),
        "cost": _format_cost(message_parts) if recipient.is_accepted else "0",
        "messageId": recipient.message_id if recipient.is_accepted else "None",
        "messageParts": message_parts if recipient.is_accepted else 0,
    }


def _format_cost(message_parts: int) -> str:
    shillings, tenths = divmod(message_parts * _PART_COST_TENTHS, 10)
    return f"KES {shillings}.{tenths}000"


def send_sms(runtime: SimulatorRuntime, msisdn: str, body: str) -> str:
    """Send an SMS from a phone to the gateway's short code. Returns its id.

    The callback is repeated until the gateway answers 200.
    """
    fields = {
        "date": f"{runtime.now():%Y-%m-%d %H:%M:%S}",
        "from": msisdn,
        "id": secrets.token_hex(16),
        "linkId": secrets.token_hex(8),
        "text": body,
        "to": runtime.settings.sms_shortcode,
        "networkCode": NETWORK_CODE,
    }
    url = runtime.settings.callback_url("sms/africastalking", "/inbound")
    faults = draw_callback_faults(runtime, _PROVIDER, "inbound", msisdn)
    with runtime.engine.begin() as connection:
        callback = form_callback("inbound", url, fields, attempts_allowed=12)
        ids = queue_callbacks(connection, [callback], faults)
    send_now(runtime, ids)
    return fields["id"]


def received_sms(connection: Connection, msisdn: str) -> list[dict[str, str]]:
    """The messages on a phone, oldest first: `at` (ISO, UTC), `from`, `text`."""
    messages = connection.execute(_RECEIVED, {"msisdn": msisdn})
    return [
        {"at": f"{sms.received_at:%Y-%m-%dT%H:%M:%SZ}", "from": sms.sender, "text": sms.body}
        for sms in messages
    ]


def count_received_sms(connection: Connection) -> dict[str, int]:
    """How many messages each phone has received, by its number. Phones without any are left out."""
    return {str(row.msisdn): int(row.sms_count) for row in connection.execute(_COUNT)}


_COUNT = text("SELECT msisdn, count(*) AS sms_count FROM simulator.sms GROUP BY msisdn")
_INSERT = text("""
    INSERT INTO simulator.sms (msisdn, sender, body, message_id)
    VALUES (:msisdn, :sender, :body, :message_id)
""")
_RECEIVED = text("""
    SELECT sender, body, received_at AT TIME ZONE 'UTC' AS received_at
    FROM simulator.sms WHERE msisdn = :msisdn ORDER BY id
""")
