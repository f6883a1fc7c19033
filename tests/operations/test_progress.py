"""Progress of long work: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

import pytest

from operations import progress
from operations.progress import count_lines, progress_bar


@dataclass(frozen=True)
class Terminal:
    """A terminal: commands write to `file`, and `written` is what a person sees of it."""

    file: TextIO
    reader: int

    def written(self) -> str:
        """Everything that was written. The terminal is closed afterwards."""
        self.file.close()
        pieces = []
        with suppress(OSError):  # the end, as Linux tells it
            while piece := os.read(self.reader, 10_000):
                pieces.append(piece)
        return b"".join(pieces).decode()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    reader, writer = pty.openpty()
    with os.fdopen(writer, "w") as file:
        yield Terminal(file, reader)
    os.close(reader)


def test_a_terminal_shows_a_bar_that_ends_full(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", terminal.file)

    with progress_bar("devices", 200) as show_done:
        show_done(50)
        show_done(100)

    written = terminal.written()
    assert "devices" in written
    assert " 25%" in written
    assert written.rstrip().removesuffix("\x1b[?25h").endswith("100%")


def test_a_bar_of_work_that_failed_does_not_end_full(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", terminal.file)

    with suppress(ValueError), progress_bar("devices", 200) as show_done:
        show_done(50)
        raise ValueError("bad line")

    written = terminal.written()
    assert " 25%" in written
    assert "100%" not in written


def test_a_file_gets_lines_without_control_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0)

    with progress_bar("devices", 200) as show_done:
        show_done(50)
    count_lines("fees")(7)

    assert capsys.readouterr() == ("", "devices: 50 of 200\n7 fees so far ...\n")


def test_short_work_writes_nothing_into_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("devices", 200) as show_done:
        show_done(200)

    assert capsys.readouterr() == ("", "")
