"""Africa's Talking's USSD callback: its form in, `CON`/`END` out, and its end-of-session event.

Fields and answers as its USSD documentation gives them: a cumulative `text`, an answer that starts
exactly with `CON ` or `END `, and an answer header of at most 99 characters without `|` that its
dashboard and the end event show. It signs nothing and publishes no addresses, so everything here is
the word of a stranger: what is not exactly right is refused with one line that says what.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from core.errors import BadCallback
from gateway.ussd.request import UssdReply, UssdRequest

AGGREGATOR = "africastalking"
HOP_HEADER = "at-ussd-hop-metadata"

_FIELDS = {
    "sessionId": re.compile(r"[A-Za-z0-9_.:-]{1,128}"),
    "phoneNumber": re.compile(r"\+[1-9][0-9]{6,14}"),
    "serviceCode": re.compile(r"[*#0-9]{1,32}"),
    "networkCode": re.compile(r"[A-Za-z0-9]{1,16}"),
    "text": re.compile(r"[^\x00-\x1f\x7f]{0,1600}"),
}
_EVENT = {name: _FIELDS[name] for name in ("sessionId", "phoneNumber")} | {
    "status": re.compile(r"[A-Za-z]{1,32}")
}


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How a session ended: `status` is theirs (Success, Incomplete, Failed), `screen` is ours."""

    ussd_session: str
    status: str
    screen: str


def decode(body: bytes) -> UssdRequest:
    """The callback in a form body. Raises BadCallback saying what is wrong with it."""
    form = _form(body)
    _check(form, _FIELDS)
    return UssdRequest(
        AGGREGATOR,
        form["sessionId"],
        form["phoneNumber"],
        form["serviceCode"],
        form["networkCode"],
        form["text"],
    )


def encode(reply: UssdReply) -> tuple[bytes, list[tuple[str, str]]]:
    """The body and headers of the answer. The header holds a screen id, never personal data."""
    text = f"{'END' if reply.ends else 'CON'} {reply.text}"
    headers = [("Content-Type", "text/plain; charset=utf-8"), (HOP_HEADER, reply.screen)]
    return text.encode(), headers


def decode_end(body: bytes) -> SessionEnd:
    """The end-of-session event. Its input may hold a PIN and is not looked at."""
    form = _form(body)
    _check(form, _EVENT)
    last = form.get("hopsMetadata", "").rsplit("|", 1)[-1]
    screen = last if re.fullmatch(r"[a-z0-9_.]{1,99}", last) else "unknown"
    return SessionEnd(form["sessionId"], form["status"], screen)


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form body, each there once."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=40,
        )
    except ValueError as error:
        raise BadCallback("the body is not a form in UTF-8") from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise BadCallback("a field is there twice")
    return form


def _check(form: Mapping[str, str], fields: Mapping[str, re.Pattern[str]]) -> None:
    missing = [name for name in fields if name not in form]
    if missing:
        raise BadCallback(f"missing {', '.join(missing)}")
    if form["phoneNumber"].startswith(" "):
        raise BadCallback("phoneNumber has a space where + was not encoded as %2B")
    wrong = [name for name, shape in fields.items() if not shape.fullmatch(form[name])]
    if wrong:
        raise BadCallback(f"not understood: {', '.join(wrong)}")
