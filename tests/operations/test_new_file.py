"""A new file with business data is closed to others, and complete or not there."""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import BadInput
from operations.new_file import new_private_file


def test_a_complete_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"

    with new_private_file(path) as file:
        file.write(b"rows")

    assert path.read_bytes() == b"rows"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_interrupted_write_leaves_no_file(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), new_private_file(tmp_path / "export.zip") as file:
        file.write(b"half")
        raise KeyboardInterrupt

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_text("yesterday")

    with pytest.raises(BadInput, match=r"export\.zip exists already"), new_private_file(path):
        pass

    assert path.read_text() == "yesterday"


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "export.zip"
    with (
        pytest.raises(BadInput, match=f"cannot write {path}: No such file"),
        new_private_file(path),
    ):
        pass
