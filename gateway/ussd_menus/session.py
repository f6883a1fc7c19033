"""Where a caller is in a menu: a small frozen value that is stored as JSON between turns.

It keeps what was last offered, so that an answer always means what the caller saw, whatever has
changed in the database since. It never holds a secret or a device key, and no name that the screen
did not show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.ussd_menus.session_vars import Json


@dataclass(frozen=True, slots=True)
class Offered:
    """What the caller was shown: the question, and (key, label, value) of each row."""

    title: str = ""
    rows: tuple[tuple[str, str, Json], ...] = ()

    @property
    def by_key(self) -> dict[str, Json]:
        """The value that each key chooses."""
        return {key: value for key, _, value in self.rows if key}

    @property
    def lines(self) -> list[str]:
        """The lines of the screen, without notes and navigation."""
        rows = [f"{key} {label}" if key else label for key, label, _ in self.rows]
        return [*self.title.split("\n"), *rows] if self.title else rows


@dataclass(frozen=True, slots=True)
class EffectKey:
    """The key under which the next effect happens once: the conversation, and the number of the
    effect in it. A conversation that goes on in another session keeps its key."""

    conversation: str
    number: int = 1

    @property
    def after(self) -> EffectKey:
        """The key once this effect is known to be done."""
        return EffectKey(self.conversation, self.number + 1)


@dataclass(frozen=True, slots=True)
class InterruptedSession:
    """A conversation that was cut off: enough to continue it in a new session. `left_at` is the
    instant of its last answer."""

    trail: tuple[str, ...]
    variables: Mapping[str, Json]
    effect_key: EffectKey
    left_at: datetime

    def to_json(self) -> list[Json]:
        """A JSON value from which `from_json` makes the same."""
        key = self.effect_key
        left_ms = (self.left_at - _EPOCH) // _MILLISECOND
        return [self.trail, self.variables, [key.conversation, key.number], left_ms]

    @staticmethod
    def from_json(stored: list[Any]) -> InterruptedSession:
        """The interrupted session that `to_json` stored."""
        trail, variables, key, left_ms = stored
        left_at = _EPOCH + left_ms * _MILLISECOND
        return InterruptedSession(tuple(trail), variables, EffectKey(*key), left_at)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class UssdSession:
    """The position in a menu.

    `budget` is how many septets the caller's screen holds, `trail` the ids of the screens from home
    to here, `note` a text above the question, `page` the page that is shown (from 0), `tries` how
    often the question was answered wrongly, `interrupted` the conversation that the caller is asked
    to resume.
    """

    language: str
    budget: int
    effect_key: EffectKey
    trail: tuple[str, ...] = ()
    variables: Mapping[str, Json] = field(default_factory=dict)
    offered: Offered = Offered()
    note: str = ""
    page: int = 0
    tries: int = 0
    interrupted: InterruptedSession | None = None

    def to_json(self) -> Json:
        """A JSON value from which `from_json` makes the same session."""
        offered: Json = [self.offered.title, self.offered.rows]
        key = self.effect_key
        return [
            self.language,
            self.budget,
            [key.conversation, key.number],
            self.trail,
            self.variables,
            offered,
            self.note,
            self.page,
            self.tries,
            self.interrupted.to_json() if self.interrupted else None,
        ]

    @staticmethod
    def from_json(stored: list[Any]) -> UssdSession:
        """The session that `to_json` stored."""
        language, budget, key, trail, variables, (title, rows), note, page, tries, interrupted = (
            stored
        )
        return UssdSession(
            language,
            budget,
            EffectKey(*key),
            tuple(trail),
            variables,
            Offered(title, tuple(tuple(row) for row in rows)),
            note,
            page,
            tries,
            InterruptedSession.from_json(interrupted) if interrupted else None,
        )
