"""The simulator's control calls outlive its database: an outage or a deadlock only delays them."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text
from sqlalchemy.engine.interfaces import ExceptionContext
from werkzeug.test import TestResponse

from operations.embedded.services import Services
from simulator.database import create_schema, retry_while_unavailable
from simulator.fault_injection import CALLBACK_FAULTS, draw_faults
from simulator.runtime import SimulatorRuntime
from tests.support.services import inside, on_server, url_of

FAULT = {"provider": "safaricom", "name": "drop_callback"}
ControlCall = Callable[[FlaskClient], TestResponse]
CONTROL_CALLS: dict[str, ControlCall] = {
    "list": lambda providers: providers.get("/_ctl/faults"),
    "add": lambda providers: providers.post("/_ctl/faults", json=FAULT),
    "clear": lambda providers: providers.delete("/_ctl/faults"),
}


def test_the_schema_can_be_created_again(runtime: SimulatorRuntime) -> None:
    create_schema(runtime.engine)


@contextmanager
def database_outage(services: Services, engine: Engine) -> Iterator[threading.Event]:
    """The database accepts no connection and has ended those it had, as after a kill.

    The event is set when the engine meets the first error.
    """
    name = str(engine.url.database)
    met_error = threading.Event()

    def note_error(context: ExceptionContext) -> None:
        met_error.set()

    event.listen(engine, "handle_error", note_error)
    on_server(services, "ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
    try:
        with inside(url_of(services, "postgres")) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
        yield met_error
    finally:
        on_server(services, "ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
        event.remove(engine, "handle_error", note_error)


@pytest.mark.parametrize("call", CONTROL_CALLS.values(), ids=CONTROL_CALLS)
def test_a_control_call_during_an_outage_is_done_once_the_database_is_back(
    migrated: Services, runtime: SimulatorRuntime, providers: FlaskClient, call: ControlCall
) -> None:
    with ThreadPoolExecutor(1) as caller:
        with database_outage(migrated, runtime.engine) as met_error:
            reply = caller.submit(call, providers)
            assert met_error.wait(10)
        assert reply.result(20).status_code in (200, 201)


def test_a_database_that_does_not_come_back_is_reported_as_503(
    migrated: Services,
    runtime: SimulatorRuntime,
    providers: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simulator.database.PATIENCE_SECONDS", 0.3)
    with database_outage(migrated, runtime.engine):
        reply = providers.get("/_ctl/faults")
    assert (reply.status_code, reply.json) == (503, {"error": "the database does not answer"})


def test_an_error_of_the_statement_itself_is_not_retried(runtime: SimulatorRuntime) -> None:
    attempts = []

    def wrong_statement() -> None:
        attempts.append(1)
        with runtime.engine.begin() as connection:
            connection.execute(text("SELECT * FROM simulator.no_such_table"))

    with pytest.raises(Exception, match="no_such_table"):
        retry_while_unavailable(wrong_statement)
    assert len(attempts) == 1


def test_clearing_faults_never_deadlocks_with_calls_that_draw_them(
    runtime: SimulatorRuntime, providers: FlaskClient
) -> None:
    """The rows move on every draw, so two draws find them in different order."""
    errors: list[BaseException] = []
    cleared = threading.Event()

    def note_error(context: ExceptionContext) -> None:
        errors.append(context.original_exception)

    def keep_drawing() -> None:
        while not cleared.is_set():
            draw_faults(runtime.engine, CALLBACK_FAULTS, "safaricom", "paybill")

    event.listen(runtime.engine, "handle_error", note_error)
    try:
        with ThreadPoolExecutor(4) as callers:
            drawing = [callers.submit(keep_drawing) for _ in range(4)]
            for _ in range(20):
                for name in CALLBACK_FAULTS:
                    providers.post("/_ctl/faults", json=FAULT | {"name": name, "share": 0.5})
                providers.delete("/_ctl/faults")
            cleared.set()
            for draws in drawing:
                draws.result()
    finally:
        event.remove(runtime.engine, "handle_error", note_error)
    assert errors == []
