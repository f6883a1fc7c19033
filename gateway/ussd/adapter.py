"""The shape of an aggregator: how its callback is read, how its answer is written.

    decode(sent: bytes) -> UssdRequest | SessionEnd     raises BadCallback
    encode(request: UssdRequest, reply: UssdReply) -> Response

`sent` is the body of a POST or the query of a GET. An adapter knows a wire and nothing else:
whatever repeats, comes out of order or is forged is dealt with behind it, alike for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import BadCallback
from gateway.callbacks import text_field
from gateway.ussd.request import SessionEnd, UssdReply, UssdRequest

SESSION_ID = r"[A-Za-z0-9_.:-]{1,128}"
NETWORK = r"[A-Za-z0-9 _-]{1,32}"
_NUMBER = r"\+?[1-9][0-9]{6,14}"
_INPUT = r"[^\x00-\x1f\x7f]{0,400}"
Response = tuple[bytes, list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Adapter:
    """One aggregator under its name in the address. `decode_end`: it reports ends elsewhere, at
    `/events`. None of them signs anything: the key in the address is what they prove, and the
    addresses they come from where the operator lists them."""

    name: str
    decode: Callable[[bytes], UssdRequest | SessionEnd]
    encode: Callable[[UssdRequest, UssdReply], Response]
    method: str = "POST"
    decode_end: Callable[[bytes], SessionEnd] | None = None


def read_msisdn(fields: Mapping[str, Any], name: str) -> str:
    """A number that comes with its country code, as E.164 with its +. Raises BadCallback."""
    return f"+{text_field(fields, name, _NUMBER).removeprefix('+')}"


def read_input(fields: Mapping[str, Any], name: str) -> str:
    """What somebody typed or dialled; empty where they typed nothing. Raises BadCallback where the
    field is not there at all."""
    if name not in fields:
        raise BadCallback(f"{name} is missing")
    return text_field(fields, name, _INPUT, default="")


def json_response(fields: Mapping[str, Any]) -> Response:
    """An answer in JSON."""
    body = json.dumps(fields, ensure_ascii=False).encode()
    return body, [("Content-Type", "application/json")]
