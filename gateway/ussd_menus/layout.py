"""Cut lines into pages. Sizes are septets, or 16-bit units in a language that is UCS-2.

A line is cut only where it alone is larger than a page. The compile step rules this out for every
value inside its limits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Size = Callable[[str], int]


def paginate(
    lines: Sequence[str], size: Size, single_page: int, each_page: int
) -> list[tuple[str, ...]]:
    """The lines of each page: one page of at most `single_page`, or else several, each of at most
    `each_page` (smaller, since `98 More` stands below)."""
    if size("\n".join(lines)) <= single_page:
        return [tuple(lines)]
    pages: list[list[str]] = [[]]
    for line in _lines_that_fit(lines, size, each_page):
        if pages[-1] and size("\n".join([*pages[-1], line])) > each_page:
            pages.append([])
        pages[-1].append(line)
    return [tuple(page) for page in pages]


def _lines_that_fit(lines: Sequence[str], size: Size, limit: int) -> list[str]:
    """The lines, each that is larger than a page broken between words."""
    fitting = []
    for line in lines:
        while size(line) > limit:
            end = _break_position(line, size, limit)
            fitting.append(line[:end].rstrip())
            line = line[end:].lstrip()
        fitting.append(line)
    return fitting


def _break_position(line: str, size: Size, limit: int) -> int:
    """The end of the last word that fits, or a place inside a word longer than a page."""
    end = min(limit, len(line))
    while size(line[:end]) > limit:
        end -= 1
    return line.rfind(" ", 1, end) if " " in line[1:end] else end
