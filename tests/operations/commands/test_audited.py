"""Commands that change something leave audit rows, and one that failed leaves none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from operations.commands import month
from tests.operations.commands.csv_lines import AMINA, CUSTOMERS
from tests.operations.conftest import CATALOGUE, Ran

Rows = Callable[..., list[tuple[Any, ...]]]
_AUDIT = (
    "SELECT action, reason, details FROM audit_log WHERE operator LIKE '%(command line)'"
    " ORDER BY id"
)


def test_load_and_import_leave_the_file_and_the_counts(
    dialwatt: Callable[..., Ran], rows: Rows, tmp_path: Path
) -> None:
    assert dialwatt("load", str(CATALOGUE)).code == 0
    file = tmp_path / "people.csv"
    file.write_text(f"{CUSTOMERS}{AMINA},Amina,Odhiambo,KIB,sw\n", encoding="utf-8")
    assert dialwatt("import", "customers", str(file)).code == 0
    file.write_text(f"{CUSTOMERS}12,Baraka,,,\n", encoding="utf-8")
    assert dialwatt("import", "customers", str(file)).code == 1

    loaded, imported = rows(_AUDIT)
    assert loaded[:2] == ("load", "the file catalogue.toml")
    assert loaded[2]["agents"]["new"] > 0
    assert imported == (
        "import",
        "the file people.csv",
        {"kind": "customers", "new": 1, "known": 0},
    )


def test_a_month_that_was_not_written_was_not_exported(
    dialwatt: Callable[..., Ran],
    loaded: None,
    rows: Rows,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(month, "zipped_month", fail)
    assert dialwatt("month", "2026-01", str(tmp_path / "books.zip")).code == 1
    (tmp_path / "there.zip").touch()
    assert dialwatt("month", "2026-01", str(tmp_path / "there.zip")).code == 1

    assert rows("SELECT reason FROM audit_log WHERE action = 'export'") == []
    assert [path.name for path in tmp_path.iterdir()] == ["there.zip"]


def test_daily_work_by_hand_and_a_look_are_noted(
    dialwatt: Callable[..., Ran], loaded: None, rows: Rows, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text(f"{CUSTOMERS}{AMINA},Amina,Odhiambo,KIB,sw\n", encoding="utf-8")
    dialwatt("import", "customers", str(file))
    for command in (["accrue"], ["remind"], ["show", "customer", AMINA]):
        ran = dialwatt(*command)
        assert ran.code == 0, ran.err

    assert [row[:2] for row in rows(_AUDIT)][-3:] == [
        ("accrue", "on the command line"),
        ("remind", "on the command line"),
        ("look", "a page was shown"),
    ]
