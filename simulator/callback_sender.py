"""The postman: delivers the requests that stand-in providers owe the gateway.

A callback is a row, committed together with what it tells about, so killing any process loses none.
It is claimed by moving its due time ahead (a lease), posted with no transaction open, and then
closed or put back. Like the real providers it delivers at least once, never exactly once.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from sqlalchemy import Connection, Engine, Row, text
from sqlalchemy.exc import DBAPIError

from simulator.pawapay.signing import signature_headers

LEASE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 60
_IDLE_SECONDS = 0.2
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Callback:
    """A request to make: tried `attempts_allowed` times, `pause_seconds` (doubling) apart, each
    time signed anew where there is a secret to sign with."""

    kind: str
    url: str
    content_type: str
    body: str
    attempts_allowed: int = 5
    pause_seconds: float = 1
    signing_secret: str = ""


def json_callback(kind: str, url: str, document: object) -> Callback:
    """A JSON body, as Safaricom posts."""
    return Callback(kind, url, "application/json", json.dumps(document))


def form_callback(kind: str, url: str, fields: dict[str, str], attempts_allowed: int) -> Callback:
    """A form body, as Africa's Talking posts."""
    form = "application/x-www-form-urlencoded"
    return Callback(kind, url, form, urlencode(fields), attempts_allowed)


def queue_callback(connection: Connection, callback: Callback, after_seconds: float = 0) -> int:
    """Write the callback down in the caller's transaction; due after `after_seconds`. Its id."""
    row = {
        "kind": callback.kind,
        "url": callback.url,
        "content_type": callback.content_type,
        "body": callback.body,
        "allowed": callback.attempts_allowed,
        "pause": callback.pause_seconds,
        "signing": callback.signing_secret,
        "after": after_seconds,
    }
    return int(connection.execute(_HAND_OVER, row).scalar_one())


_HAND_OVER = text("""
    INSERT INTO simulator.callbacks
        (kind, url, content_type, body, due_at, attempts_allowed, pause_seconds, signing_secret)
    VALUES (:kind, :url, :content_type, :body,
            clock_timestamp() + make_interval(secs => :after), :allowed, :pause, :signing)
    RETURNING id
""")
_CLAIM = text("""
    UPDATE simulator.callbacks
    SET due_at = clock_timestamp() + make_interval(secs => :lease), attempts = attempts + 1
    WHERE id IN (SELECT id FROM simulator.callbacks
                 WHERE closed_at IS NULL AND due_at <= clock_timestamp()
                   AND (:any OR id = ANY(:ids))
                 ORDER BY due_at, id LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING id, url, content_type, body, attempts, attempts_allowed, pause_seconds, signing_secret
""")
_CLOSE = text("""
    UPDATE simulator.callbacks SET closed_at = clock_timestamp(), last_answer = :answer
    WHERE id = :id
""")
_PUT_BACK = text("""
    UPDATE simulator.callbacks
    SET due_at = clock_timestamp() + make_interval(secs => :pause), last_answer = :answer
    WHERE id = :id
""")


def deliver(engine: Engine, ids: Iterable[int], timeout_seconds: float) -> None:
    """Post these callbacks now, one after the other, as far as they are due and nobody has them."""
    for row in _claim(engine, list(ids), most=100):
        _post(engine, row, timeout_seconds)


def send_due_callbacks(engine: Engine, timeout_seconds: float, most: int = 100) -> int:
    """Post whatever is due now, in order; how many were posted."""
    rows = _claim(engine, None, most)
    for row in rows:
        _post(engine, row, timeout_seconds)
    return len(rows)


def _claim(engine: Engine, ids: list[int] | None, most: int) -> list[Row[Any]]:
    chosen = {"lease": LEASE_SECONDS, "any": ids is None, "ids": ids or [], "most": most}
    with engine.begin() as connection:
        return sorted(connection.execute(_CLAIM, chosen), key=lambda row: int(row.id))


def _post(engine: Engine, row: Row[Any], timeout_seconds: float) -> None:
    answer = _answer(row, timeout_seconds)
    with engine.begin() as connection:
        if answer == "200" or row.attempts >= row.attempts_allowed:
            connection.execute(_CLOSE, {"id": row.id, "answer": answer})
        else:
            pause = min(row.pause_seconds * 2 ** (row.attempts - 1), LONGEST_PAUSE_SECONDS)
            connection.execute(_PUT_BACK, {"id": row.id, "answer": answer, "pause": pause})


def _answer(row: Row[Any], timeout_seconds: float) -> str:
    body, headers = row.body.encode(), {"Content-Type": row.content_type}
    if row.signing_secret:
        headers |= signature_headers(row.signing_secret, row.url, row.content_type, body)
    try:
        reply = requests.post(row.url, data=body, headers=headers, timeout=timeout_seconds)
    except requests.RequestException as error:
        return type(error).__name__
    return str(reply.status_code)


class CallbackSender:
    """A thread that runs the clockwork of the stand-ins until told to stop.

    Each round it calls `every_round` (prompts running out) and delivers what is due, up to
    `carriers` requests at a time.
    """

    def __init__(
        self,
        engine: Engine,
        every_round: Callable[[], object],
        timeout_seconds: float,
        carriers: int = 8,
    ) -> None:
        self._engine = engine
        self._every_round = every_round
        self._timeout_seconds = timeout_seconds
        self._carriers = ThreadPoolExecutor(carriers, thread_name_prefix="postman")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
        self._most = carriers * 4

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish what is on the way and stop; what is left stays in the table."""
        self._stopped.set()
        self._thread.join()
        self._carriers.shutdown()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                posted = self._round()
            except DBAPIError as error:
                _log.warning("the database is away: %s", error.orig)
                posted = 0
            if not posted:
                self._stopped.wait(_IDLE_SECONDS)

    def _round(self) -> int:
        self._every_round()
        rows = _claim(self._engine, None, self._most)
        list(self._carriers.map(lambda row: _post(self._engine, row, self._timeout_seconds), rows))
        return len(rows)
