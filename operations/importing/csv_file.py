"""Reading a CSV file an operator exported: header by name, UTF-8, bad lines by number."""

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
    """How one kind of file is read: its columns, a line's entry, and what makes a line unique.

    A file may leave out those of `may`.
    """

    columns: Sequence[str]
    read: Callable[[Fields], Entry]
    key: Callable[[Entry], object]
    may: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Contents(Generic[Entry]):
    """The good entries with their line numbers, and (line, reason) of everything wrong."""

    lines: list[int]
    entries: list[Entry]
    problems: list[tuple[int, str]]


def read_text(path: Path) -> str:
    """A UTF-8 file's text, without a byte order mark. Raises BadInput naming a line that is not."""
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
    """The entries of a file. Raises BadInput when its header is not the one for this kind."""
    contents: Contents[Entry] = Contents([], [], [])
    seen: dict[object, int] = {}
    for number, values, reason in _lines(content, kind.columns, kind.may):
        problems: list[str] = [reason] if reason else []
        fields = Fields("", values, problems)
        entry = kind.read(fields) if not problems else None
        if entry is not None and not problems:
            first = seen.setdefault(kind.key(entry), number)
            if first != number:
                problems.append(f"the same as line {first}")
        if problems or entry is None:
            contents.problems.extend((number, one.removeprefix(": ")) for one in problems)
            continue
        contents.lines.append(number)
        contents.entries.append(entry)
    return contents


def _lines(
    content: str, columns: Sequence[str], may: Sequence[str]
) -> Iterator[tuple[int, dict[str, str], str]]:
    """(line number, values by column, what is wrong with the line as such)."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    header = _header(reader, columns, may)
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


def _header(reader: Iterator[list[str]], columns: Sequence[str], may: Sequence[str]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise BadInput(f"line 1: {error}") from error
    wanted = ",".join(columns)
    if not any(header):
        raise BadInput(f"the file is empty; its first line must be {wanted}")
    problems = [f"column {name} is missing" for name in columns if name not in header]
    known = (*columns, *may)
    problems += [
        f"column {name!r} is not known{hint(name, known)}" for name in header if name not in known
    ]
    problems += [f"column {name} stands there twice" for name in known if header.count(name) > 1]
    if problems:
        raise BadInput(*(f"line 1: {one}" for one in problems), f"the columns are {wanted}")
    return header
