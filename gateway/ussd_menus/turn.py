"""One turn: what screens may ask while they draw themselves. They read; only effects act.

`Facts` is what the edge knows of the caller and opens a Unit only when a screen asks for something;
`Turn` adds what the conversation carries. Neither can write, send or call anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Protocol, TypeVar

from core.errors import BrokenInvariant
from core.market import Market
from core.unit import Unit
from core.wording.message import BoundMessage, Message
from gateway.ussd_menus.session_vars import Carried, Json, unpack

T = TypeVar("T")


class Guesses(Protocol):
    """Holds back who asks for serial number after serial number that does not exist."""

    def check(self, who: str) -> None:
        """Raises Refused("too_many_guesses")."""

    def missed(self, who: str) -> None:
        """They named one that does not exist."""


class Facts:
    """The caller, and a Unit that is opened by whoever needs it first. Use as a context."""

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
        self._open = ExitStack()
        self._unit: Unit | None = None
        self._known: dict[object, Any] = {}

    def __enter__(self) -> Facts:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit what an effect did, or roll it back when something was raised."""
        self._open.__exit__(kind, error, trace)

    @property
    def unit(self) -> Unit:
        """Opened by whoever needs it first."""
        if self._unit is None:
            self._unit = self._open.enter_context(self._open_unit())
        return self._unit

    @property
    def market(self) -> Market:
        return self.unit.market

    def know(self, ask: Callable[[Facts], T]) -> T:
        """The answer of `ask`, which is looked up once a turn: `turn.know(the_caller)`."""
        if ask not in self._known:
            self._known[ask] = ask(self)
        answer: T = self._known[ask]
        return answer


class Turn:
    """What a screen's functions are given: `turn.unit`, `turn[amount]`, `turn.know(the_caller)`."""

    __slots__ = ("_carried", "facts", "language")

    def __init__(self, facts: Facts, language: str, carried: Mapping[str, Json]) -> None:
        self.facts = facts
        self.language = language
        self._carried = carried

    @property
    def unit(self) -> Unit:
        return self.facts.unit

    @property
    def msisdn(self) -> str:
        return self.facts.msisdn

    def know(self, ask: Callable[[Facts], T]) -> T:
        return self.facts.know(ask)

    def __getitem__(self, wanted: Carried[T]) -> T:
        """A carried value. Raises BrokenInvariant when nothing on the way here carried it."""
        try:
            value: T = unpack(self._carried[wanted.name])
        except KeyError:
            raise BrokenInvariant(f"{wanted.name} is not carried here") from None
        return value

    def __contains__(self, wanted: Carried[Any]) -> bool:
        return wanted.name in self._carried

    def said(self, message: Message[Any], shown: object = None) -> BoundMessage:
        """The message filled from the fields of `shown`, then from what is carried."""
        if not message.slots:
            return BoundMessage(message, {})
        return BoundMessage(message, {name: self._slot(name, shown) for name in message.slots})

    def _slot(self, name: str, shown: object) -> Any:
        if isinstance(shown, Mapping) and name in shown:
            return shown[name]
        if hasattr(shown, name):
            return getattr(shown, name)
        try:
            return unpack(self._carried[name])
        except KeyError:
            raise BrokenInvariant(f"nothing here gives {name}") from None
