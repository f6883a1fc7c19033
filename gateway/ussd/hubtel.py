"""Hubtel (Ghana): JSON, the last input only, numbered turns, and the end at the same address.

`Type` is Initiation with the whole dialled string, Response, Release (the caller hung up) or
Timeout (we were too slow). `Sequence` rises with every turn of a session; older accounts do not
send it. The answer's `Type` is Response to continue and Release to end.
"""

from __future__ import annotations

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

NAME = "hubtel"
_TYPES = "(?i:initiation|response|release|timeout)"


def decode(sent: bytes) -> UssdRequest | SessionEnd:
    """A turn, or the end of the session. Raises BadCallback."""
    fields = read_json(sent)
    kind = text_field(fields, "Type", _TYPES).lower()
    ussd_session, msisdn = (
        text_field(fields, "SessionId", SESSION_ID),
        read_msisdn(fields, "Mobile"),
    )
    if kind in ("release", "timeout"):
        return SessionEnd(session_name(NAME, ussd_session, msisdn), kind)
    sequence = text_field(fields, "Sequence", r"[0-9]{1,6}", default="")
    return UssdRequest(
        aggregator=NAME,
        ussd_session=ussd_session,
        msisdn=msisdn,
        service_code=text_field(fields, "ServiceCode", r"[*#0-9]{1,32}"),
        network=text_field(fields, "Operator", NETWORK, default=""),
        text=read_input(fields, "Message"),
        text_mode=TextMode.DIALLED if kind == "initiation" else TextMode.TYPED,
        sequence=int(sequence) if sequence else None,
    )


def encode(request: UssdRequest, reply: UssdReply) -> Response:
    """The answer; `ClientState` is the id of the screen."""
    return json_response(
        {
            "SessionId": request.ussd_session,
            "Type": "Release" if reply.ends else "Response",
            "Message": reply.text,
            "ClientState": reply.screen,
        }
    )


HUBTEL = Adapter(NAME, decode, encode)
