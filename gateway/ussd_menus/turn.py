"""What a screen can read while it is shown. Screens read; only effects act.

`CallerContext` is what the edge knows of the caller. It opens a Unit only when a screen needs one.
`Turn` adds the session variables. Neither can write, send or call anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Protocol, TypeVar

from core.errors import BrokenInvariant, Refused
from core.market import Market
from core.unit import Unit
from core.wording.message import BoundMessage, Message
from gateway.ussd_menus.session_vars import Json, SessionVar, unpack

T = TypeVar("T")


class Guesses(Protocol):
    """Limits how many serial numbers that do not exist one caller may try."""

    def check(self, msisdn: str) -> None:
        """Raises Refused("too_many_guesses")."""

    def missed(self, msisdn: str) -> None:
        """Count a serial number that does not exist."""


class CallerContext:
    """The caller and a Unit, which is opened by the first function that needs it. A context
    manager: leaving it commits the Unit, an exception rolls it back."""

    def __init__(
        self,
        msisdn: str,
        open_unit: Callable[[], AbstractContextManager[Unit]],
        network: str = "",
        guesses: Guesses | None = None,
    ) -> None:
        self.msisdn = msisdn
        self.guesses = guesses
        self.network = network
        self._open_unit = open_unit
        self._exit_stack = ExitStack()
        self._unit: Unit | None = None
        self._cache: dict[object, Any] = {}

    def __enter__(self) -> CallerContext:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exit_stack.__exit__(kind, error, trace)

    @property
    def unit(self) -> Unit:
        """The Unit of this turn."""
        if self._unit is None:
            self._unit = self._exit_stack.enter_context(self._open_unit())
        return self._unit

    @property
    def market(self) -> Market:
        return self.unit.market

    def cached(self, load: Callable[[CallerContext], T]) -> T:
        """What `load` returns, computed once a turn: `context.cached(read_the_caller)`."""
        if load not in self._cache:
            self._cache[load] = load(self)
        value: T = self._cache[load]
        return value

    def known(self, load: Callable[[CallerContext], T]) -> T | None:
        """What `load` has returned in this turn; None where it was not asked."""
        return self._cache.get(load)


def field_of(data: object, name: str) -> object:
    """The field of `data` with that name; of a tuple, that of the first object that has it.

    Raises KeyError.
    """
    for part in data if isinstance(data, tuple) else (data,):
        if isinstance(part, Mapping) and name in part:
            return part[name]
        if hasattr(part, name):
            return getattr(part, name)
    raise KeyError(name)


def expect(kind: type[T], offer: object, code: str, **values: object) -> T:
    """The offer, which is of that kind unless it was changed since the screen was chosen.

    Raises Refused(code) with those values where it was.
    """
    if not isinstance(offer, kind):
        raise Refused(code, **values)
    return offer


class Turn:
    """The argument of a screen's functions: `turn.unit`, `turn[amount]`, `turn.cached(load)`."""

    __slots__ = ("_variables", "context", "language")

    def __init__(
        self, context: CallerContext, language: str, variables: Mapping[str, Json]
    ) -> None:
        self.context = context
        self.language = language
        self._variables = variables

    @property
    def unit(self) -> Unit:
        return self.context.unit

    @property
    def msisdn(self) -> str:
        return self.context.msisdn

    def cached(self, load: Callable[[CallerContext], T]) -> T:
        """What `load` returns, computed once a turn."""
        return self.context.cached(load)

    def __getitem__(self, variable: SessionVar[T]) -> T:
        """The value of a session variable. Raises BrokenInvariant where no screen before this one
        set it, or set it to a value of another type."""
        value = self._value(variable.name)
        if not isinstance(value, variable.type):
            raise BrokenInvariant(f"{variable.name} is {type(value).__name__}")
        return value

    def __contains__(self, variable: SessionVar[Any]) -> bool:
        return variable.name in self._variables

    def message(self, message: Message[Any], data: object = None) -> BoundMessage:
        """The message, its slots filled by name from `data`, else from session variables.

        `data` is an object with fields, a mapping, or a tuple of these.
        """
        if not message.slots:
            return BoundMessage(message, {})
        return BoundMessage(message, {name: self._slot(name, data) for name in message.slots})

    def _slot(self, name: str, data: object) -> object:
        try:
            return field_of(data, name)
        except KeyError:
            return self._value(name)

    def _value(self, name: str) -> object:
        try:
            return unpack(self._variables[name])
        except KeyError:
            raise BrokenInvariant(f"{name} is not set here") from None
