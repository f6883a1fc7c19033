"""Lists: the pages have every row once, the export has all rows, formulas are escaped."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from gateway.console import listing
from gateway.console.formatting import escape_formula
from tests.gateway.console.conftest import Console

_CELL = re.compile(r"<td[^>]*>(.*?)</td>", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_NEXT = re.compile(r'rel="next" href="([^"]+)"')


def shown(page: str) -> list[str]:
    return [_TAG.sub("", text).strip() for text in _CELL.findall(page)]


def exported(answer: TestResponse) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


@pytest.fixture
def many(console: Console) -> Console:
    with console.scenario.engine.begin() as connection:
        for number in range(9):
            connection.exec_driver_sql(
                "INSERT INTO console_users (name, password_hash, role, created_at)"
                f" VALUES ('guest{number}', 'x', 'read_only', now())"
            )
    return console


def test_the_pages_of_a_list_have_every_row_once(
    many: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_ROWS_PER_PAGE", 4)
    browser = many.login()
    seen: list[Any] = []
    path: str | None = "/users/"

    while path:
        page = browser.client.get(f"/console{path}").text
        seen += shown(page)[::5]
        following = _NEXT.findall(page)
        path = following[0].removeprefix("/console").replace("&amp;", "&") if following else None

    names = [name for (name,) in many.rows("SELECT name FROM console_users ORDER BY id DESC")]
    assert seen == names


def test_the_export_of_a_long_list_has_every_row(
    many: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_LINES_AT_ONCE", 2)
    browser = many.login()

    answer = browser.get("/users.csv")
    header, *lines = exported(answer)

    assert answer.content_type == "text/csv; charset=utf-8"
    assert header == ["Name", "Role", "Second factor", "Added", "Disabled"]
    assert [line[0] for line in lines] == shown(browser.get("/users/").text)[::5]


@pytest.mark.parametrize("cursor", ["abc", "-1", "9" * 30])
def test_an_invalid_cursor_gives_an_empty_page(console: Console, cursor: str) -> None:
    answer = console.login().get("/users/", after=cursor)

    assert answer.status_code == 200
    assert "Nothing here" in answer.text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("Ali;=1+9 <script>", "Ali;'=1+9 <script>"),
        ("Ali; @SUM(A1)\t+1\n-1|=2", "Ali; '@SUM(A1)\t'+1\n'-1|'=2"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("+254711000001", "+254711000001"),
        ("Amina", "Amina"),
        ("", ""),
    ],
)
def test_formulas_are_escaped_in_exports(text: str, safe: str) -> None:
    assert escape_formula(text) == safe
