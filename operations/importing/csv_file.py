"""Reading a CSV file: UTF-8, columns in any order, and every bad line with its number."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from core.errors import BadInput
from operations.importing.fields import Fields, hint

Entry = TypeVar("Entry")


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


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark.

    Raises BadInput where the file cannot be read, or with the first line that is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}: not UTF-8; export the file as UTF-8") from error


def read_entries(content: str, kind: FileKind[Entry]) -> Contents[Entry]:
    """Read the entries of a file. Raises BadInput where its header does not fit the kind."""
    contents: Contents[Entry] = Contents([], [], [])
    seen: dict[object, int] = {}
    for number, values, reason in _lines(content, kind.columns, kind.optional):
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


def _lines(
    content: str, columns: Sequence[str], optional: Sequence[str]
) -> Iterator[tuple[int, dict[str, str], str]]:
    """Yield (line number, values by column, what is wrong with the form of the line)."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    header = _header(reader, columns, optional)
    number = reader.line_num + 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield number, {}, str(error)
            return
        if row is None:
            return
        if any(cell.strip() for cell in row):
            values = dict(zip(header, (cell.strip() for cell in row), strict=False))
            wrong = f"{len(row)} values for {len(header)} columns"
            yield number, values, "" if len(row) == len(header) else wrong
        number = reader.line_num + 1


def _header(
    reader: Iterator[list[str]], columns: Sequence[str], optional: Sequence[str]
) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise BadInput(f"line 1: {error}") from error
    wanted = ",".join(columns)
    if not any(header):
        raise BadInput(f"the file is empty; its first line must be {wanted}")
    problems = [f"column {name} is missing" for name in columns if name not in header]
    known = (*columns, *optional)
    problems += [
        f"column {name!r} is not known{hint(name, known)}" for name in header if name not in known
    ]
    problems += [f"column {name} appears twice" for name in known if header.count(name) > 1]
    if problems:
        raise BadInput(*(f"line 1: {problem}" for problem in problems), f"the columns are {wanted}")
    return header
