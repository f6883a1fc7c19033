"""Callbacks that simulated providers owe the gateway: one row each in `simulator.callbacks`.

A callback is written in the transaction of the event it reports, so killing a process loses none.
The sender claims a row by moving its due time ahead (a lease), posts it with no transaction open,
and then closes the row or makes it due again. As with the real providers a callback arrives at
least once, not exactly once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, Engine, Row, text

from simulator.fault_injection import CALLBACK_FAULTS, Faults, draw_faults
from simulator.runtime import SimulatorRuntime

LEASE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 60
# A private key (hexadecimal) whose public key the gateway does not have.
_UNKNOWN_KEY = "0badc0de"


@dataclass(frozen=True, slots=True)
class Callback:
    """A request to the gateway, tried up to `attempts_allowed` times.

    The pause between attempts starts at `pause_seconds` and doubles. With a `signing_secret` each
    attempt carries a new signature.
    """

    kind: str
    url: str
    content_type: str
    body: str
    attempts_allowed: int = 5
    pause_seconds: float = 1
    signing_secret: str = ""


def json_callback(kind: str, url: str, document: object) -> Callback:
    """A callback with a JSON body, as Safaricom posts it."""
    return Callback(kind, url, "application/json", json.dumps(document))


def form_callback(kind: str, url: str, fields: dict[str, str], attempts_allowed: int) -> Callback:
    """A callback with a form body, as Africa's Talking posts it."""
    form = "application/x-www-form-urlencoded"
    return Callback(kind, url, form, urlencode(fields), attempts_allowed)


def draw_callback_faults(
    runtime: SimulatorRuntime, provider: str, operation: str, msisdn: str
) -> Faults:
    """The faults of the callbacks of one operation. Call it before the transaction opens."""
    return draw_faults(runtime.engine, CALLBACK_FAULTS, provider, operation, msisdn)


def queue_callbacks(
    connection: Connection, callbacks: Sequence[Callback], faults: Faults
) -> list[int]:
    """Write the callbacks with their faults. Returns the ids of the rows, for `send_now`."""
    ordered = reversed(callbacks) if "reverse_callbacks" in faults else callbacks
    if "forge_signature" in faults:
        ordered = [_forge_signature(callback) for callback in ordered]
    delay_seconds = float(faults.get("delay_callback", 0))
    return [
        _insert_callback(connection, callback, delay_seconds)
        for callback in ordered
        if not _is_dropped(callback.kind, faults)
        for _ in range(int(faults.get("repeat_callback", 1)))
    ]


def _forge_signature(callback: Callback) -> Callback:
    return replace(callback, signing_secret=_UNKNOWN_KEY, attempts_allowed=1)


def _is_dropped(kind: str, faults: Faults) -> bool:
    return "drop_callback" in faults and faults["drop_callback"] in ("", kind)


def _insert_callback(connection: Connection, callback: Callback, delay_seconds: float) -> int:
    row = {
        "kind": callback.kind,
        "url": callback.url,
        "content_type": callback.content_type,
        "body": callback.body,
        "allowed": callback.attempts_allowed,
        "pause": callback.pause_seconds,
        "signing": callback.signing_secret,
        "delay": delay_seconds,
    }
    return int(connection.execute(_INSERT, row).scalar_one())


def claim_callbacks(engine: Engine, ids: list[int] | None, limit: int) -> list[Row[Any]]:
    """Lease callbacks that are due, oldest first: those of `ids`, or any when `ids` is None."""
    claim = {"lease": LEASE_SECONDS, "any": ids is None, "ids": ids or [], "limit": limit}
    with engine.begin() as connection:
        return sorted(connection.execute(_CLAIM, claim), key=lambda callback: int(callback.id))


def record_attempt(engine: Engine, callback: Row[Any], outcome: str) -> None:
    """Close the callback when it was accepted or is out of attempts, else make it due again.

    `outcome` is the HTTP status as text, or the name of the connection error.
    """
    with engine.begin() as connection:
        if outcome == "200" or callback.attempts >= callback.attempts_allowed:
            connection.execute(_CLOSE, {"id": callback.id, "outcome": outcome})
        else:
            pause = min(
                callback.pause_seconds * 2 ** (callback.attempts - 1), LONGEST_PAUSE_SECONDS
            )
            retry = {"id": callback.id, "outcome": outcome, "pause": pause}
            connection.execute(_RETRY_LATER, retry)


_INSERT = text("""
    INSERT INTO simulator.callbacks
        (kind, url, content_type, body, due_at, attempts_allowed, pause_seconds, signing_secret)
    VALUES (:kind, :url, :content_type, :body,
            clock_timestamp() + make_interval(secs => :delay), :allowed, :pause, :signing)
    RETURNING id
""")
_CLAIM = text("""
    UPDATE simulator.callbacks
    SET due_at = clock_timestamp() + make_interval(secs => :lease), attempts = attempts + 1
    WHERE id IN (SELECT id FROM simulator.callbacks
                 WHERE closed_at IS NULL AND due_at <= clock_timestamp()
                   AND (:any OR id = ANY(:ids))
                 ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING id, url, content_type, body, attempts, attempts_allowed, pause_seconds, signing_secret
""")
_CLOSE = text("""
    UPDATE simulator.callbacks SET closed_at = clock_timestamp(), last_outcome = :outcome
    WHERE id = :id
""")
_RETRY_LATER = text("""
    UPDATE simulator.callbacks
    SET due_at = clock_timestamp() + make_interval(secs => :pause), last_outcome = :outcome
    WHERE id = :id
""")
