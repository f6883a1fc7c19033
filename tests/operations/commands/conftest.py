"""Customers and devices that were imported, and importing as an operator does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from operations.cli import main
from tests.operations.commands.csv_lines import AMINA, CUSTOMERS, DEVICES, KEY, METER, STS
from tests.operations.commands.portal_lines import ABOUT, HEADER, Compare, parse_printed
from tests.operations.conftest import Ran
from tests.support.scenario import Scenario


@pytest.fixture
def customers(dialwatt: Callable[..., Ran], loaded: None) -> None:
    lines = f"{AMINA},Amina,Odhiambo,KIB,en\n0722000002,Baraka,Mwangi,,\n"
    assert dialwatt("import", "customers", "FILE", content=CUSTOMERS + lines).code == 0


@pytest.fixture
def devices(dialwatt: Callable[..., Ran], customers: None) -> None:
    """Import a meter and a kit of Amina's, and a kit in stock."""
    lines = (
        f"{METER},meter,umeme,home,{AMINA},2026-11-01,,,,{STS}\n"
        f"kit-1,shs,sunlite,,{AMINA},2026-11-01,{KEY},516959010,1,\n"
        f"KIT2,shs,sunlite,,,,{KEY},,,\n"
    )
    ran = dialwatt("import", "devices", "FILE", content=DEVICES + lines)
    assert ran.code == 0, ran.err


@pytest.fixture
def refused(
    dialwatt: Callable[..., Ran], contents: Callable[..., Any]
) -> Callable[[str, str], str]:
    """Import lines that must be refused: the messages, after seeing that nothing was written."""

    def run(kind: str, content: str) -> str:
        before = contents()
        ran = dialwatt("import", kind, "FILE", content=content)
        assert ran.code == 1
        assert ran.out == ""
        assert "Nothing was imported." in ran.err
        assert contents() == before
        return ran.err

    return run


@pytest.fixture
def imported(dialwatt: Callable[..., Ran]) -> Callable[[str, str], tuple[str, str]]:
    """Import lines twice: the first line of output of each."""

    def run(kind: str, content: str) -> tuple[str, str]:
        first = dialwatt("import", kind, "FILE", content=content)
        assert first.code == 0, first.err
        again = dialwatt("import", kind, "FILE", content=content)
        assert again.code == 0, again.err
        return first.out.strip(), again.out.strip()

    return run


@pytest.fixture
def compare(
    scenario: Scenario,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Compare:
    """Run `dialwatt statement` on a file of these lines, or of this content."""
    monkeypatch.setenv("DATABASE_URL", scenario.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("DARAJA_SHORTCODE", "600123")

    def compared(
        *lines: str,
        provider: str = "daraja",
        content: str | bytes | None = None,
        options: Sequence[str] = (),
        as_json: bool = True,
    ) -> tuple[int, Any]:
        file = tmp_path / "statement.csv"
        written = content or ABOUT + "\n".join([HEADER, *lines]) + "\n"
        file.write_bytes(written if isinstance(written, bytes) else written.encode())
        code = main(["statement", provider, str(file), *options, *(["--json"] * as_json)])
        printed = capsys.readouterr()
        return code, parse_printed(printed.out, printed.err)

    return compared
