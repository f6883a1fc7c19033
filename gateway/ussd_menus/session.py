"""Where a caller is in a menu: a small frozen value that goes through JSON between turns.

It holds what was last offered, so an answer always means what the caller saw, whatever has changed
in the database since. It never holds a secret, a token's key or anybody's name beyond what the
screen itself showed, and it does not know the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.ussd_menus.session_vars import Json


@dataclass(frozen=True, slots=True)
class Offered:
    """What the caller was shown: the question, and for each line its key, words and meaning."""

    title: str = ""
    rows: tuple[tuple[str, str, Json], ...] = ()

    @property
    def by_key(self) -> dict[str, Json]:
        """What each key stands for."""
        return {key: stands_for for key, _, stands_for in self.rows if key}

    @property
    def lines(self) -> list[str]:
        """The lines as shown, without what the engine adds."""
        rows = [f"{key} {words}" if key else words for key, words, _ in self.rows]
        return [*self.title.split("\n"), *rows] if self.title else rows


@dataclass(frozen=True, slots=True)
class UssdSession:
    """The way here (screen ids, home first), what is carried, what was offered, which page."""

    language: str
    budget: int
    trail: tuple[str, ...] = ()
    carried: Mapping[str, Json] = field(default_factory=dict)
    offered: Offered = Offered()
    note: str = ""
    page: int = 0
    tries: int = 0
    held: Dropped | None = None

    def to_json(self) -> Json:
        """A JSON value; `from_json` gives the session back."""
        held = self.held and [self.held.trail, self.held.carried]
        offered = [self.offered.title, self.offered.rows]
        place = [self.trail, self.carried, offered, self.note, self.page, self.tries]
        return [self.language, self.budget, *place, held]

    @staticmethod
    def from_json(stored: list[Any]) -> UssdSession:
        language, budget, trail, carried, (title, rows), note, page, tries, held = stored
        offered = Offered(title, tuple(tuple(row) for row in rows))
        dropped = Dropped(tuple(held[0]), held[1]) if held else None
        return UssdSession(
            language, budget, tuple(trail), carried, offered, note, page, tries, dropped
        )


@dataclass(frozen=True, slots=True)
class Dropped:
    """A conversation that was cut off: enough to go on with it in a new one."""

    trail: tuple[str, ...]
    carried: Mapping[str, Json]
