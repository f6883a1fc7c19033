"""Airtel's own USSD gateway (Comviva Flares): a GET, the last input only, `Freeflow` in the answer.

The first input of a session is the dialled string without the leading * and the closing #; nothing
else marks it. The end of a session comes to the same address with `clean` and `error`. `userid` and
`password` are part of the address like our key, prove no more than it, and are not read.
"""

from __future__ import annotations

from gateway.parsing import read_form, text_field
from gateway.ussd.adapter import SESSION_ID, Adapter, Response, read_input, read_msisdn
from gateway.ussd.request import SessionEnd, TextMode, UssdReply, UssdRequest, session_name

NAME = "airtel"


def decode(sent: bytes) -> UssdRequest | SessionEnd:
    """A turn, or the end of the session (where `msisdn` is written in small letters). Raises
    BadCallback."""
    fields = read_form(sent)
    ussd_session = text_field(fields, "SessionID", SESSION_ID)
    if "clean" in fields:
        return SessionEnd(session_name(NAME, ussd_session, read_msisdn(fields, "msisdn")), "clean")
    return UssdRequest(
        aggregator=NAME,
        ussd_session=ussd_session,
        msisdn=read_msisdn(fields, "MSISDN"),
        service_code="",
        network="",
        text=read_input(fields, "input"),
        text_mode=TextMode.AMBIGUOUS,
    )


def encode(request: UssdRequest, reply: UssdReply) -> Response:
    """The header Freeflow is FC to continue and FB to end. The gateway charges nothing."""
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Freeflow", "FB" if reply.ends else "FC"),
        ("charge", "N"),
        ("amount", "0"),
    ]
    return reply.text.encode(), headers


AIRTEL = Adapter(NAME, decode, encode, method="GET")
