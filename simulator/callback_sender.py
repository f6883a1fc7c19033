"""Sends the callbacks of the simulated providers to the gateway."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from sqlalchemy import Engine, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from simulator.callback_queue import claim_callbacks, record_attempt
from simulator.pawapay.signing import signature_headers
from simulator.runtime import SimulatorRuntime

_IDLE_SECONDS = 0.2
_CLAIM_LIMIT = 100
_log = logging.getLogger(__name__)


def send_now(runtime: SimulatorRuntime, ids: Iterable[int]) -> None:
    """Make the first attempt for these callbacks while the caller waits.

    What fails, is not due yet or was claimed by the sender thread is left to that thread.
    """
    send_callbacks(runtime.engine, ids, runtime.settings.callback_seconds)


def send_callbacks(engine: Engine, ids: Iterable[int], timeout_seconds: float) -> None:
    """Send those of `ids` that are due and not leased, one after the other."""
    for callback in claim_callbacks(engine, list(ids), _CLAIM_LIMIT):
        _send_callback(engine, callback, timeout_seconds)


def send_due_callbacks(engine: Engine, timeout_seconds: float) -> int:
    """Send the callbacks that are due, in order, up to 100. Returns how many were sent."""
    callbacks = claim_callbacks(engine, None, _CLAIM_LIMIT)
    for callback in callbacks:
        _send_callback(engine, callback, timeout_seconds)
    return len(callbacks)


def _send_callback(engine: Engine, callback: Row[Any], timeout_seconds: float) -> None:
    record_attempt(engine, callback, _post_callback(callback, timeout_seconds))


def _post_callback(callback: Row[Any], timeout_seconds: float) -> str:
    """The HTTP status as text, or the name of the error."""
    body, headers = callback.body.encode(), {"Content-Type": callback.content_type}
    if callback.signing_secret:
        headers |= signature_headers(
            callback.signing_secret, callback.url, callback.content_type, body
        )
    try:
        reply = requests.post(callback.url, data=body, headers=headers, timeout=timeout_seconds)
    except requests.RequestException as error:
        return type(error).__name__
    return str(reply.status_code)


class CallbackSender:
    """A thread that sends due callbacks, up to `parallel` at a time, until it is stopped.

    Before each round it calls `before_round` (the app closes expired prompts with it).
    """

    def __init__(
        self,
        engine: Engine,
        before_round: Callable[[], object],
        timeout_seconds: float,
        parallel: int = 8,
    ) -> None:
        self._engine = engine
        self._before_round = before_round
        self._timeout_seconds = timeout_seconds
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="callback-sender")
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run_thread, name="callback-sender", daemon=True
        )
        self._claim_limit = parallel * 4

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests under way and stop. Other callbacks stay in the table."""
        self._stopped.set()
        self._thread.join()
        self._pool.shutdown()

    def _run_thread(self) -> None:
        while not self._stopped.is_set():
            try:
                sent = self._run_round()
            except (DBAPIError, PoolTimeout) as error:
                _log.warning("the database does not answer: %s", error)
                sent = 0
            if not sent:
                self._stopped.wait(_IDLE_SECONDS)

    def _run_round(self) -> int:
        self._before_round()
        callbacks = claim_callbacks(self._engine, None, self._claim_limit)
        list(self._pool.map(self._send_claimed, callbacks))
        return len(callbacks)

    def _send_claimed(self, callback: Row[Any]) -> None:
        _send_callback(self._engine, callback, self._timeout_seconds)
