"""The five kinds of screen, as values a menu author writes down and an editor can follow.

    check_phone = Notice("payment.check_phone", say.check_phone)
    confirm = Choice("payment.confirm", say.confirm, facts=quote, options=[
        option(say.pay_now, do=start_prompt, to=check_phone),
        option(say.change_amount, to=BACK),
    ])
    enter_amount = Ask("payment.amount", say.enter_amount, reads=Amount, into=amount, to=confirm)

A screen draws itself from what it may read and says what an answer means. It writes nothing and
knows neither languages nor sizes. The slots of its message are filled from the fields of its
`facts` and from what is carried, by name; the compile step proves that every slot has a source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from core.wording.message import BoundMessage, Message
from core.wording.messages import engine as messages
from gateway.ussd_menus.options import (
    Do,
    Move,
    NotUnderstood,
    Option,
    Target,
    choose,
    numbered,
    row_keys,
)
from gateway.ussd_menus.readers import Reader, Serial
from gateway.ussd_menus.session_vars import Carried, Json, pack
from gateway.ussd_menus.turn import Turn

T = TypeVar("T")
Facts = Callable[[Turn], object] | None


@dataclass(frozen=True, slots=True)
class Row:
    """A line offered: the key that chooses it ("" for none), its words, what it stands for."""

    key: str
    label: BoundMessage
    stands_for: Json


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a screen wants to show, and what it adds to what is carried."""

    title: BoundMessage
    rows: Sequence[Row] = ()
    carries: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Screen:
    """`id` is `<menu>.<screen>`: what sessions, logs and the aggregator's dashboard know it by."""

    id: str

    ends: ClassVar[bool] = False

    def draw(self, turn: Turn) -> Drawn:
        """What to show now. May raise Refused, which is shown above the question before."""
        raise NotImplementedError

    def passes(self, drawn: Drawn) -> Move | None:
        """Where to go at once because there is nothing to decide here; None to ask."""
        return None

    def take(self, typed: str, offered: Mapping[str, Json], turn: Turn) -> Move:
        """What the answer means, given what each key stood for. Raises NotUnderstood."""
        raise NotUnderstood(messages.not_an_option())


@dataclass(frozen=True, eq=False)
class Notice(Screen):
    """The end of the conversation."""

    says: Message[Any]
    facts: Facts = None

    ends: ClassVar[bool] = True

    def draw(self, turn: Turn) -> Drawn:
        return Drawn(turn.said(self.says, self.facts and self.facts(turn)))


@dataclass(frozen=True, eq=False)
class Choice(Screen):
    """A question with fixed options. `paged` allows its text more than one page.

    `keeps` names fields of the facts that are carried on as they were shown.
    """

    says: Message[Any]
    options: Sequence[Option]
    facts: Facts = None
    keeps: Sequence[Carried[Any]] = ()
    paged: bool = False

    def draw(self, turn: Turn) -> Drawn:
        shown = self.facts and self.facts(turn)
        rows = [
            Row(key, turn.said(one.label, shown), one.label.key)
            for key, one in numbered(self.options)
            if one.when is None or one.when(turn)
        ]
        return Drawn(turn.said(self.says, shown), rows, _kept(self.keeps, shown))

    def take(self, typed: str, offered: Mapping[str, Json], turn: Turn) -> Move:
        if typed not in offered:
            raise NotUnderstood(messages.not_an_option())
        return choose(self.options, offered[typed])


@dataclass(frozen=True, eq=False)
class Ask(Screen, Generic[T]):
    """A question whose answer is typed. A secret needs `do`: it goes to that effect only.

    After `tries` answers that could not be read or were refused, the conversation ends.
    """

    says: Message[Any]
    reads: Reader[T]
    into: Carried[T]
    to: Target
    do: Do | None = None
    facts: Facts = None
    keeps: Sequence[Carried[Any]] = ()
    tries: int = 3

    def draw(self, turn: Turn) -> Drawn:
        shown = self.facts and self.facts(turn)
        return Drawn(turn.said(self.says, shown), carries=_kept(self.keeps, shown))

    def take(self, typed: str, offered: Mapping[str, Json], turn: Turn) -> Move:
        value = _read(self.reads, typed, turn)
        if self.into.is_secret:
            return Move(self.to, do=self.do, secrets={self.into.name: value})
        return Move(self.to, {self.into.name: pack(value)}, self.do)


@dataclass(frozen=True, eq=False)
class Pick(Screen, Generic[T]):
    """A list from data, paged by what fits; `shows` words one of `rows` from its fields.

    What is picked is the row's field named like `into`; without `into` the rows are only shown.
    With `typed`, the value may also be typed instead of chosen. Where there is nothing to choose
    (one row, or no row and one of `also`) the list is passed over, unless one comes back to it.
    """

    says: Message[Any]
    rows: Callable[[Turn], Sequence[object]]
    shows: Message[Any]
    empty: Message[Any]
    into: Carried[T] | None = None
    to: Target | None = None
    also: Sequence[Option] = ()
    typed: Reader[T] | None = None
    facts: Facts = None

    def draw(self, turn: Turn) -> Drawn:
        found = self.rows(turn)
        keys = row_keys()
        rows = [
            Row(next(keys) if self.into else "", turn.said(self.shows, one), self._value(one))
            for one in found
        ]
        also = [
            Row(next(keys), turn.said(one.label), {"option": one.label.key})
            for one in self.also
            if one.when is None or one.when(turn)
        ]
        title = self.says if found else self.empty
        return Drawn(turn.said(title, self.facts and self.facts(turn)), rows + also)

    def passes(self, drawn: Drawn) -> Move | None:
        picks = [row for row in drawn.rows if not _is_option(row.stands_for)]
        if self.into and (len(picks) == 1 or len(drawn.rows) == 1):
            return self._move(drawn.rows[0].stands_for)
        return None

    def take(self, typed: str, offered: Mapping[str, Json], turn: Turn) -> Move:
        if typed in offered:
            return self._move(offered[typed])
        is_key = typed.isdecimal() and len(typed) < 3
        if self.typed is None or self.into is None or self.to is None or is_key:
            raise NotUnderstood(messages.not_an_option())
        return Move(self.to, {self.into.name: pack(_read(self.typed, typed, turn))})

    def _move(self, stands_for: Json) -> Move:
        if _is_option(stands_for) or self.into is None or self.to is None:
            return choose(self.also, stands_for["option"])
        return Move(self.to, {self.into.name: stands_for})

    def _value(self, one: object) -> Json:
        return pack(getattr(one, self.into.name)) if self.into else None


@dataclass(frozen=True, eq=False)
class Route(Screen):
    """No screen: the facts decide which one comes. Every answer of `by` has its place in `to`."""

    by: Callable[[Turn], Any]
    to: Mapping[Any, Target]


def _kept(keeps: Sequence[Carried[Any]], shown: object) -> dict[str, Json]:
    return {one.name: pack(getattr(shown, one.name)) for one in keeps}


def _read(reader: Reader[T], typed: str, turn: Turn) -> T:
    try:
        value = reader.read(typed, turn.facts.market)
    except ValueError:
        raise NotUnderstood(reader.complaint()) from None
    if _names_a_device(reader) and turn.facts.guesses:
        turn.facts.guesses.check(turn.msisdn)
    return value


def _names_a_device(reader: object) -> bool:
    return reader is Serial


def _is_option(stands_for: Json) -> bool:
    return isinstance(stands_for, dict) and "option" in stands_for
