"""Reading the text of a file as people's programs save it, or telling why it cannot be read.

UTF-8 with or without a mark is read, UTF-16 by its mark, and Windows-1252 where its letters beyond
ASCII are those of European languages: other old alphabets have other letters at those places, and
a wrong guess would put them into customers' names.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from core.errors import BadInput

# What a file of another kind begins with, and what to do about it.
_OTHER_KINDS = {
    b"PK\x03\x04": "a spreadsheet or an archive; save the sheet as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet; save the sheet as CSV (UTF-8)",
    b"%PDF": "a PDF; export the data as CSV",
}
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Windows-1252: the letters of Western European languages, a no-break space and the apostrophe.
# Without those that stand for punctuation in Mac files (\u00d0 \u00d2 \u00d5 and others).
_WINDOWS_LETTERS = frozenset(
    "\u00a0\u2019\u00c0\u00c1\u00c2\u00c3\u00c4\u00c7\u00c8\u00c9\u00ca\u00cb\u00cd\u00ce\u00cf\u00d3"
    "\u00d4\u00d6\u00d9\u00da\u00db\u00dc\u00df\u00e0\u00e1\u00e2\u00e3\u00e4\u00e5\u00e6\u00e7\u00e8"
    "\u00e9\u00ea\u00eb\u00ec\u00ed\u00ee\u00ef\u00f1\u00f2\u00f3\u00f4\u00f5\u00f6\u00f8\u00f9\u00fa"
    "\u00fb\u00fc\u00ff"
)


def read_text(path: Path, *, any_letters: bool = False) -> str:
    """Return the text of a file, without a byte order mark. `any_letters`: no name in the file is
    kept, so that what is not UTF-8 may be read as Windows-1252 whatever letters that gives.

    Raises BadInput where the file cannot be read, with the first line that is not understood.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    for beginning, what in _OTHER_KINDS.items():
        if data.startswith(beginning):
            raise BadInput(f"{path} is {what}")
    text = _decoded(path, data, any_letters)
    if (at := text.find("\0")) >= 0:
        raise BadInput(f"{path}, line {_line(text[:at])}: this is no text; save it as UTF-8")
    return text


def _decoded(path: Path, data: bytes, any_letters: bool) -> str:
    if data.startswith(_UTF16_MARKS):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise BadInput(f"{path}: broken UTF-16; save it as UTF-8") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if any_letters:
            return data.decode("cp1252", errors="replace")
        return _as_windows(path, data, error)


def _as_windows(path: Path, data: bytes, problem: UnicodeDecodeError) -> str:
    line = data[: problem.start].count(b"\n") + 1
    refused = BadInput(f"{path}, line {line}: not UTF-8; export the file as UTF-8")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        raise refused from problem
    for char in text:
        if not char.isascii() and char not in _WINDOWS_LETTERS:
            raise refused from problem
    return text


def _line(before: str) -> int:
    return before.count("\n") + 1
