"""The web process of production: `granian --interface rsgi gateway.rsgi:app`.

Made when the server asks for `app`, after it has forked, so that importing this module needs no
settings.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from gateway.app import Gateway, create_app
from gateway.console.app import MAX_FORM_BYTES
from gateway.console.app import PREFIX as CONSOLE
from gateway.gate import LARGEST_BODY
from gateway.serving import sizes
from gateway.serving.lane import Lane, Late, try_later
from gateway.serving.rsgi import Server
from gateway.serving.sizes import Size


def __getattr__(name: str) -> Server:
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = made = make_server(create_app(os.environ))
    return made


def make_server(gateway: Gateway, others: Mapping[str, Lane] | None = None) -> Server:
    """The server of a gateway. `others`: lanes for further addresses, by the first word of the
    path."""

    def lane(name: str, size: Size, side_room: Size | None = None, late: Late = try_later) -> Lane:
        made = Lane(name, gateway, size, late)
        if side_room:
            made.side_room = lane(f"{name}-side", side_room, late=late)
        return made

    lanes = {
        "ussd": lane("ussd", sizes.TURNS, sizes.TURNS_SIDE_ROOM, gateway.late_turn),
        "payments": lane("payments", sizes.PAYMENTS, sizes.PAYMENTS_SIDE_ROOM),
        "sms": lane("sms", sizes.TEXTS, sizes.TEXTS_SIDE_ROOM),
        CONSOLE.strip("/"): lane("console", sizes.CONSOLE),
        "healthz": lane("life", sizes.LIFE),
    } | dict(others or {})
    lanes["ussd"].quick = gateway.quick_turn
    validations, rest = lane("validation", sizes.VALIDATIONS), lane("watch", sizes.WATCH)

    def lane_of(path: str) -> Lane:
        kind = path.split("/", 2)[1] if path.startswith("/") else ""
        if kind == "payments" and path.endswith("/validation"):
            return validations
        return lanes.get(kind, rest)

    return Server(lane_of, [*lanes.values(), validations, rest], gateway.close, largest_body)


def largest_body(path: str) -> int:
    """How many bytes a body at that address may have."""
    return MAX_FORM_BYTES if path.startswith(f"{CONSOLE}/") else LARGEST_BODY
