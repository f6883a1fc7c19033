"""On the whole path of a payment no phone number, token, PIN or key reaches a log line."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from core.logs import LogFormatter
from core.tokens.errors import TokenError
from tests.journeys.conftest import CAST
from tests.journeys.running_gateway import RunningGateway
from tests.support.cast import PEOPLE, VENDING_KEYS
from tests.support.journeys import play

HERE = Path(__file__).parent
PINS = ("4321", "1234")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
KEYS = (bytes(range(16)).hex(), *VENDING_KEYS.values())


class Logs(logging.Handler):
    """Everything anybody logs: as the lines a deployment writes, and our own words before that."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(LogFormatter("test"))
        self.written, self.ours = io.StringIO(), io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.written.write(self.format(record) + "\n")
        if record.name.partition(".")[0] in ("core", "gateway", "workers"):
            self.ours.write(logging.Formatter().format(record) + "\n")


@pytest.fixture
def logs() -> Iterator[Logs]:
    handler, root = Logs(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)  # which also makes loggers forget what they were not to say
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.fixture
def running(open_gateway: Any) -> Iterator[RunningGateway]:
    with open_gateway(CAST) as running:
        yield running


def found_in(lines: str, engine: Engine) -> list[str]:
    """What is in these lines that may not be."""
    with engine.connect() as connection:
        tokens = connection.execute(text("SELECT text FROM tokens")).scalars().all()
        msisdns = connection.execute(text("SELECT msisdn FROM customer_msisdns")).scalars().all()
    assert tokens
    digits = re.sub(r"(?<=\d)[ -](?=\d)", "", lines)
    numbers = {msisdn[1:] for msisdn in (*PEOPLE.values(), *msisdns)}
    secret = [*numbers, *(number[3:] for number in numbers), *tokens, *KEYS]
    found = [text for text in secret if text in lines or text.replace(" ", "") in digits]
    return found + pins_in(lines)


def pins_in(lines: str) -> list[str]:
    """PINs among these lines; four digits in the middle of a job's id are none."""
    logged = _UUID.sub("", lines)
    return [pin for pin in PINS if re.search(rf"(?<![\w.:]){pin}(?![\w.])", logged)]


def test_digits_of_an_id_are_no_pin_and_a_pin_is_one() -> None:
    assert pins_in("job 96ae0b93-d0de-4321-964a-8b56fa96bfb7 to queue texts") == []
    assert pins_in("typed 4321 there") == ["4321"]


@pytest.mark.parametrize(
    "journey", ["pay_meter", "pay_kit_by_long_dial", "agent_collects_cash", "cancelled_prompt"]
)
def test_nothing_secret_is_logged(journey: str, running: RunningGateway, logs: Logs) -> None:
    setup = running.setup("plain")
    play((HERE / f"{journey}.txt").read_text(), setup, "plain")
    if journey == "cancelled_prompt":
        play((HERE / "last_instalment_unlocks.txt").read_text(), setup, "plain")

    assert found_in(logs.ours.getvalue(), running.simulation.engine) == []
    assert found_in(logs.written.getvalue(), running.simulation.engine) == []


def test_nor_when_everything_breaks(
    running: RunningGateway, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error whose words hold what no log may: the second line of defence takes it out."""
    setup = running.setup("plain")
    play((HERE / "pay_meter.txt").read_text(), setup, "plain")

    def broken(*_: object) -> None:
        raise TokenError(f"key {KEYS[0]} of {PEOPLE['Amina']}")

    monkeypatch.setattr("core.usecases.payments.apply.write_applied", broken)
    setup.verbs["paybill"]("Amina KES 500 to 01000000016: 0")
    setup.verbs["silence"]("Baraka")

    lines = [json.loads(line) for line in logs.written.getvalue().splitlines()]
    failed = [line for line in lines if line["message"].startswith("a payment cannot be applied")]
    assert failed
    assert isinstance(failed[0]["payment"], int)
    assert found_in(logs.ours.getvalue(), running.simulation.engine) != []
    assert found_in(logs.written.getvalue(), running.simulation.engine) == []


def test_a_payment_can_be_followed_from_the_request_to_the_worker(
    running: RunningGateway, logs: Logs
) -> None:
    setup = running.setup("plain")
    setup.verbs["paybill"]("Amina KES 500 to 01000000016: 0")
    setup.verbs["sms"]("Amina: ...")

    lines = [json.loads(line) for line in logs.written.getvalue().splitlines()]
    [booked] = [line for line in lines if line["message"] == "payment booked"]
    [answered] = [line for line in lines if line["message"] == "daraja_confirmation: booked"]
    [applied] = [line for line in lines if line["message"] == "payments applied"]
    assert booked["request"] == answered["request"]
    assert booked["endpoint"] == "daraja_confirmation"
    assert booked["payment"] in applied["payments"]
