"""Bulk entries (an import) or a single one (a menu): all are validated before any is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.errors import DialwattError, Refused

Entry = TypeVar("Entry")
Decision = TypeVar("Decision")

# Told how many rows have been written, now and then, during long work.
Progress = Callable[[int], None]
_ROWS_AT_ONCE = 5000


def no_progress(written: int) -> None:
    """Report no progress: for callers that write few rows."""


def write_in_batches(
    rows: Sequence[Entry],
    write: Callable[[Sequence[Entry]], object],
    progress: Progress,
) -> None:
    """Call `write` with a few thousand rows at a time."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        write(rows[start : start + _ROWS_AT_ONCE])
        progress(min(start + _ROWS_AT_ONCE, len(rows)))


@dataclass(frozen=True, slots=True)
class Registered:
    """How many entries were new, and how many were registered before with the same data.

    `completed`: how many of those known had something added that was not known of them.
    """

    new: int
    known: int
    completed: int = 0


class RefusedEntries(DialwattError):
    """Nothing was written. `refusals` holds (position of the entry, reason) for every bad one."""

    def __init__(self, refusals: list[tuple[int, Refused]]) -> None:
        super().__init__(refusals)
        self.refusals = refusals


def validate_each(entries: Sequence[Entry], decide: Callable[[Entry], Decision]) -> list[Decision]:
    """Return what `decide` makes of each entry. Raises RefusedEntries with all refusals at once."""
    decisions: list[Decision] = []
    refusals: list[tuple[int, Refused]] = []
    for position, entry in enumerate(entries):
        try:
            decisions.append(decide(entry))
        except Refused as refused:
            refusals.append((position, refused))
    if refusals:
        raise RefusedEntries(refusals)
    return decisions


def check_unchanged(field: str, stored: object, given: object) -> None:
    """Check that a stored value is not silently overwritten. Raises Refused("differs")."""
    if stored != given:
        raise Refused("differs", field=field, stored=stored or "nothing", given=given or "nothing")
