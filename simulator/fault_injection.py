"""Faults that a test or a torture run asks a simulated provider to commit.

A fault is a row: a provider, optionally one operation or one phone, and how often it occurs
(`share` of the draws, decided by `seed`, at most `remaining` times). The same rows and the same
order of calls give the same faults again. Faults never touch the gateway itself.

Tests add and remove faults over HTTP, under `/_ctl/faults`.
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
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.vend import VENDORS
from simulator.database import retry_while_unavailable
from simulator.runtime import current_runtime

REPLY_FAULTS = {
    "delay_reply": "seconds to wait before answering",
    "error_reply": "answer with this error code of the provider's and do nothing",
    "fail_before": "HTTP 500, nothing done",
    "fail_after": "everything done, then HTTP 500",
    "lose_reply": "everything done, then the connection is cut",
}
LOOKUP_FAULTS = {"say_pending": "a look-up answers that the payment is still pending"}
EARLY_CALLBACK_FAULTS = {"callback_first": "the callback arrives before the reply to the request"}
CALLBACK_FAULTS = {
    "drop_callback": "never sent; value: only this kind (stk, confirmation, delivery), empty: all",
    "delay_callback": "seconds later than usual",
    "repeat_callback": "sent this many times",
    "reverse_callbacks": "the last one first",
    "contradict_callback": "a callback that says the opposite comes before the true one",
    "forge_signature": "signed with an unknown key (pawaPay)",
    "payer_form": "how C2B shows the payer: hashed, masked or plain",
}
SMS_FAULTS = {
    "refuse_number": "the message is refused for this number with this status code",
    "report_as": "the delivery report has this status, or status:failureReason",
}
# Of vendors' servers: `operation` is vend, look_up, check, list or login, `msisdn` a serial number.
VENDOR_FAULTS = REPLY_FAULTS | {
    "refuse": "refused in the vendor's own style, for this reason (core.vend.RefusalReason)",
    "expire_login": "the login has ended; nothing done",
    "busy": "HTTP 429, nothing done; value: seconds to wait",
    "slow_reply": "everything done, then seconds to wait before answering",
    "html_reply": "everything done, then an HTML page with status 200",
    "body_reply": "everything done, then this body with status 200",
    "missing_code": "the answer has no code",
    "spaced_code": "the code comes in groups of four, with this between them",
    "code_as_number": "the code is a JSON number",
    "numbers_as_text": "every number is text",
}
FAULT_NAMES = VENDOR_FAULTS | LOOKUP_FAULTS | EARLY_CALLBACK_FAULTS | CALLBACK_FAULTS | SMS_FAULTS
PROVIDERS = ("safaricom", "mtn", "airtel", "pawapay", "africastalking", *VENDORS)

control = Blueprint("faults", __name__, url_prefix="/_ctl")
# The faults of one call: name -> value.
Faults = Mapping[str, str]


def draw_faults(
    engine: Engine, names: Mapping[str, str], provider: str, operation: str, msisdn: str = ""
) -> Faults:
    """The faults among `names` that apply to this call. Opens a short transaction of its own."""
    call = {
        "provider": provider,
        "operation": operation,
        "msisdn": msisdn,
        "names": list(names),
    }
    with engine.begin() as connection:
        drawn = [fault for fault in connection.execute(_DRAW, call) if _is_drawn(fault)]
        if drawn:
            connection.execute(_USE_UP, {"ids": [fault.id for fault in drawn]})
    return {fault.name: fault.value for fault in drawn}


def _is_drawn(fault: Row[Any]) -> bool:
    return random.Random(f"{fault.seed}/{fault.draws}").random() < float(fault.share)


# Rows are locked in the order of their ids, so that two draws cannot deadlock.
_DRAW = text("""
    WITH candidates AS (
        SELECT id FROM simulator.faults
        WHERE provider = :provider AND name = ANY(:names) AND remaining IS DISTINCT FROM 0
          AND coalesce(operation, :operation) = :operation AND coalesce(msisdn, :msisdn) = :msisdn
        ORDER BY id FOR UPDATE
    )
    UPDATE simulator.faults f SET draws = draws + 1 FROM candidates
    WHERE f.id = candidates.id RETURNING f.id, name, value, share, seed, draws
""")
_USE_UP = text("UPDATE simulator.faults SET remaining = remaining - 1 WHERE id = ANY(:ids)")

View = Callable[..., Any]


def with_reply_faults(
    provider: str, operation: str, error_response: Callable[[str], Any]
) -> Callable[[View], View]:
    """A decorator: the view commits the reply faults asked for.

    `error_response(code)` builds the provider's own error response.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def faulty_view(**path_arguments: Any) -> Any:
            faults = draw_faults(current_runtime().engine, REPLY_FAULTS, provider, operation)
            time.sleep(float(faults.get("delay_reply", 0)))
            if "error_reply" in faults:
                return error_response(faults["error_reply"])
            if "fail_before" in faults:
                return server_error()
            return _after_effect(make_response(view(**path_arguments)), faults)

        return faulty_view

    return decorate


def _after_effect(reply: Response, faults: Faults) -> Response:
    if "lose_reply" in faults:
        cut_connection()
    return server_error() if "fail_after" in faults else reply


def server_error() -> Response:
    """An error of the server's, without a word in its own style."""
    return Response("Internal Server Error", status=500, content_type="text/plain")


def cut_connection() -> None:
    """Close the caller's socket under the server, which then cannot write its reply."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)


@control.errorhandler(OperationalError)
@control.errorhandler(InterfaceError)
@control.errorhandler(PoolTimeout)
def _database_down(error: Exception) -> Any:
    return jsonify(error="the database does not answer"), 503


@control.get("/faults")
def list_faults() -> Any:
    """Every fault asked for, and what each name means. Waits while the database is down."""
    return jsonify(names=FAULT_NAMES, faults=retry_while_unavailable(_all_faults))


def _all_faults() -> list[dict[str, Any]]:
    with current_runtime().engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM simulator.faults ORDER BY id")).mappings()
        return [dict(row) for row in rows]


@control.post("/faults")
def add_fault() -> Any:
    """`{"provider","name"}` and optionally `value, operation, msisdn, share, seed, times`.

    Waits while the database is down.
    """
    body = request.get_json(silent=True) or {}
    if body.get("provider") not in PROVIDERS or body.get("name") not in FAULT_NAMES:
        names = sorted(FAULT_NAMES)
        return jsonify(error=f"provider is one of {PROVIDERS}, name one of {names}"), 400
    return jsonify(id=retry_while_unavailable(lambda: _insert_fault(_fault_row(body)))), 201


def _insert_fault(fault: dict[str, Any]) -> int:
    with current_runtime().engine.begin() as connection:
        return int(connection.execute(_INSERT, fault).scalar_one())


@control.delete("/faults")
def clear_faults() -> Any:
    """Remove every fault. Waits while the database is down."""
    retry_while_unavailable(_delete_all)
    return jsonify(faults=[])


def _delete_all() -> None:
    with current_runtime().engine.begin() as connection:
        # Waits for the draws under way; deleting row by row could deadlock with one of them.
        connection.execute(text("LOCK TABLE simulator.faults IN EXCLUSIVE MODE"))
        connection.execute(text("DELETE FROM simulator.faults"))


def _fault_row(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "provider": body["provider"],
        "name": body["name"],
        "value": str(body.get("value", "")),
        "operation": body.get("operation"),
        "msisdn": body.get("msisdn"),
        "share": float(body.get("share", 1)),
        "seed": int(body.get("seed", 0)),
        "remaining": body.get("times"),
    }


_INSERT = text("""
    INSERT INTO simulator.faults (provider, name, value, operation, msisdn, share, seed, remaining)
    VALUES (:provider, :name, :value, :operation, :msisdn, :share, :seed, :remaining)
    RETURNING id
""")
