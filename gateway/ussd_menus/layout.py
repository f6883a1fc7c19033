"""Lines into pages. Sizes are septets, or 16-bit units where the language is UCS-2.

A line is never cut unless it alone is larger than a screen, which the compile step rules out for
every value inside its limits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Size = Callable[[str], int]


def paginate(lines: Sequence[str], size: Size, whole: int, part: int) -> list[tuple[str, ...]]:
    """The lines of each page: all on one of at most `whole`, or several of at most `part`."""
    if size("\n".join(lines)) <= whole:
        return [tuple(lines)]
    cut: list[list[str]] = [[]]
    for line in _pieces(lines, size, part):
        if cut[-1] and size("\n".join([*cut[-1], line])) > part:
            cut.append([])
        cut[-1].append(line)
    return [tuple(page) for page in cut]


def _pieces(lines: Sequence[str], size: Size, room: int) -> list[str]:
    """The lines, with any that no page could hold broken between words."""
    pieces = []
    for line in lines:
        while size(line) > room:
            at = _longest(line, size, room)
            pieces.append(line[:at].rstrip())
            line = line[at:].lstrip()
        pieces.append(line)
    return pieces


def _longest(line: str, size: Size, room: int) -> int:
    """Where to break: after the last word that fits, or inside a word longer than a page."""
    at = min(room, len(line))
    while size(line[:at]) > room:
        at -= 1
    return line.rfind(" ", 1, at) if " " in line[1:at] else at
