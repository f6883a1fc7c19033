"""The processes of a deployment, as Procfile starts them, on services of their own that a test may
kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from operations.embedded.locations import free_port
from operations.embedded.services import Services
from tests.support.endpoint_settings import distinct_keys
from tests.support.standins import closed_port_url

PATIENCE_S = 60.0


@dataclass
class Deployment:
    """`settings` are those of every process, which has the addresses of its role besides; `log` is
    where all of them write."""

    services: Services
    log: Path
    settings: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nowhere = closed_port_url()
        self.settings = {
            "PORT": str(free_port()),
            "WEB_WORKERS": "2",
            "PUBLIC_URL": nowhere,
            **distinct_keys(),
            "USSD_AGGREGATORS": "africastalking",
            "PROOF_SECRET": "proof-secret-of-this-test",
            "DEVICE_KEY_SECRET": "A" * 43 + "=",
            "PIN_PEPPER": "pepper",
            "STS_VENDING_KEY_600000": "ab" * 20,
            "AT_USERNAME": "jua",
            "AT_API_KEY": "at-api-key-of-this-test",
            "AT_BASE_URL": nowhere,
            "DARAJA_BASE_URL": nowhere,
            "DARAJA_CONSUMER_KEY": "consumer-key-of-this-test",
            "DARAJA_CONSUMER_SECRET": "consumer-secret-of-this-test",
            "DARAJA_SHORTCODE": "600123",
            "DARAJA_PASSKEY": "passkey-of-this-test",
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings['PORT']}"

    def start(self, *verbs: str) -> None:
        for verb in verbs:
            with self.log.open("ab") as log:
                self.processes[verb] = subprocess.Popen(
                    [sys.executable, "-m", "operations.cli", *verb.split()],
                    env=os.environ | self.settings | self._of_role(verb),
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def _of_role(self, verb: str) -> dict[str, str]:
        """The addresses with the role of the process; the owner's for a migration."""
        if verb != "migrate":
            return self.services.settings_of("web" if verb == "web" else "worker")
        return {"DATABASE_URL": self.services.database_url, "REDIS_URL": self.services.redis_url}

    def stop(self, *verbs: str) -> list[int]:
        """Ask these to stop; their exit codes once they have."""
        for verb in verbs:
            self.processes[verb].send_signal(signal.SIGTERM)
        return [self.processes[verb].wait(PATIENCE_S) for verb in verbs]

    def kill(self, *verbs: str) -> None:
        """Without warning, with whatever they have started in their group."""
        for verb in verbs:
            with suppress(ProcessLookupError):
                os.killpg(self.processes[verb].pid, signal.SIGKILL)
            self.processes[verb].wait()

    def readiness(self) -> tuple[int, dict[str, Any]]:
        """What `/readyz` says; status 0 while no server answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)
        except OSError:
            return 0, {}

    def wait_until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first answer of `/readyz` of which this holds."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            _, found = self.readiness()
            if found and holds(found):
                return found
            assert time.monotonic() < deadline, f"{found}\n{self.log.read_text()}"
            time.sleep(0.05)


def down(found: dict[str, Any]) -> set[str]:
    """The names of what is not ok."""
    return {name for name, check in found.items() if name != "ready" and not check["ok"]}
