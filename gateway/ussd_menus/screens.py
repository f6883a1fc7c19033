"""The five kinds of screen: values that a menu author writes down and an editor can follow.

    check_phone = Notice("payment.check_phone", messages.check_phone)
    confirm = Choice("payment.confirm", messages.confirm, data=quote, options=[
        option(messages.pay_now, do=start_prompt, to=check_phone),
        option(messages.change_amount, to=BACK),
    ])
    enter_amount = Ask(
        "payment.amount", messages.enter_amount, reader=Amount, stores=amount, to=confirm
    )

A screen renders itself from its `data` and says what an answer means. It writes nothing and knows
neither languages nor sizes. The slots of its message are filled by name from the fields of what
`data` returns, else from session variables; the compile step checks that every slot has a source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from core.wording.message import Message
from core.wording.messages import engine as messages
from gateway.ussd_menus.effect import UseCaseCall
from gateway.ussd_menus.options import Option, choose, numbered, row_keys
from gateway.ussd_menus.readers import Reader, SerialReader
from gateway.ussd_menus.screen import InvalidAnswer, RenderedScreen, Row, Screen, Target, Transition
from gateway.ussd_menus.session_vars import Json, SessionVar, pack
from gateway.ussd_menus.turn import Turn, field_of

T = TypeVar("T")
DataSource = Callable[[Turn], object] | None


@dataclass(frozen=True, eq=False)
class Notice(Screen):
    """A text that ends the conversation."""

    message: Message[Any]
    data: DataSource = None

    ends: ClassVar[bool] = True

    def render(self, turn: Turn) -> RenderedScreen:
        return RenderedScreen(turn.message(self.message, self.data and self.data(turn)))


@dataclass(frozen=True, eq=False)
class Choice(Screen):
    """A question with fixed options. `paged` allows its text more than one page.

    `remembers` are session variables that are set from the fields of `data`, as they were shown.
    """

    message: Message[Any]
    options: Sequence[Option]
    data: DataSource = None
    remembers: Sequence[SessionVar[Any]] = ()
    paged: bool = False

    def render(self, turn: Turn) -> RenderedScreen:
        data = self.data and self.data(turn)
        rows = [
            Row(key, turn.message(option.label, data), option.label.key)
            for key, option in numbered(self.options)
            if option.when is None or option.when(turn)
        ]
        return RenderedScreen(turn.message(self.message, data), rows, _fields(self.remembers, data))

    def handle(self, typed: str, offered: Mapping[str, Json], turn: Turn) -> Transition:
        if typed not in offered:
            raise InvalidAnswer(messages.not_an_option())
        return choose(self.options, offered[typed])


@dataclass(frozen=True, eq=False)
class Ask(Screen, Generic[T]):
    """A question whose answer is typed, parsed by `reader` and kept in the variable `stores`.

    A secret needs `do`: it goes to that effect only. After `tries` answers that could not be parsed
    or were refused, the conversation ends.
    """

    message: Message[Any]
    reader: Reader[T]
    stores: SessionVar[T]
    to: Target
    do: UseCaseCall | None = None
    data: DataSource = None
    remembers: Sequence[SessionVar[Any]] = ()
    tries: int = 3

    def render(self, turn: Turn) -> RenderedScreen:
        data = self.data and self.data(turn)
        return RenderedScreen(turn.message(self.message, data), sets=_fields(self.remembers, data))

    def handle(self, typed: str, offered: Mapping[str, Json], turn: Turn) -> Transition:
        value = _parse_answer(self.reader, typed, turn)
        if self.stores.is_secret:
            return Transition(self.to, do=self.do, secrets={self.stores.name: value})
        return Transition(self.to, {self.stores.name: pack(value)}, self.do)


@dataclass(frozen=True, eq=False)
class Pick(Screen, Generic[T]):
    """A list from data, on as many pages as it needs. `row_message` is the text of one of `rows`.

    Picking a row sets the variable `stores` from the row's field of the same name; without `stores`
    the rows are only shown. With `typed_reader` the value may also be typed. `empty_message`
    replaces the title of an empty list. A list that offers nothing to decide (one row, or no row
    and one extra option) is skipped, except on the way back.
    """

    message: Message[Any]
    rows: Callable[[Turn], Sequence[object]]
    row_message: Message[Any]
    empty_message: Message[Any]
    stores: SessionVar[T] | None = None
    to: Target | None = None
    extra_options: Sequence[Option] = ()
    typed_reader: Reader[T] | None = None
    data: DataSource = None

    def render(self, turn: Turn) -> RenderedScreen:
        found = self.rows(turn)
        keys = row_keys()
        rows = [
            Row(
                next(keys) if self.stores else "",
                turn.message(self.row_message, row),
                pack(getattr(row, self.stores.name)) if self.stores else None,
            )
            for row in found
        ]
        rows += [
            Row(next(keys), turn.message(option.label), {"option": option.label.key})
            for option in self.extra_options
            if option.when is None or option.when(turn)
        ]
        title = self.message if found else self.empty_message
        return RenderedScreen(turn.message(title, self.data and self.data(turn)), rows)

    def auto_advance(self, rendered: RenderedScreen) -> Transition | None:
        picks = [row for row in rendered.rows if _option_label(row.value) is None]
        if self.stores and (len(picks) == 1 or len(rendered.rows) == 1):
            return self._transition(rendered.rows[0].value)
        return None

    def handle(self, typed: str, offered: Mapping[str, Json], turn: Turn) -> Transition:
        if typed in offered:
            return self._transition(offered[typed])
        is_key = typed.isdecimal() and len(typed) < 3
        if self.typed_reader is None or self.stores is None or self.to is None or is_key:
            raise InvalidAnswer(messages.not_an_option())
        return Transition(
            self.to, {self.stores.name: pack(_parse_answer(self.typed_reader, typed, turn))}
        )

    def _transition(self, value: Json) -> Transition:
        label = _option_label(value)
        if label is not None or self.stores is None or self.to is None:
            return choose(self.extra_options, label)
        return Transition(self.to, {self.stores.name: value})


@dataclass(frozen=True, eq=False)
class Route(Screen):
    """A fork that is never shown: what `by` returns decides which screen of `to` comes."""

    by: Callable[[Turn], Any]
    to: Mapping[Any, Target]


def _fields(variables: Sequence[SessionVar[Any]], data: object) -> dict[str, Json]:
    return {variable.name: pack(field_of(data, variable.name)) for variable in variables}


def _parse_answer(reader: Reader[T], typed: str, turn: Turn) -> T:
    """The typed value. Raises InvalidAnswer, or Refused for too many unknown serial numbers."""
    try:
        value = reader.read(typed, turn.context.market)
    except ValueError:
        raise InvalidAnswer(reader.complaint()) from None
    if _names_device(reader) and turn.context.guesses:
        turn.context.guesses.check(turn.msisdn)
    return value


def _names_device(reader: object) -> bool:
    return isinstance(reader, SerialReader)


def _option_label(value: Json) -> Json:
    """The label key of an extra option; None for a row from data."""
    return value.get("option") if isinstance(value, Mapping) else None
