"""The table of retention in docs/privacy.md, made from what the code declares.

    .venv/bin/python -m operations.privacy_page

writes it between two marks of the page; a test fails when the page is old.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.db.personal import RECORDS
from core.db.personal.record import TableRecord

PAGE = Path(__file__).resolve().parents[1] / "docs" / "privacy.md"
_BEGIN, _END = "<!-- retention: begin -->\n", "<!-- retention: end -->\n"


def with_table(page: str) -> str:
    """Return the page with the table of today."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return "".join((before, _BEGIN, "\n".join(_lines()), "\n", _END, after))


def _lines() -> Iterator[str]:
    yield "| table | what | why | how long | at forgetting |"
    yield "| --- | --- | --- | --- | --- |"
    for table, record in sorted(RECORDS.items()):
        if record.about or record.personal or record.rules:
            cells = (f"`{table}`", record.holds, record.why, _kept(record), _ends(record))
            yield f"| {' | '.join(cells)} |"
    others = [
        f"`{table}`"
        for table, record in sorted(RECORDS.items())
        if not (record.about or record.personal or record.rules)
    ]
    yield ""
    yield f"Nothing of customers, agents or callers is in {', '.join(others)}."


def _kept(record: TableRecord) -> str:
    rules = [
        f"{'texts ' if rule.blanks else ''}{rule.days} days (`{rule.setting}`)"
        for rule in record.rules
    ]
    return "; ".join(([record.kept] if record.kept else []) + rules)


def _ends(record: TableRecord) -> str:
    if record.is_deleted:
        return "deleted"
    if record.personal:
        return "blanked: " + ", ".join(f"`{name}`" for name in record.personal)
    return "stays, by id"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
