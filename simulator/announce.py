"""Telling the gateway what happened: which callbacks are written down, with the faults asked for.

Used by every stand-in. Faults are drawn before the transaction opens; callbacks are written in the
transaction of what they tell about; the first try comes after its commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from simulator.faults import IN_CALLBACKS, Struck, strike
from simulator.postman import Callback, deliver, hand_over
from simulator.world import World

_NOBODYS = "0badc0de"


def callback_faults(world: World, provider: str, operation: str, msisdn: str) -> Struck:
    """The faults that will spoil these callbacks; `operation` is what the phone did."""
    return strike(world.engine, IN_CALLBACKS, provider, operation, msisdn)


def announce(connection: Connection, callbacks: Sequence[Callback], struck: Struck) -> list[int]:
    """Write the callbacks down; the ids to post after the commit."""
    ordered = reversed(callbacks) if "reverse_callbacks" in struck else callbacks
    if "forge_signature" in struck:
        ordered = [replace(one, signing_secret=_NOBODYS, attempts_allowed=1) for one in ordered]
    delay_seconds = float(struck.get("delay_callback", 0))
    return [
        hand_over(connection, callback, delay_seconds)
        for callback in ordered
        if not _dropped(callback.kind, struck)
        for _ in range(int(struck.get("repeat_callback", 1)))
    ]


def _dropped(kind: str, struck: Struck) -> bool:
    return "drop_callback" in struck and struck["drop_callback"] in ("", kind)


def post_now(world: World, ids: Iterable[int]) -> None:
    """First try, while the caller waits; the postman takes what fails or is not due yet."""
    deliver(world.engine, ids, world.settings.callback_seconds)
