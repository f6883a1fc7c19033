"""`dialwatt import` with any kind of file."""

from __future__ import annotations

from collections.abc import Callable

from operations.demo import on_day
from tests.operations.commands.csv_lines import CUSTOMERS, TODAY
from tests.operations.conftest import CATALOGUE, Ran


def test_an_empty_database_says_to_load_a_catalogue_first(dialwatt: Callable[..., Ran]) -> None:
    ran = dialwatt("import", "customers", "FILE", content=CUSTOMERS)
    assert ran.code == 1
    assert "load a catalogue (`dialwatt load FILE`)" in ran.err


def test_the_files_of_the_demo_can_be_imported(dialwatt: Callable[..., Ran], loaded: None) -> None:
    for kind in ("customers", "devices", "sales"):
        content = (CATALOGUE.parent / f"{kind}.csv").read_text(encoding="utf-8")
        assert dialwatt("import", kind, "FILE", content=on_day(content, TODAY)).code == 0
