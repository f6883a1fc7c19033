"""Telling the gateway what happened: which callbacks are written down, with the faults asked for.

Used by every stand-in. Faults are drawn before the transaction opens; callbacks are written in the
transaction of what they tell about; the first try comes after its commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from simulator.callback_sender import Callback, deliver, queue_callback
from simulator.fault_injection import CALLBACK_FAULTS, Faults, draw_faults
from simulator.runtime import SimulatorRuntime

_NOBODYS = "0badc0de"


def draw_callback_faults(
    runtime: SimulatorRuntime, provider: str, operation: str, msisdn: str
) -> Faults:
    """The faults that will spoil these callbacks; `operation` is what the phone did."""
    return draw_faults(runtime.engine, CALLBACK_FAULTS, provider, operation, msisdn)


def queue_callbacks(
    connection: Connection, callbacks: Sequence[Callback], faults: Faults
) -> list[int]:
    """Write the callbacks down; the ids to post after the commit."""
    ordered = reversed(callbacks) if "reverse_callbacks" in faults else callbacks
    if "forge_signature" in faults:
        ordered = [replace(one, signing_secret=_NOBODYS, attempts_allowed=1) for one in ordered]
    delay_seconds = float(faults.get("delay_callback", 0))
    return [
        queue_callback(connection, callback, delay_seconds)
        for callback in ordered
        if not _dropped(callback.kind, faults)
        for _ in range(int(faults.get("repeat_callback", 1)))
    ]


def _dropped(kind: str, faults: Faults) -> bool:
    return "drop_callback" in faults and faults["drop_callback"] in ("", kind)


def send_now(runtime: SimulatorRuntime, ids: Iterable[int]) -> None:
    """First try, while the caller waits; the postman takes what fails or is not due yet."""
    deliver(runtime.engine, ids, runtime.settings.callback_seconds)
