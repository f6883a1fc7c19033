"""A deployment under attack: the processes of the Procfile, each with the settings it needs only.

The stand-in providers have a database of their own on the same server.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from core.db.engine import make_engine
from gateway.work_queues import QUEUES
from operations.demo import load_demo
from operations.embedded.locations import free_port
from operations.embedded.prepare import add_first_user
from operations.embedded.processes import Process
from operations.embedded.services import Services, embedded_services
from operations.embedded.settings import write_settings
from tests.support.services import folder_in_reach

PATIENCE_S = 60.0
_DIALWATT = (sys.executable, "-m", "operations.cli")
_DEVICE_KEYS = ("DEVICE_KEY_SECRET", "STS_VENDING_KEY_")
_CREDENTIALS = (
    *("AT_API_KEY", "DARAJA_CONSUMER_", "DARAJA_PASSKEY", "DARAJA_INITIATOR", "DARAJA_SECURITY_"),
    *("MTN_API_", "MTN_SUBSCRIPTION_KEY", "AIRTEL_CLIENT_", "PAWAPAY_API_TOKEN"),
)
# What the web process does not get: a break-in there must not find it.
_FOR_WORKERS = (*_DEVICE_KEYS, *_CREDENTIALS, "SIMULATOR_", "CONSOLE_PASSWORD")


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered, and after how many seconds."""

    status: int
    text: str
    headers: Mapping[str, str]
    seconds: float


@dataclass
class Deployment:
    """`settings` are those of an operator at the shell, who has the owner's addresses."""

    services: Services
    folder: Path
    settings: dict[str, str]
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.settings["PORT"])

    @property
    def log(self) -> Path:
        """Where all processes write."""
        return self.folder / "processes.log"

    def of_web(self) -> dict[str, str]:
        """The settings of the web process."""
        return {
            name: value
            for name, value in (self.settings | self.services.settings_of("web")).items()
            if not name.startswith(_FOR_WORKERS)
        }

    def of_worker(self, queue: str = "") -> dict[str, str]:
        """The settings of the workers and the schedule: device keys for the queue of payments,
        credentials for those that call others."""
        others = _CREDENTIALS if queue == "payments" else _DEVICE_KEYS
        given = self.settings | self.services.settings_of("worker")
        return {
            name: value for name, value in given.items() if not (queue and name.startswith(others))
        }

    def start(self, name: str, **changed: str) -> None:
        """Start a process, or start it again, with some settings changed, and wait until it
        answers."""
        if name in self.processes:
            self.processes[name].end_group()
        verb, _, queue = name.partition("-")
        settings = (self.of_web() if name == "web" else self.of_worker(queue)) | changed
        command = {
            "web": [*_DIALWATT, "web"],
            "worker": [*_DIALWATT, "worker", queue],
            "schedule": [*_DIALWATT, "schedule"],
            "providers": [sys.executable, "-m", "simulator.app"],
        }[verb]
        inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        self.processes[name] = Process(name, command, env=inherited | settings, output=self.log)
        self.processes[name].start()
        if name == "web":
            self.wait_until(lambda: self.get("/healthz").status == 200, "web does not answer")

    def stop(self) -> None:
        """End all processes."""
        for process in self.processes.values():
            process.end_group()

    def dialwatt(
        self, *words: str, typed: str = "", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as an operator at the shell does, with further settings; `typed` is its
        standard input."""
        return subprocess.run(
            [*_DIALWATT, *words],
            env=os.environ | self.settings | settings,
            capture_output=True,
            text=True,
            input=typed,
            check=False,
            timeout=PATIENCE_S,
        )

    def migrate(self) -> subprocess.CompletedProcess[str]:
        """Bring the schema up to date and make the roles, with their passwords."""
        passwords = self.services.passwords
        given = {f"DATABASE_{role.upper()}_PASSWORD": passwords[role] for role in passwords}
        return self.dialwatt("migrate", **given)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = PATIENCE_S,
    ) -> Answer:
        """One request on a connection of its own. Raises OSError where nothing answers in time."""
        began = time.monotonic()
        with closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        ) as connection:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
            return Answer(answer.status, text, dict(answer.getheaders()), time.monotonic() - began)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        """Send a form, as a browser or an aggregator does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urllib.parse.urlencode(form).encode(), kind | headers)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds, asked as the owner of the database."""
        with psycopg.connect(self.services.conninfo, autocommit=True) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def wait_until(self, holds: Any, complaint: str, patience_s: float = PATIENCE_S) -> None:
        """Wait until `holds()` is true. Raises AssertionError with the end of the log."""
        deadline = time.monotonic() + patience_s
        while not _true(holds):
            if time.monotonic() > deadline:
                raise AssertionError(f"{complaint}\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)


def _true(holds: Any) -> bool:
    try:
        return bool(holds())
    except OSError:
        return False


@contextmanager
def start_deployment() -> Iterator[Deployment]:
    """A running deployment with the demo's people; everything is ended and removed afterwards."""
    with folder_in_reach() as folder, embedded_services(folder / "services") as services:
        settings = write_settings({}, folder, services, free_port())
        deployment = Deployment(services, folder, settings)
        migrated = deployment.migrate()
        assert migrated.returncode == 0, migrated.stderr
        engine = make_engine(settings["DATABASE_URL"], pool_size=0)
        load_demo(engine, settings)
        add_first_user(engine, settings)
        try:
            deployment.start("providers", DATABASE_URL=_database_of_providers(services))
            workers = [f"worker-{queue}" for queue in QUEUES]
            for name in ("web", *workers, "schedule"):
                deployment.start(name)
            yield deployment
        finally:
            deployment.stop()


def _database_of_providers(services: Services) -> str:
    with psycopg.connect(services.conninfo, autocommit=True) as connection:
        connection.execute("CREATE DATABASE providers")
    head, slash, tail = services.database_url.rpartition("/dialwatt")
    return f"{head}/providers{tail}" if slash else services.database_url
