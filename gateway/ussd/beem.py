"""Beem (Tanzania): JSON with a payload, the last input only, a `command` for start, turn and end.

It is not documented whether `payload.request_id` rises within a session, so it is not used as the
number of a turn: it is returned, and another one is another turn. The dialled service code is not
sent; what stands for the answer in an `initiate` ("" or 0) answers nothing.
"""

from __future__ import annotations

from core.errors import BadCallback
from gateway.parsing import read_json, text_field
from gateway.ussd.adapter import (
    NETWORK,
    SESSION_ID,
    Adapter,
    Response,
    json_response,
    read_input,
    read_msisdn,
)
from gateway.ussd.request import SessionEnd, TextMode, UssdReply, UssdRequest, session_name

NAME = "beem"


def decode(sent: bytes) -> UssdRequest | SessionEnd:
    """A turn, or the end of the session. Raises BadCallback."""
    fields = read_json(sent)
    command = text_field(fields, "command", "initiate|continue|terminate")
    ussd_session, msisdn = (
        text_field(fields, "session_id", SESSION_ID),
        read_msisdn(fields, "msisdn"),
    )
    if command == "terminate":
        return SessionEnd(session_name(NAME, ussd_session, msisdn), command)
    payload = fields.get("payload")
    if not isinstance(payload, dict):
        raise BadCallback("payload is missing")
    typed = read_input(payload, "response")
    opens = command == "initiate"
    return UssdRequest(
        aggregator=NAME,
        ussd_session=ussd_session,
        msisdn=msisdn,
        service_code="",
        network=text_field(fields, "operator", NETWORK, default=""),
        text="" if opens and not typed.startswith("*") else typed,
        text_mode=TextMode.DIALLED if opens else TextMode.TYPED,
        echo=text_field(payload, "request_id", r"[A-Za-z0-9_.:-]{1,64}"),
    )


def encode(request: UssdRequest, reply: UssdReply) -> Response:
    """The answer. `request_id` is returned as a number, as integrators show it, where it is one."""
    asked = int(request.echo) if request.echo.isdecimal() else request.echo
    return json_response(
        {
            "command": "terminate" if reply.ends else "continue",
            "msisdn": request.msisdn.removeprefix("+"),
            "session_id": request.ussd_session,
            "operator": request.network,
            "payload": {"request_id": asked, "request": reply.text},
        }
    )


BEEM = Adapter(NAME, decode, encode)
