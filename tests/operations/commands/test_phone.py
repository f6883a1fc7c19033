"""`dialwatt phone` finds a gateway, or says what is missing; a person plays at a terminal."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from operations import cli
from tests.support.standins import closed_port_url, served


class Gateway:
    """A gateway without simulated phones: it greets, and remembers what it was told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        if not path.startswith("/ussd/africastalking/k3y"):
            start_response("404 Not Found", [])
            return [b"not found"]
        form = {name: values[0] for name, values in parse_qs(body, True).items()}
        self.requests.append((path.removeprefix("/ussd/africastalking/k3y"), form))
        start_response("200 OK", [("at-ussd-hop-metadata", "home")])
        return [b"CON Hello" if form["text"] == "" else b"nonsense"]


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def url(gateway: Gateway) -> Iterator[str]:
    with served(gateway) as url:
        yield url


@pytest.fixture
def phone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def run(script: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(script))
        code = cli.main(["phone", *words])
        return code, *capsys.readouterr()

    return run


def test_what_is_no_journey_is_refused_with_its_line(
    phone: Callable[..., tuple[int, str, str]], url: str
) -> None:
    code, _, printed = phone("pay 500\n", "--url", url, "--key", "k3y", "--code", "*1#")

    assert code == 1
    assert "line 1: 'pay' is nothing a journey knows" in printed
    assert "tests/journeys" in printed


def test_any_gateway_is_dialled_as_its_aggregator_would(
    url: str, gateway: Gateway, phone: Callable[..., tuple[int, str, str]]
) -> None:
    named = ("--url", url, "--key", "k3y", "--code", "*7#", "--network", "63903")
    code, out, _ = phone("dial *7#\n", "+254711000009", *named)

    assert (code, out) == (0, "phone +254711000009\ndial *7#\nCON Hello\n")
    (_, dialled), (events, ended) = gateway.requests
    assert (dialled["phoneNumber"], dialled["networkCode"]) == ("+254711000009", "63903")
    assert (events, ended["status"], ended["sessionId"]) == (
        "/events",
        "Incomplete",
        dialled["sessionId"],
    )
    assert (ended["hopsCount"], ended["hopsMetadata"]) == ("1", "home")


def test_what_is_no_ussd_answer_ends_the_call_as_failed(
    url: str, gateway: Gateway, phone: Callable[..., tuple[int, str, str]]
) -> None:
    named = ("--url", url, "--key", "k3y", "--code", "*7#")
    code, _, err = phone("*7#\n1\n", "+254711000009", *named)

    assert code == 1
    assert "line 2: that is no USSD answer: HTTP 200: 'nonsense'" in err
    assert gateway.requests[-1][1]["status"] == "Failed"


def test_a_real_gateway_is_not_dialled_unless_it_was_named(
    url: str,
    gateway: Gateway,
    phone: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user@127.0.0.1:1/none")
    monkeypatch.setenv("PUBLIC_URL", url)
    code, _, err = phone("*7#\n", "+254711000009")

    assert (code, gateway.requests) == (1, [])
    assert "--key" in err


def test_what_needs_simulated_phones_says_so(
    url: str, phone: Callable[..., tuple[int, str, str]]
) -> None:
    named = ("--url", url, "--key", "k3y", "--code", "*7#")
    code, _, err = phone("sms +254711000009\n", "+254711000009", *named)
    assert code == 1
    assert "has no simulated phones" in err


def test_nobody_there_is_told_in_a_line(phone: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = phone("", "--url", closed_port_url())
    assert code == 1
    assert "no answer from http://" in err
    assert "Traceback" not in err


def test_the_transcript_is_closed_to_others(
    url: str, phone: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "played.txt"
    named = ("--url", url, "--key", "k3y", "--code", "*7#", "--transcript", str(path))
    assert phone("*7#\n", "+254711000009", *named)[0] == 0
    assert path.stat().st_mode & 0o777 == 0o600
    code, _, err = phone("", *named[:-1], str(tmp_path / "none" / "played.txt"))
    assert code == 1
    assert "cannot write" in err


def test_at_a_terminal_lines_are_answers_and_the_end_of_input_hangs_up(
    url: str, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outside, inside = os.openpty()
    with os.fdopen(inside, "r") as keyboard, os.fdopen(outside, "w") as typing:
        monkeypatch.setattr("sys.stdin", keyboard)

        def type_all() -> None:
            typing.write("help\n*7#\n\x04shout\nquit\n")
            typing.flush()

        threading.Thread(target=type_all).start()
        named = ["--url", url, "--key", "k3y", "--code", "*7#"]
        assert cli.main(["phone", "+254711000009", *named]) == 0

    out = capsys.readouterr().out
    assert "*7*1*500#" in out
    assert "  | Hello\nanswer> \n(hung up)\n" in out
    assert "Unknown command; `help` lists" in out
    assert out.endswith("as a journey:\n\nphone +254711000009\ndial *7#\nCON Hello\n")
    assert [path for path, _ in gateway.requests] == ["", "/events"]
