"""What an adapter for an aggregator does: decode its callbacks, encode our answers.

    decode(sent: bytes) -> UssdRequest | SessionEnd     raises BadCallback
    encode(request: UssdRequest, reply: UssdReply) -> Response

`sent` is the body of a POST or the query of a GET. An adapter knows only the aggregator's wire
format. Callbacks that repeat, come out of order or are forged are handled behind it, in the same
way for all aggregators.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import BadCallback
from gateway.parsing import text_field
from gateway.ussd.request import SessionEnd, UssdReply, UssdRequest

SESSION_ID = r"[A-Za-z0-9_.:-]{1,128}"
NETWORK = r"[A-Za-z0-9 _-]{1,32}"
_NUMBER = r"\+?[1-9][0-9]{6,14}"
_INPUT = r"[^\x00-\x1f\x7f]{0,400}"
Response = tuple[bytes, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Adapter:
    """One aggregator; `name` stands in the address of its callbacks.

    `decode_end` is for an aggregator that reports the end of a session at `/events`. No aggregator
    signs its callbacks: we check the key in the address, and the source address where the operator
    lists the allowed ones.
    """

    name: str
    decode: Callable[[bytes], UssdRequest | SessionEnd]
    encode: Callable[[UssdRequest, UssdReply], Response]
    method: str = "POST"
    decode_end: Callable[[bytes], SessionEnd] | None = None


def read_msisdn(fields: Mapping[str, Any], name: str) -> str:
    """A field with a phone number including its country code, as E.164 with +. Raises
    BadCallback."""
    return f"+{text_field(fields, name, _NUMBER).removeprefix('+')}"


def read_input(fields: Mapping[str, Any], name: str) -> str:
    """A field with what the caller typed or dialled; "" where it is empty. Raises BadCallback where
    the field is missing."""
    if name not in fields:
        raise BadCallback(f"{name} is missing")
    return text_field(fields, name, _INPUT, default="")


def json_response(fields: Mapping[str, Any]) -> Response:
    """An answer whose body is JSON."""
    body = json.dumps(fields, ensure_ascii=False).encode()
    return body, [("Content-Type", "application/json")]
