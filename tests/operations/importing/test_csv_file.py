"""CSV as people's spreadsheets write it: columns by name, bad lines by number."""

from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput
from operations.importing.csv_file import Contents, FileKind, read_entries
from operations.importing.fields import text
from operations.importing.text_file import read_text

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
        ("name|town\nAmina|x\n", "column name is missing"),
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


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8", "utf-8-sig"])
def test_an_alphabet_that_can_be_known_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes("name,town\r\nZo\xeb N\u2019Guessan,\xc9b\xe8n\xe8\r\n".encode(encoding))
    assert read(read_text(file)).entries == [("Zo\xeb N\u2019Guessan", "\xc9b\xe8n\xe8")]


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850", "cp437"])
def test_an_alphabet_that_cannot_be_known_is_told_with_its_line(
    tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes("name,town\nAmina,x\nZo\xeb \xc9b\xe8n\xe8,x\n".encode(encoding))
    with pytest.raises(BadInput, match="line 3: not UTF-8"):
        read_text(file)


@pytest.mark.parametrize("begins", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1"])
def test_a_spreadsheet_itself_is_told_to_be_saved_as_csv(tmp_path: Path, begins: bytes) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(begins + b"\x00\xff")
    with pytest.raises(BadInput, match="save the sheet as CSV"):
        read_text(file)


@pytest.mark.parametrize(
    "content",
    [
        "name;town\nAmina;Kibwezi, Makueni\n",
        "name\ttown\nAmina\tKibwezi, Makueni\n",
        'sep=;\nname;town\nAmina;"Kibwezi, Makueni"\n',
        'sep=,\r\nname,town\r\nAmina,"Kibwezi, Makueni"\r\n',
        '"NAME",\u200bTown,,\nAmina,"Kibwezi, Makueni",,\n',
        ',,,\n\nname,town,,\nAmina,"Kibwezi, Makueni",,,,\n',
    ],
)
def test_a_file_is_read_as_a_spreadsheet_separates_it(content: str) -> None:
    contents = read(content)
    assert contents.problems == []
    assert contents.entries == [("Amina", "Kibwezi, Makueni")]


def test_lines_are_counted_from_the_line_that_names_the_separator() -> None:
    assert read("sep=;\nname;town\nAmina;x\n;x\n").problems == [(4, "name: is missing")]


def test_a_value_without_a_column_and_an_error_of_the_spreadsheet_are_problems() -> None:
    assert read("name,town,\nAmina,x,y\n#N/A,x,\n#REF!,,\n").problems == [
        (2, "column 3 has no name, but the value 'y'"),
        (3, "name: #N/A is an error of the spreadsheet"),
        (4, "name: #REF! is an error of the spreadsheet"),
    ]


def test_a_text_that_is_marked_as_one_is_read() -> None:
    contents = read('name,town\n="0722",\'0733\n"=""0744""",\'Ndugu\n')
    assert contents.entries == [("0722", "0733"), ("0744", "'Ndugu")]
