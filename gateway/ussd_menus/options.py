"""What an answer leads to: another screen, a step back or home, and an effect on the way.

Effects are data. A menu names a use case and where its values come from; the edge runs it once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from core.wording.message import BoundMessage, Message
from core.wording.messages import engine as messages
from gateway.ussd_menus.session_vars import Carried, Json, pack_all

if TYPE_CHECKING:
    from gateway.ussd_menus.screens import Screen
    from gateway.ussd_menus.turn import Turn


class Way(Enum):
    """Where an answer may lead besides a screen."""

    BACK = "back"
    HOME = "home"


BACK, HOME = Way.BACK, Way.HOME

# `lambda: that_screen` names a screen that stands further down the page, and stays type-checked.
Target: TypeAlias = "Screen | Way | Callable[[], Screen]"


class Given(Enum):
    """What the engine itself can give an effect."""

    CALLER = "caller"
    NETWORK = "network"
    ONCE = "once"


CALLER = Given.CALLER  # the caller's msisdn
NETWORK = Given.NETWORK  # the code of the network the session came by
ONCE = Given.ONCE  # the key under which this turn's effect happens once, as text


@dataclass(frozen=True, slots=True)
class Do:
    """A use case `(unit, **values)` and where each of its values comes from."""

    act: Callable[..., object]
    takes: Mapping[str, object]

    @property
    def name(self) -> str:
        return self.act.__name__

    def values(self, turn: Turn, secrets: Mapping[str, object]) -> dict[str, object]:
        """The values of the call; ONCE stays for whoever runs it."""
        return {name: _value(source, turn, secrets) for name, source in self.takes.items()}


def _value(source: object, turn: Turn, secrets: Mapping[str, object]) -> object:
    if isinstance(source, Carried):
        return secrets[source.name] if source.is_secret else turn[source]
    if source is NETWORK:
        return turn.facts.network
    return turn.msisdn if source is CALLER else source


def do(act: Callable[..., object], **takes: object) -> Do:
    """The effect of an answer: `do(request_payment, payer=CALLER, amount=amount)`.

    The use case gets the Unit first and each named value: a carried one, CALLER, ONCE or a plain
    constant. It answers a frozen dataclass or a dict, whose fields the next screen may show. It
    raises Refused to leave no trace, or answers a Refused when its trace (a wrong PIN) must stay.
    """
    return Do(act, takes)


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a Choice. `key` is its number, by default its place in the list."""

    label: Message[Any]
    to: Target
    do: Do | None = None
    when: Callable[[Turn], bool] | None = None
    key: int | None = None
    carries: Mapping[Carried[Any], object] = field(default_factory=dict)


def option(
    label: Message[Any],
    *,
    to: Target,
    do: Do | None = None,
    when: Callable[[Turn], bool] | None = None,
    key: int | None = None,
    carries: Mapping[Carried[Any], object] | None = None,
) -> Option:
    """A line to choose. One hidden by `when` keeps its number, so numbers never shift."""
    return Option(label, to, do, when, key, carries or {})


@dataclass(frozen=True, slots=True)
class Move:
    """What an answer means: where to, with what, and the effect on the way."""

    to: Target
    carries: Mapping[str, Json] = field(default_factory=dict)
    do: Do | None = None
    secrets: Mapping[str, object] = field(default_factory=dict, repr=False)


class NotUnderstood(Exception):
    """The answer means nothing here; `said` goes above the same screen."""

    def __init__(self, said: BoundMessage) -> None:
        super().__init__(said.message.key)
        self.said = said


def numbered(options: Sequence[Option]) -> Iterator[tuple[str, Option]]:
    """Each option with its key: its own or its place, whatever is hidden."""
    return ((str(one.key or place), one) for place, one in enumerate(options, start=1))


def row_keys(start: int = 1) -> Iterator[str]:
    """1, 2, 3 ... without 98, which turns the page."""
    return (str(number) for number in range(start, 1000) if number != 98)


def choose(options: Sequence[Option], label_key: Json) -> Move:
    """The move of the option with that label. Raises NotUnderstood when a new release took it."""
    for one in options:
        if one.label.key == label_key:
            carries = {value.name: given for value, given in one.carries.items()}
            return Move(one.to, pack_all(carries), one.do)
    raise NotUnderstood(messages.lost_place())
