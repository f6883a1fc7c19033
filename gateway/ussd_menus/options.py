"""The lines of a menu that a caller chooses by number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.wording.message import Message
from core.wording.messages import engine as messages
from gateway.ussd_menus.effect import UseCaseCall
from gateway.ussd_menus.screen import InvalidAnswer, Target, Transition
from gateway.ussd_menus.session_vars import Json, SessionVar, pack_all
from gateway.ussd_menus.turn import Turn


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a Choice. `key` is its number, by default its place in the list; `when` decides
    whether it is shown; `sets` are the session variables that choosing it sets."""

    label: Message[Any]
    to: Target
    do: UseCaseCall | None = None
    when: Callable[[Turn], bool] | None = None
    key: int | None = None
    sets: Mapping[SessionVar[Any], object] = field(default_factory=dict)


def option(
    label: Message[Any],
    *,
    to: Target,
    do: UseCaseCall | None = None,
    when: Callable[[Turn], bool] | None = None,
    key: int | None = None,
    sets: Mapping[SessionVar[Any], object] | None = None,
) -> Option:
    """A line to choose. An option that `when` hides keeps its number, so numbers never shift."""
    return Option(label, to, do, when, key, sets or {})


def numbered(options: Sequence[Option]) -> Iterator[tuple[str, Option]]:
    """Each option with its key: its own or its place, counted with the hidden ones."""
    return ((str(option.key or place), option) for place, option in enumerate(options, start=1))


def row_keys(start: int = 1) -> Iterator[str]:
    """1, 2, 3 and so on without 98, which turns the page."""
    return (str(number) for number in range(start, 1000) if number != 98)


def choose(options: Sequence[Option], label_key: Json) -> Transition:
    """The transition of the option with that label. Raises InvalidAnswer where it is gone, as after
    a release in the middle of a conversation."""
    for option in options:
        if option.label.key == label_key:
            sets = {variable.name: value for variable, value in option.sets.items()}
            return Transition(option.to, pack_all(sets), option.do)
    raise InvalidAnswer(messages.lost_place())
