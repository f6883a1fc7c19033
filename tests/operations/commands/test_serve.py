"""The processes of a deployment, for real: they start, tell the truth about themselves, and stop
without losing what they were doing."""

from __future__ import annotations

import json
import re
import signal
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from core.clock import system_clock
from core.db.engine import migrate
from gateway.work_queues import QUEUES
from operations.embedded.services import Services, embedded_services
from tests.gateway.payments.bodies import c2b
from tests.support.cast import METER, insert_cast
from tests.support.deployment import PATIENCE_S, Deployment, down
from tests.support.services import folder_in_reach

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


@pytest.fixture
def services() -> Iterator[Services]:
    """Servers of this test alone: it kills them."""
    with folder_in_reach() as folder, embedded_services(folder, for_tests=True) as running:
        yield running


@pytest.fixture
def deployment(services: Services, tmp_path: Path) -> Iterator[Deployment]:
    migrate(services.database_url, services.passwords)
    deployment = Deployment(services, tmp_path / "log")
    yield deployment
    deployment.kill(*deployment.processes)


@pytest.fixture
def database(services: Services, deployment: Deployment) -> Iterator[Engine]:
    engine = create_engine(services.database_url)
    with engine.begin() as connection:
        insert_cast(connection, system_clock().date())
    yield engine
    engine.dispose()


def test_every_line_of_the_procfile_starts_and_readyz_names_whatever_is_killed(
    deployment: Deployment, services: Services
) -> None:
    lines = [line.split(": ") for line in (ROOT / "Procfile").read_text().splitlines()]
    workers = [f"worker {queue}" for queue in QUEUES]
    verbs = [line.removeprefix("dialwatt ") for _, line in lines]
    assert verbs == ["migrate", "web", *workers, "schedule"]
    for verb in verbs:
        deployment.start(verb)
        if verb == "migrate":
            assert deployment.processes[verb].wait(PATIENCE_S) == 0
    deployment.wait_until(lambda found: found["ready"])

    deployment.kill("worker sms")
    found = deployment.wait_until(lambda found: down(found) == {"worker"})
    assert found["worker"]["unserved"] == ["sms"]
    deployment.kill("schedule", *workers)
    deployment.wait_until(lambda found: down(found) == {"schedule", "worker"})
    assert deployment.readiness()[0] == 503

    services.valkey.end_group()
    deployment.wait_until(lambda found: down(found) == {"redis", "schedule", "worker"})
    services.valkey.start()
    deployment.start("worker", "schedule")
    deployment.wait_until(lambda found: found["ready"])

    services.postgres.end_group()
    found = deployment.wait_until(lambda found: "database" in down(found))
    assert "redis" not in down(found)
    services.postgres.start()
    deployment.wait_until(lambda found: found["ready"])


def confirm(deployment: Deployment, receipt: str) -> int:
    """Announce a payment of 500 for Amina's meter as Safaricom would; the status."""
    key = deployment.settings["DARAJA_ENDPOINT_KEY"]
    request = urllib.request.Request(
        f"{deployment.url}/payments/daraja/{key}/confirmation",
        json.dumps(c2b(TransID=receipt, BillRefNumber=METER, TransAmount="500.00")).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return int(answer.status)


def wait_for(engine: Engine, query: str, wanted: object) -> None:
    """Until the query's only value is this one."""
    for _ in range(int(PATIENCE_S / 0.05)):
        with engine.connect() as connection:
            found = connection.execute(text(query)).scalar_one()
        if found == wanted:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{query}: {found}, wanted {wanted}")


WAITERS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def test_a_stop_loses_nothing_that_was_being_done_and_logs_hold_no_secret(
    deployment: Deployment, database: Engine
) -> None:
    """A callback and a job wait for a lock while their processes are told to stop."""
    deployment.start("web", "worker")
    deployment.wait_until(lambda found: found["worker"]["ok"])
    with database.connect() as held, held.begin():
        held.execute(text("SELECT FROM customers FOR NO KEY UPDATE"))
        confirm(deployment, "SKE1A2B3C4")
        wait_for(database, WAITERS, 1)
        deployment.processes["worker"].send_signal(signal.SIGTERM)
    assert deployment.processes["worker"].wait(PATIENCE_S) == 0
    wait_for(database, "SELECT state FROM payments", "applied")

    statuses: list[int] = []
    with database.connect() as held, held.begin():
        held.execute(text("LOCK TABLE payments IN ACCESS EXCLUSIVE MODE"))
        caller = threading.Thread(target=lambda: statuses.append(confirm(deployment, "SKE1A2B3C5")))
        caller.start()
        wait_for(database, WAITERS, 1)
        deployment.processes["web"].send_signal(signal.SIGTERM)
        wait_for_line(deployment, "Shutting down granian")
    caller.join(PATIENCE_S)
    assert statuses == [200]
    assert deployment.processes["web"].wait(PATIENCE_S) == 0

    deployment.start("web", "worker", "schedule")
    wait_for(database, "SELECT count(*) FROM payments WHERE state = 'applied'", 2)
    deployment.wait_until(lambda found: found["ready"])
    assert deployment.stop("web", "worker", "schedule") == [0, 0, 0]
    assert_logs(deployment)


def wait_for_line(deployment: Deployment, words: str) -> None:
    for _ in range(int(PATIENCE_S / 0.05)):
        if words in deployment.log.read_text():
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"the log has no {words!r}: {deployment.log.read_text()}")


def assert_logs(deployment: Deployment) -> None:
    """Every line is an object, also the web server's; no setting that is secret is in one."""
    written = deployment.log.read_text()
    lines = [json.loads(line) for line in written.splitlines()]
    assert {"web", "worker"} <= {line["process"].partition("-")[0] for line in lines}
    assert "payment booked" in {line["message"] for line in lines}
    secret = [value for name, value in deployment.settings.items() if re.search("KEY|PASS", name)]
    assert [value for value in secret if len(value) > 7 and value in written] == []
