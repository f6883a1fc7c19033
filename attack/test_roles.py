"""A break-in into the web process: what it knows reaches no key, no job and no written row."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError
from rq import Queue
from rq.serializers import JSONSerializer

from attack.deployment import Deployment

# What a break-in would try in the database, with the right to nothing of it.
STATEMENTS = (
    "SELECT sealed_key FROM devices",
    "SELECT starting_code FROM devices",
    "ALTER TABLE audit_log DISABLE TRIGGER ALL",
    "SET session_replication_role = replica",
    "UPDATE postings SET amount_minor = 1",
    "DELETE FROM audit_log",
    "TRUNCATE journal_entries CASCADE",
    "UPDATE payments SET amount_minor = 99999900",
    "INSERT INTO tokens (device_id, kind, units, counter, text, issued_at)"
    " VALUES (1, 'energy', 99990, 999, '1', now())",
    "COPY cases TO PROGRAM 'id'",
    "SELECT pg_read_file('/etc/passwd')",
    "CREATE ROLE intruder SUPERUSER",
)


@pytest.fixture
def inside(deployment: Deployment) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The database as the web process reaches it."""
    url = deployment.of_web()["DATABASE_URL"].replace("+psycopg", "", 1)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def queues(deployment: Deployment) -> Iterator[Redis]:
    """Redis as the web process reaches it."""
    with Redis.from_url(deployment.of_web()["REDIS_URL"]) as redis:
        yield redis


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_what_the_web_process_never_does(
    inside: psycopg.Connection[tuple[object, ...]], statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        inside.execute(statement.encode())


@pytest.mark.parametrize("user", ["postgres", "dialwatt_worker"])
def test_its_password_opens_no_other_role(deployment: Deployment, user: str) -> None:
    url = deployment.of_web()["DATABASE_URL"].replace("+psycopg", "", 1)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url.replace("dialwatt_web:", f"{user}:"))


def test_a_job_of_its_own_is_not_run(deployment: Deployment, queues: Redis) -> None:
    found = deployment.folder / "intruder"
    queue = Queue("payments", connection=queues, serializer=JSONSerializer)
    job = queue.enqueue("os.system", f"touch {found}", result_ttl=0)
    with Redis.from_url(deployment.services.redis_url) as owner:
        deployment.wait_until(
            lambda: job.id.encode() not in owner.lrange(queue.key, 0, -1), "the job was not taken"
        )
    # Something after it is done, so it was refused by then.
    deployment.wait_until(lambda: refused_jobs(deployment) > 0, "nothing was refused")
    assert not found.exists()


def refused_jobs(deployment: Deployment) -> float:
    """How many jobs the workers have refused, as /metrics tells."""
    lines = deployment.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("dialwatt_refused_jobs")]
    return sum(float(line.rpartition(" ")[2]) for line in found)


def test_it_reads_changes_and_takes_back_no_job(queues: Redis) -> None:
    commands = (
        lambda: queues.hgetall("rq:job:x"),
        lambda: queues.delete("rq:queue:payments"),
        lambda: queues.lpop("rq:queue:payments"),
        lambda: queues.set("rq:suspended", "1"),
        lambda: queues.publish("rq:pubsub:x", "shutdown"),
        lambda: queues.keys("*"),
        lambda: queues.flushall(),
        lambda: queues.config_set("dir", "/tmp"),
    )
    for command in commands:
        with pytest.raises((NoPermissionError, ResponseError), match=r"(?i)no permissions"):
            command()


def test_nothing_of_a_worker_is_in_its_environment(deployment: Deployment) -> None:
    of_web = deployment.of_web()
    other = deployment.services.settings_of("worker")
    secret = {name: value for name, value in deployment.settings.items() if name not in of_web}
    assert {"DEVICE_KEY_SECRET", "AT_API_KEY", "DARAJA_PASSKEY"} <= set(secret)
    process = deployment.processes["web"].child
    assert process is not None
    of_process = Path(f"/proc/{process.pid}/environ")
    environment = of_process.read_bytes() if of_process.exists() else b""
    for value in (*secret.values(), *other.values()):
        assert len(value) < 12 or value.encode() not in environment


@pytest.mark.parametrize("process", ["web", "worker", "schedule"])
def test_no_process_starts_with_the_rights_of_the_owner(
    deployment: Deployment, process: str
) -> None:
    command = [sys.executable, "-m", "operations.cli", process]
    if process == "worker":
        command.append("payments")
    port = {"PORT": "0"} if process != "web" else {"PORT": str(deployment.port + 1)}
    ran = subprocess.run(
        command,
        env=os.environ | deployment.settings | port,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 1
    assert "DATABASE_URL is of the owner of the database" in ran.stderr
