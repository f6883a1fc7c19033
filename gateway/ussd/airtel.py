"""Airtel's own USSD gateway (Comviva Flares): a GET, the last input only, `Freeflow` in the answer.

The first input of a session is what was dialled, without the leading * and the closing #; nothing
else marks it. The end is told at the same address with `clean` and `error`. `userid` and `password`
travel in the address like our key, and prove no more than it does.
"""

from __future__ import annotations

from gateway.callbacks import read_form, text_field
from gateway.ussd.adapter import SESSION_ID, Adapter, Response, read_input, read_msisdn
from gateway.ussd.request import SessionEnd, TextMode, UssdReply, UssdRequest, session_key

NAME = "airtel"


def decode(sent: bytes) -> UssdRequest | SessionEnd:
    """A turn, or the news that the session was cleaned up (there `msisdn` is written small)."""
    fields = read_form(sent)
    ussd_session = text_field(fields, "SessionID", SESSION_ID)
    if "clean" in fields:
        return SessionEnd(session_key(NAME, ussd_session, read_msisdn(fields, "msisdn")), "clean")
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
    """FC goes on, FB ends. Charging is not ours."""
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Freeflow", "FB" if reply.ends else "FC"),
        ("charge", "N"),
        ("amount", "0"),
    ]
    return reply.text.encode(), headers


AIRTEL = Adapter(NAME, decode, encode, method="GET")
