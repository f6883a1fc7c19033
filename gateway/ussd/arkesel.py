"""Arkesel (Ghana): JSON, the last input only, a mark on a new session, no report of its end."""

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
from gateway.ussd.request import TextMode, UssdReply, UssdRequest

NAME = "arkesel"
# Documented is a boolean of JSON; integrators take what other languages make of one too.
_MARKS = {"true": True, "1": True, "false": False, "0": False}


def decode(sent: bytes) -> UssdRequest:
    """A turn. Raises BadCallback. Only the first turn tells the dialled service code, so the id of
    the account (`userID`) is used in its place."""
    fields = read_json(sent)
    opens = _MARKS.get(str(fields.get("newSession")).lower())
    if opens is None:
        raise BadCallback("newSession is neither true nor false")
    return UssdRequest(
        aggregator=NAME,
        ussd_session=text_field(fields, "sessionID", SESSION_ID),
        msisdn=read_msisdn(fields, "msisdn"),
        service_code=text_field(fields, "userID", r"[A-Za-z0-9_.@-]{1,64}"),
        network=text_field(fields, "network", NETWORK, default=""),
        text=read_input(fields, "userData"),
        text_mode=TextMode.DIALLED if opens else TextMode.TYPED,
    )


def encode(request: UssdRequest, reply: UssdReply) -> Response:
    """The answer; `continueSession` is false at the end."""
    return json_response(
        {
            "sessionID": request.ussd_session,
            "userID": request.service_code,
            "msisdn": request.msisdn.removeprefix("+"),
            "message": reply.text,
            "continueSession": not reply.ends,
        }
    )


ARKESEL = Adapter(NAME, decode, encode)
