"""`dialwatt month`: the console's export, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import Engine, text

from tests.operations.conftest import Ran


def test_a_month_is_written_into_a_new_file_only_its_owner_may_read(
    dialwatt: Callable[..., Ran], loaded: None, engine: Engine, tmp_path: Path
) -> None:
    target = tmp_path / "books.zip"

    ran = dialwatt("month", "2026-01", str(target))

    assert ran.code == 0
    assert "14 files of 2026-01" in ran.out
    assert target.stat().st_mode & 0o777 == 0o600
    with ZipFile(target) as archive:
        assert "trial_balance-2026-01.csv" in archive.namelist()
    with engine.connect() as connection:
        noted = connection.execute(
            text("SELECT action, reason FROM audit_log ORDER BY id DESC LIMIT 1")
        )
        assert noted.one() == ("export", "the month 2026-01")


def test_no_file_is_written_over_and_no_month_made_up(
    dialwatt: Callable[..., Ran], loaded: None, tmp_path: Path
) -> None:
    (tmp_path / "there.zip").write_text("something")

    assert "exists already" in dialwatt("month", "2026-01", str(tmp_path / "there.zip")).err
    assert "like 2026-03" in dialwatt("month", "soon", str(tmp_path / "new.zip")).err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["there.zip"]
