"""Which versions an advisory is about, and that what is saved is what was found."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from supply.advisories import Advisory, Database, load, read_advisory, save


def advisory(*events: tuple[str, str], versions: tuple[str, ...] = ()) -> Advisory:
    return Advisory("PYSEC-1", ("CVE-1",), (events,) if events else (), versions)


@pytest.mark.parametrize(
    ("events", "affected", "free"),
    [
        ([("introduced", "0"), ("fixed", "1.10")], ["0.1a1", "1.9", "1.10rc1"], ["1.10", "2.0"]),
        ([("introduced", "1.2"), ("last_affected", "1.4")], ["1.2", "1.4"], ["1.1", "1.4.1"]),
        ([("introduced", "1.4"), ("last_affected", "1.4")], ["1.4"], ["1.3", "1.5"]),
        ([("introduced", "1.0")], ["1.0", "99.0"], ["0.9"]),
        (
            [("introduced", "2.0"), ("fixed", "2.5"), ("introduced", "0"), ("fixed", "1.26")],
            ["1.25", "2.0", "2.4"],
            ["1.26", "1.27", "2.5"],
        ),
        ([("introduced", "1.0"), ("fixed", "2.0"), ("introduced", "2.0")], ["2.0", "3.0"], ["0.5"]),
        ([("introduced", "any old name")], ["1.0"], []),
    ],
)
def test_a_range_is_read_as_the_format_says(events: Any, affected: Any, free: Any) -> None:
    found = advisory(*events)

    assert [version for version in affected if not found.affects(version)] == []
    assert [version for version in free if found.affects(version)] == []


def test_a_version_that_is_named_is_affected_whatever_the_ranges_say() -> None:
    found = advisory(("introduced", "0"), ("fixed", "1.0"), versions=("3.1",))

    assert found.affects("3.1")
    assert not found.affects("3.2")


def record(**changed: Any) -> dict[str, Any]:
    part = {
        "package": {"name": "Some.Package", "ecosystem": "PyPI"},
        "ranges": [
            {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "abc"}]},
            {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]},
        ],
        "versions": ["1.0", "1.1", "2.0b1"],
    }
    other = {"package": {"name": "another", "ecosystem": "PyPI"}, "versions": ["7"]}
    return {"id": "GHSA-1", "aliases": ["CVE-9"], "affected": [part, other]} | changed


def test_a_record_keeps_what_it_says_of_the_package_and_nothing_twice() -> None:
    assert read_advisory(record(), "some-package") == Advisory(
        "GHSA-1", ("CVE-9",), ((("introduced", "0"), ("fixed", "1.2")),), ("2.0b1",)
    )


@pytest.mark.parametrize(
    ("known", "package"),
    [
        (record(withdrawn="2024-01-01T00:00:00Z"), "some-package"),
        (record(), "some-other-package"),
        (record(affected=[]), "some-package"),
    ],
)
def test_what_is_withdrawn_or_about_others_is_no_advisory(known: Any, package: str) -> None:
    assert read_advisory(known, package) is None


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    found = advisory(("introduced", "0"), ("fixed", "1.0"), versions=("3.1",))
    database = Database(
        "a test", date(2026, 1, 2), date(2026, 1, 1), {"a": [found, advisory()], "b": []}
    )
    save(database, tmp_path / "saved.json")

    assert load(tmp_path / "saved.json") == database
