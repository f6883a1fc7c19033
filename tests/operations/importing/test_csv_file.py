"""CSV as people's spreadsheets write it: columns by name, bad lines by number."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from operations.importing.csv_file import Contents, FileKind, read_entries, read_text
from operations.importing.fields import text

KIND = FileKind(
    ("name", "town"),
    lambda fields: (fields.required("name", text), fields.optional("town", text, "")),
    repr,
)


def read(content: str) -> Contents[Any]:
    return read_entries(content, KIND)


def test_columns_are_found_by_name_in_any_order() -> None:
    assert read("town,name\nKibwezi,Amina\n").entries == [("Amina", "Kibwezi")]


def test_lines_are_counted_as_an_editor_does() -> None:
    contents = read('name,town\r\n"Two\r\nlines",\r\n\r\nAmina,\r\n,x\r\n')
    assert contents.lines == [5]
    assert contents.problems == [
        (2, "name: must be one line of 1 to 80 characters"),
        (6, "name: is missing"),
    ]


def test_a_line_of_another_length_is_a_problem() -> None:
    assert read("name,town\nAmina\nBaraka,x,y\n").problems == [
        (2, "1 values for 2 columns"),
        (3, "3 values for 2 columns"),
    ]


def test_a_line_that_stands_there_twice_is_a_problem() -> None:
    assert read("name,town\nAmina,x\nBaraka,x\nAmina,x\n").problems == [(4, "the same as line 2")]


def test_a_broken_quote_is_a_problem_of_its_line() -> None:
    ((number, reason),) = read('name,town\nAmina,x\n"Baraka"y,x\n').problems
    assert number == 3
    assert "'\"'" in reason or "expected" in reason


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("", "the file is empty; its first line must be name,town"),
        ("name\nAmina\n", "line 1: column town is missing"),
        ("name,twon\n", "column 'twon' is not known (did you mean \"town\"?)"),
        ("name,town,name\n", "column name appears twice"),
        ("name;town\nAmina;x\n", "column name is missing"),
    ],
)
def test_another_header_is_refused_with_the_right_one(content: str, wanted: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(content)
    assert any(wanted in problem for problem in refused.value.problems), refused.value.problems
    assert "name,town" in str(refused.value)


def test_a_byte_order_mark_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(b"\xef\xbb\xbfname,town\nAmina,x\n")
    assert read(read_text(file)).entries == [("Amina", "x")]


def test_what_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes("name,town\nAmina,x\nZoë,x\n".encode("latin-1"))
    with pytest.raises(BadInput, match="line 3: not UTF-8"):
        read_text(file)
