"""A running installation: `dialwatt up` as a new user starts it, with its own folder and port."""

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

TIMEOUT_S = 60.0
READY_LINE = "Ctrl-C stops everything."
# Settings of other servers, which this installation must not inherit.
_NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "DATABASE_URL_FILE", "REDIS_URL_FILE")


@dataclass(frozen=True)
class Installation:
    """The address of an installation, and the password of the user `owner`."""

    url: str
    password: str
    environment: dict[str, str]

    @property
    def data(self) -> Path:
        return Path(self.environment["DIALWATT_DATA"])

    def pay_bill(self, msisdn: str, account: str, amount: str, *, validated: bool = True) -> str:
        """Pay a bill from that phone, and return the receipt."""
        body = {"account": account, "amount": amount, "validated": validated}
        request = urllib.request.Request(
            f"{self.url}/phone/api/{msisdn}/paybill",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            paid = json.load(answer)
        assert paid["accepted"], paid
        return str(paid["receipt"])

    def dialwatt(self, *words: str, stdin: str = "") -> str:
        """Run a `dialwatt` command and return its output. Raises CalledProcessError."""
        return subprocess.run(
            [sys.executable, "-m", "operations.cli", *words],
            env=self.environment,
            input=stdin,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=TIMEOUT_S,
        ).stdout


@contextmanager
def running_installation(**settings: str) -> Iterator[Installation]:
    """Start an installation with these settings (such as DIALWATT_DEMO) and stop it at the end."""
    with folder_in_reach() as folder:
        environment = {
            name: value for name, value in os.environ.items() if name not in _NOT_INHERITED
        }
        environment |= {"DIALWATT_DATA": str(folder / "var"), "PORT": str(free_port()), **settings}
        with subprocess.Popen(
            [sys.executable, "-m", "operations.cli", "up"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as up:
            try:
                output, url = _wait_until_ready(up), f"http://127.0.0.1:{environment['PORT']}"
                _wait_until_open(url)
                yield Installation(
                    url=url,
                    password=_find_in_output(r"log in as owner, password (\S+)", output),
                    environment=environment,
                )
            finally:
                up.send_signal(signal.SIGINT)
                up.wait(2 * TIMEOUT_S)


def _wait_until_ready(up: subprocess.Popen[str]) -> str:
    lines: list[str] = []
    assert up.stdout is not None
    for line in up.stdout:
        lines.append(line)
        if line.strip() == READY_LINE:
            return "".join(lines)
    raise AssertionError(f"dialwatt up did not start: {''.join(lines)}")


def _wait_until_open(url: str) -> None:
    """Wait for the first response: on a busy machine `up` prints the address before that."""
    deadline = time.monotonic() + 2 * TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=TIMEOUT_S):
                return
        except OSError:
            assert time.monotonic() < deadline, f"no response from {url}"
            threading.Event().wait(0.2)


def _find_in_output(pattern: str, output: str) -> str:
    found = re.search(pattern, output)
    assert found, f"{pattern} is not in the output: {output}"
    return found[1]
