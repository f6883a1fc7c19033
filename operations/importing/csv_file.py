"""Reading CSV as spreadsheets write it: columns in any order, every bad line with its number.

Commas, semicolons and tabs separate columns: the header tells which, or a line `sep=;` before it.
Columns without a name are passed over where they are empty.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from core.errors import BadInput
from core.invisible import plain_marks
from operations.importing.fields import Fields, hint
from operations.progress import ShowDone

Entry = TypeVar("Entry")

_SEPARATORS = (",", ";", "\t")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;\t])"?\s*', re.IGNORECASE)
# How spreadsheets keep a text from being read as a number: ="0722000001", or an apostrophe.
_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_APOSTROPHE = re.compile(r"'[+0-9]")
_ERRORS = ("#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#####")


@dataclass(frozen=True, slots=True)
class FileKind(Generic[Entry]):
    """How one kind of file is read.

    `read` makes an entry of a line, `key` is what no two lines may share. A file may lack the
    columns in `optional`.
    """

    columns: Sequence[str]
    read: Callable[[Fields], Entry]
    key: Callable[[Entry], object]
    optional: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Contents(Generic[Entry]):
    """The good entries, their line numbers, and (line, reason) of every problem."""

    lines: list[int]
    entries: list[Entry]
    problems: list[tuple[int, str]]


class Row(NamedTuple):
    """A row of a file: the number of its first line, its cells, and why it cannot be read."""

    line: int
    cells: list[str]
    wrong: str = ""


def read_entries(
    content: str, kind: FileKind[Entry], show_done: ShowDone = lambda done: None
) -> Contents[Entry]:
    """Read the entries of a file, showing how many rows are done. Raises BadInput where its header
    does not fit the kind."""
    contents: Contents[Entry] = Contents([], [], [])
    seen: dict[object, int] = {}
    for done, (number, values, reason) in enumerate(_lines(content, kind)):
        show_done(done)
        problems: list[str] = [reason] if reason else []
        fields = Fields("", values, problems)
        entry = kind.read(fields) if not problems else None
        if entry is not None and not problems:
            first = seen.setdefault(kind.key(entry), number)
            if first != number:
                problems.append(f"the same as line {first}")
        if problems or entry is None:
            contents.problems.extend((number, problem.removeprefix(": ")) for problem in problems)
            continue
        contents.lines.append(number)
        contents.entries.append(entry)
    return contents


def read_rows(content: str, columns: Collection[str]) -> Iterator[Row]:
    """Yield every row that has any value: first the header, which knows most of the `columns` by
    what separates them. Nothing comes after a row that cannot be read."""
    begins_at, separator = _form(content, columns)
    lines = io.StringIO(content, newline="")
    for _ in range(begins_at):
        next(lines)
    reader = csv.reader(lines, strict=True, delimiter=separator)
    while True:
        number = begins_at + reader.line_num + 1
        try:
            cells = [_value(cell) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(number, [], str(error))
            return
        if any(cells):
            yield Row(number, cells)


def _form(content: str, columns: Collection[str]) -> tuple[int, str]:
    """Return how many lines stand before the rows, and what separates columns."""
    begin, _, _ = content.partition("\n")
    if named := _SEPARATOR_LINE.fullmatch(begin):
        return 1, named[1]
    wanted = {name.casefold() for name in columns}
    header = next((line for line in content.splitlines() if line.strip(' ,;\t"')), "")

    def known(separator: str) -> int:
        return len(wanted.intersection(map(_name, header.replace('"', "").split(separator))))

    return 0, max(_SEPARATORS, key=known)


def _name(cell: str) -> str:
    return plain_marks(cell).strip().casefold()


def _value(cell: str) -> str:
    """The value of a cell, without what marks it as a text."""
    value = cell.strip()
    if formula := _TEXT_FORMULA.fullmatch(value):
        return formula[1].strip()
    return value[1:] if _APOSTROPHE.match(value) else value


def _lines(content: str, kind: FileKind[Entry]) -> Iterator[tuple[int, dict[str, str], str]]:
    """Yield (line number, values by column, what is wrong with the form of the line)."""
    rows = read_rows(content, (*kind.columns, *kind.optional))
    header = _header(next(rows, Row(1, [])), kind.columns, kind.optional)
    for row in rows:
        values = {name: cell for name, cell in zip(header, row.cells, strict=False) if name}
        yield row.line, values, row.wrong or _misplaced(header, row.cells)


def _misplaced(header: Sequence[str], cells: Sequence[str]) -> str:
    """What is wrong with the cells of a row as such; nothing for a good row."""
    width = len(header)
    if len(cells) < width or any(cells[width:]):
        return f"{len(cells)} values for {width} columns"
    for place, (name, cell) in enumerate(zip(header, cells, strict=False), start=1):
        if cell and not name:
            return f"column {place} has no name, but the value {cell!r}"
        if cell.upper() in _ERRORS:
            return f"{name}: {cell} is an error of the spreadsheet"
    return ""


def _header(row: Row, columns: Sequence[str], optional: Sequence[str]) -> list[str]:
    if row.wrong:
        raise BadInput(f"line {row.line}: {row.wrong}")
    header = [_name(cell) for cell in row.cells]
    wanted = ",".join(columns)
    if not any(header):
        raise BadInput(f"the file is empty; its first line must be {wanted}")
    problems = [f"column {name} is missing" for name in columns if name not in header]
    known = (*columns, *optional)
    problems += [
        f"column {name!r} is not known{hint(name, known)}"
        for name in header
        if name and name not in known
    ]
    problems += [f"column {name} appears twice" for name in known if header.count(name) > 1]
    if problems:
        lines = (f"line {row.line}: {problem}" for problem in problems)
        raise BadInput(*lines, f"the columns are {wanted}")
    return header
