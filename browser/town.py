"""A town: `dialwatt up` as a newcomer starts it, on a folder and a port of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from operations.embedded.locations import free_port
from tests.support.services import folder_in_reach

PATIENCE_S = 60.0
LAST_WORDS = "Ctrl-C stops everything."
# What a set-up of its own must not inherit: it would talk to somebody else's servers.
_NOT_OURS = ("DATABASE_URL", "REDIS_URL", "DATABASE_URL_FILE", "REDIS_URL_FILE")


@dataclass(frozen=True)
class Town:
    """`password` belongs to the user `owner`."""

    url: str
    password: str
    environment: dict[str, str]

    @property
    def data(self) -> Path:
        return Path(self.environment["DIALWATT_DATA"])

    def pay_bill(self, msisdn: str, account: str, amount: str, *, validated: bool = True) -> str:
        """Somebody pays from their phone; the receipt."""
        body = {"account": account, "amount": amount, "validated": validated}
        request = urllib.request.Request(
            f"{self.url}/phone/api/{msisdn}/paybill",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            told = json.load(answer)
        assert told["accepted"], told
        return str(told["receipt"])

    def dialwatt(self, *words: str, stdin: str = "") -> str:
        """What a command of the operator's prints. Raises CalledProcessError."""
        return subprocess.run(
            [sys.executable, "-m", "operations.cli", *words],
            env=self.environment,
            input=stdin,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=PATIENCE_S,
        ).stdout


@contextmanager
def running_town(**settings: str) -> Iterator[Town]:
    """Serves until the end; `settings` such as DIALWATT_DEMO."""
    with folder_in_reach() as folder:
        environment = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
        environment |= {"DIALWATT_DATA": str(folder / "var"), "PORT": str(free_port()), **settings}
        with subprocess.Popen(
            [sys.executable, "-m", "operations.cli", "up"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as up:
            try:
                told, url = _until_up(up), f"http://127.0.0.1:{environment['PORT']}"
                _until_open(url)
                yield Town(
                    url=url,
                    password=_told(r"log in as owner, password (\S+)", told),
                    environment=environment,
                )
            finally:
                up.send_signal(signal.SIGINT)
                up.wait(2 * PATIENCE_S)


def _until_up(up: subprocess.Popen[str]) -> str:
    told: list[str] = []
    assert up.stdout is not None
    for line in up.stdout:
        told.append(line)
        if line.strip() == LAST_WORDS:
            return "".join(told)
    raise AssertionError(f"dialwatt up did not start: {''.join(told)}")


def _until_open(url: str) -> None:
    """On a busy machine `up` says where it will be before anybody answers there."""
    deadline = time.monotonic() + 2 * PATIENCE_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=PATIENCE_S):
                return
        except OSError:
            assert time.monotonic() < deadline, f"nobody answers at {url}"
            threading.Event().wait(0.2)


def _told(pattern: str, told: str) -> str:
    found = re.search(pattern, told)
    assert found, f"{pattern} was not told: {told}"
    return found[1]
