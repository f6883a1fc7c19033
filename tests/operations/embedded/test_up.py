"""`dialwatt up` as a newcomer starts it: real processes, one payment to its end, a clean stop."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from operations.embedded.locations import free_port
from tests.support.services import folder_in_reach

pytestmark = pytest.mark.slow

PATIENCE_S = 60.0


class SetUp:
    """A running embedded set-up on a folder and a port of its own."""

    def __init__(self, data: str, port: int, demo: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.env = os.environ | {
            "DIALWATT_DATA": data,
            "PORT": str(port),
            "DIALWATT_DEMO": demo,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "operations.cli", "up"],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for_line(self, wanted: str) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if wanted in line:
                return
        raise AssertionError(f"it ended ({self.process.wait()}) without saying {wanted!r}")

    def call(self, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def wait_for_text(self, msisdn: str, wanted: str) -> str:
        """The first text to this number that holds these words: reminders come by day as well."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            texts = [message["text"] for message in self.call(f"/phone/api/{msisdn}/messages")]
            if found := [text for text in texts if wanted in text]:
                text: str = found[0]
                return text
            time.sleep(0.05)
        raise AssertionError(f"no text with {wanted!r} came")

    def dialwatt(self, *words: str) -> str:
        command = [sys.executable, "-m", "operations.cli", *words]
        return subprocess.run(
            command, env=self.env, check=True, capture_output=True, text=True
        ).stdout

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def start() -> Iterator[Any]:
    """Starts a set-up; whatever still runs at the end is killed."""
    with folder_in_reach() as folder:
        started = []

        def start(demo: str = "1") -> SetUp:
            started.append(SetUp(str(folder / "var"), free_port(), demo))
            return started[-1]

        yield start
        for set_up in started:
            set_up.process.kill()
            set_up.process.wait()
            assert set_up.process.stdout is not None
            set_up.process.stdout.close()


def mentions(folder: str) -> list[str]:
    """Command lines of running processes that name this folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                command = line.read().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if folder in command:
            found.append(command)
    return found


def test_a_payment_by_paybill_becomes_a_token_that_the_meter_takes_and_nothing_is_left(
    start: Any,
) -> None:
    up = start()
    up.wait_for_line("Ctrl-C stops everything")
    cast = {person["name"]: person for person in up.call("/phone/api/cast")}
    amina = cast["Amina Odhiambo"]
    serial = amina["devices"][0]["serial"]

    body = {"account": serial, "amount": "500.00"}
    paid = up.call(f"/phone/api/{amina['msisdn']}/paybill", body)
    assert paid["accepted"]
    body = {"account": "WRONG", "amount": "500.00"}
    refused = up.call(f"/phone/api/{amina['msisdn']}/paybill", body)
    assert (refused["accepted"], refused["code"]) == (False, "C2B00012")

    text = up.wait_for_text(amina["msisdn"], "Token")
    token = re.search(r"Token ([\d ]+) for", text)
    assert token is not None
    code = token[1]
    device = up.call(f"/phone/api/devices/{serial}/keypad", {"code": code})
    assert device["accepted"]
    assert f"{device['kwh']} kWh" in text
    story = json.loads(up.dialwatt("show", "payment", paid["receipt"], "--json"))
    assert (story["state"], story["tokens"][0]["kwh"]) == ("applied", device["kwh"])
    assert json.loads(up.dialwatt("doctor", "--json"))["ok"]
    with urllib.request.urlopen(f"{up.url}/phone/", timeout=20) as page:
        assert b"<script" in page.read()

    assert up.stop() == 0
    assert mentions(up.env["DIALWATT_DATA"]) == []


def test_started_again_it_has_kept_its_books_and_its_devices(start: Any) -> None:
    first = start()
    first.wait_for_line("Ctrl-C stops everything")
    chidi = next(
        person for person in first.call("/phone/api/cast") if person["name"].startswith("Chidi")
    )
    serial = chidi["devices"][0]["serial"]
    body = {"account": serial, "amount": "500.00"}
    first.call(f"/phone/api/{chidi['msisdn']}/paybill", body)
    token = re.search(r"Token ([\d ]+) for", first.wait_for_text(chidi["msisdn"], "Token"))
    assert token is not None
    code = token[1]
    first.stop()

    again = start()
    again.wait_for_line("Ctrl-C stops everything")

    device = again.call(f"/phone/api/devices/{serial}/keypad", {"code": code})
    assert (device["accepted"], device["unlocked"]) == (True, True)
    again.stop()
