"""Faults that a test or a torture run asks a stand-in provider to commit.

A fault is a row: which provider, optionally which operation and which phone, how often (`share` of
the draws, decided by `seed`, at most `remaining` times). The same rows and the same order of calls
give the same faults again. Nothing here ever touches the gateway.
"""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request
from sqlalchemy import Engine, Row, text

from simulator.runtime import current_runtime

REPLY_FAULTS = {
    "delay_reply": "seconds to wait before answering",
    "error_reply": "answer with this error code of the provider's and do nothing",
    "fail_before": "HTTP 500, nothing done",
    "fail_after": "everything done, then HTTP 500",
    "lose_reply": "everything done, then the connection is cut",
}
LOOKUP_FAULTS = {"say_pending": "a look-up says that nobody knows yet"}
EARLY_CALLBACK_FAULTS = {"callback_first": "the callback arrives before the answer to the request"}
CALLBACK_FAULTS = {
    "drop_callback": "never sent; value: only this kind (stk, confirmation, delivery), empty: all",
    "delay_callback": "seconds later than usual",
    "repeat_callback": "sent this many times",
    "reverse_callbacks": "the last one first",
    "contradict_callback": "a callback that says the opposite comes before the true one",
    "forge_signature": "signed with a key nobody knows (pawaPay)",
    "payer_form": "how C2B shows the payer: hashed, masked or plain",
}
SMS_FAULTS = {
    "refuse_number": "the text is refused for this number with this status code",
    "report_as": "the delivery report says this status, or status:failureReason",
}
NAMES = REPLY_FAULTS | LOOKUP_FAULTS | EARLY_CALLBACK_FAULTS | CALLBACK_FAULTS | SMS_FAULTS
PROVIDERS = ("safaricom", "mtn", "airtel", "pawapay", "africastalking")

control = Blueprint("faults", __name__, url_prefix="/_ctl")
Faults = Mapping[str, str]


def draw_faults(
    engine: Engine, names: Mapping[str, str], provider: str, operation: str, msisdn: str = ""
) -> Faults:
    """The faults among `names` that strike this call: name -> value. Its own short transaction."""
    drawn = {
        "provider": provider,
        "operation": operation,
        "msisdn": msisdn,
        "names": list(names),
    }
    with engine.begin() as connection:
        hits = [row for row in connection.execute(_DRAW, drawn) if _hits(row)]
        if hits:
            connection.execute(_USE_UP, {"ids": [row.id for row in hits]})
    return {row.name: row.value for row in hits}


def _hits(row: Row[Any]) -> bool:
    return random.Random(f"{row.seed}/{row.draws}").random() < float(row.share)


_DRAW = text("""
    UPDATE simulator.faults SET draws = draws + 1
    WHERE provider = :provider AND name = ANY(:names) AND remaining IS DISTINCT FROM 0
      AND coalesce(operation, :operation) = :operation AND coalesce(msisdn, :msisdn) = :msisdn
    RETURNING id, name, value, share, seed, draws
""")
_USE_UP = text("UPDATE simulator.faults SET remaining = remaining - 1 WHERE id = ANY(:ids)")

View = Callable[..., Any]


def with_reply_faults(
    provider: str, operation: str, error: Callable[[str], Any]
) -> Callable[[View], View]:
    """Make a door commit the faults asked for; `error(code)` builds the provider's error body."""

    def wrap(view: View) -> View:
        @wraps(view)
        def door(**carried: Any) -> Any:
            faults = draw_faults(current_runtime().engine, REPLY_FAULTS, provider, operation)
            time.sleep(float(faults.get("delay_reply", 0)))
            if "error_reply" in faults:
                return error(faults["error_reply"])
            if "fail_before" in faults:
                return _broken()
            return _spoil(make_response(view(**carried)), faults)

        return door

    return wrap


def _spoil(answer: Response, faults: Faults) -> Response:
    if "lose_reply" in faults:
        _cut_connection()
    return _broken() if "fail_after" in faults else answer


def _broken() -> Response:
    return Response("Internal Server Error", status=500, content_type="text/plain")


def _cut_connection() -> None:
    """Close the caller's socket under the server, which then cannot write its answer."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)


@control.get("/faults")
def list_faults() -> Any:
    """Every fault asked for, and what each name means."""
    with current_runtime().engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM simulator.faults ORDER BY id")).mappings()
        return jsonify(names=NAMES, faults=[dict(row) for row in rows])


@control.post("/faults")
def add_fault() -> Any:
    """`{"provider","name"}` and optionally `value, operation, msisdn, share, seed, times`."""
    asked = request.get_json(silent=True) or {}
    if asked.get("provider") not in PROVIDERS or asked.get("name") not in NAMES:
        return jsonify(error=f"provider is one of {PROVIDERS}, name one of {sorted(NAMES)}"), 400
    with current_runtime().engine.begin() as connection:
        return jsonify(id=connection.execute(_ADD, _fault_row(asked)).scalar_one()), 201


@control.delete("/faults")
def clear_faults() -> Any:
    """Back to providers that behave."""
    with current_runtime().engine.begin() as connection:
        connection.execute(text("DELETE FROM simulator.faults"))
    return jsonify(faults=[])


def _fault_row(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "provider": asked["provider"],
        "name": asked["name"],
        "value": str(asked.get("value", "")),
        "operation": asked.get("operation"),
        "msisdn": asked.get("msisdn"),
        "share": float(asked.get("share", 1)),
        "seed": int(asked.get("seed", 0)),
        "remaining": asked.get("times"),
    }


_ADD = text("""
    INSERT INTO simulator.faults (provider, name, value, operation, msisdn, share, seed, remaining)
    VALUES (:provider, :name, :value, :operation, :msisdn, :share, :seed, :remaining)
    RETURNING id
""")
