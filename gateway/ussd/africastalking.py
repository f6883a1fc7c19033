"""Africa's Talking's USSD callback: a form in, `CON`/`END` out, and its end-of-session event.

Fields and answers follow its USSD documentation: a cumulative `text`, an answer that starts exactly
with `CON ` or `END `, and an answer header of at most 99 characters without `|` that its dashboard
and the end event show. It signs nothing and publishes no addresses, so nothing here is trusted: a
callback that is not exactly right is refused with one line that says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.errors import BadCallback
from gateway.network_limits import PREFIX, screen_of
from gateway.parsing import read_form
from gateway.ussd.adapter import Adapter, Response
from gateway.ussd.request import SessionEnd, UssdReply, UssdRequest, session_name

NAME = "africastalking"
HOP_HEADER = "at-ussd-hop-metadata"

_FIELDS = {
    "sessionId": re.compile(r"[A-Za-z0-9_.:-]{1,128}"),
    "phoneNumber": re.compile(r"\+[1-9][0-9]{6,14}"),
    "serviceCode": re.compile(r"[*#0-9]{1,32}"),
    "networkCode": re.compile(r"[A-Za-z0-9]{1,16}"),
    "text": re.compile(r"[^\x00-\x1f\x7f]{0,1600}"),
}
_STATUSES = ("Incomplete", "Success", "Failed")
_OTHER = "other"
_EVENT = {name: _FIELDS[name] for name in ("sessionId", "phoneNumber")} | {
    "status": re.compile(r"[A-Za-z]{1,32}")
}


def decode(sent: bytes) -> UssdRequest:
    """The callback in a form body. Raises BadCallback with one line that says what is wrong."""
    form = _validated_form(sent, _FIELDS)
    return UssdRequest(
        aggregator=NAME,
        ussd_session=form["sessionId"],
        msisdn=form["phoneNumber"],
        service_code=form["serviceCode"],
        network=form["networkCode"],
        text=form["text"],
        budget=screen_of(form["networkCode"]) - PREFIX,
    )


def encode(request: UssdRequest, reply: UssdReply) -> Response:
    """The body and headers of the answer. The header holds a screen id, never personal data."""
    text = f"{'END' if reply.ends else 'CON'} {reply.text}"
    headers = [("Content-Type", "text/plain; charset=utf-8"), (HOP_HEADER, reply.screen)]
    return text.encode(), headers


def decode_end(sent: bytes) -> SessionEnd:
    """The end-of-session event. Its `input` field may hold a PIN and is not read.

    A status that is not documented is counted as `other`: each word would be a series of figures.
    """
    form = _validated_form(sent, _EVENT)
    last = form.get("hopsMetadata", "").rsplit("|", 1)[-1]
    screen = last if re.fullmatch(r"[a-z0-9_.]{1,99}", last) else ""
    status = form["status"] if form["status"] in _STATUSES else _OTHER
    return SessionEnd(session_name(NAME, form["sessionId"], form["phoneNumber"]), status, screen)


def _validated_form(sent: bytes, fields: Mapping[str, re.Pattern[str]]) -> dict[str, str]:
    form = read_form(sent)
    missing = [name for name in fields if name not in form]
    if missing:
        raise BadCallback(f"missing {', '.join(missing)}")
    if form["phoneNumber"].startswith(" "):
        raise BadCallback("phoneNumber has a space where + was not encoded as %2B")
    wrong = [name for name, shape in fields.items() if not shape.fullmatch(form[name])]
    if wrong:
        raise BadCallback(f"not understood: {', '.join(wrong)}")
    return form


AFRICASTALKING = Adapter(NAME, decode, encode, decode_end=decode_end)
