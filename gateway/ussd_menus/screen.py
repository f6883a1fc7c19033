"""What every screen can do, and where an answer leads: to a screen, back or home."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, TypeAlias

from core.wording.message import BoundMessage
from core.wording.messages import engine as messages
from gateway.ussd_menus.effect import UseCaseCall
from gateway.ussd_menus.session_vars import Json
from gateway.ussd_menus.turn import Turn


class Navigation(Enum):
    """Where an answer may lead besides a screen."""

    BACK = "back"
    HOME = "home"


BACK, HOME = Navigation.BACK, Navigation.HOME

# `lambda: that_screen` names a screen that is defined further down, and stays type-checked.
Target: TypeAlias = "Screen | Navigation | Callable[[], Screen]"


@dataclass(frozen=True, slots=True)
class Transition:
    """What an answer does: the target, the session variables it sets, the effect on the way and
    the secrets that only this effect gets."""

    to: Target
    sets: Mapping[str, Json] = field(default_factory=dict)
    do: UseCaseCall | None = None
    secrets: Mapping[str, object] = field(default_factory=dict, repr=False)


class InvalidAnswer(Exception):
    """The answer has no meaning on this screen; `message` is shown above the same screen."""

    def __init__(self, message: BoundMessage) -> None:
        super().__init__(message.message.key)
        self.message = message


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a screen: the key that chooses it ("" for none), its label, the value it gives."""

    key: str
    label: BoundMessage
    value: Json


@dataclass(frozen=True, slots=True)
class RenderedScreen:
    """What a screen shows, and the session variables that showing it sets."""

    title: BoundMessage
    rows: Sequence[Row] = ()
    sets: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Screen:
    """`id` is `<menu>.<screen>`; sessions, logs and the aggregator's dashboard name it so."""

    id: str

    ends: ClassVar[bool] = False

    def render(self, turn: Turn) -> RenderedScreen:
        """What to show now. A Refused that it raises is shown above the previous question."""
        raise NotImplementedError

    def auto_advance(self, rendered: RenderedScreen) -> Transition | None:
        """The transition to take at once where there is nothing to decide; None to ask."""
        return None

    def handle(self, typed: str, offered: Mapping[str, Json], turn: Turn) -> Transition:
        """What an answer does; `offered` is the value of each key. Raises InvalidAnswer."""
        raise InvalidAnswer(messages.not_an_option())
