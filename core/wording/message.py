"""A message is declared once as a signature; its wordings are data, one per language.

    @message
    def which_amount(serial: Serial, owed: Money) -> None:
        \"\"\"Above the amount a payer types; `owed` is what is due today.\"\"\"

The parameters are the slots. A call (`which_amount(serial=..., owed=...)`) gives a `BoundMessage`:
the message with its values, in no language yet. The key of the wording is `<module>.<function>`;
the docstring is for translators. A message never holds a wording and never decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, ParamSpec, Protocol, get_args, get_type_hints

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class SlotLimits:
    """The largest values a market shows. Amounts are minor units, widths are characters.

    A larger value is still shown, on more pages or in more SMS parts than were checked.
    """

    currency: str = "KES"
    largest_minor: int = 99_999_999
    largest_count: int = 9999
    serial_width: int = 16
    msisdn_width: int = 13
    reference_width: int = 12
    token_width: int = 24


class Language(Protocol):
    """What a slot needs to know of a language; `Translation` is one."""

    is_gsm7: bool
    thousands: str
    months: list[str]

    def template(self, key: str) -> str:
        """The wording of a message or a choice. Raises KeyError."""

    def render(self, bound: BoundMessage) -> str:
        """The text of a message."""

    def widest(self, message: Message[Any], limits: SlotLimits) -> str:
        """The text of a message with every slot at its widest."""

    def size(self, text: str) -> int:
        """Septets, or 16-bit units in a UCS-2 language."""


class Slot(Protocol):
    """A placeholder in a message."""

    @property
    def value_type(self) -> type:
        """The Python type of the values."""

    def render(self, value: Any, language: Language) -> str:
        """How the value is written."""

    def widest(self, limits: SlotLimits, language: Language) -> str:
        """The widest text that a value inside the limits can give."""


@dataclass(frozen=True, slots=True)
class BoundMessage:
    """A message with a value for each of its slots, not yet in any language."""

    message: Message[Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Message(Generic[P]):
    """A key and the slots by name. `max_segments`: how many parts an SMS may take; None on a
    screen."""

    key: str
    slots: Mapping[str, Slot]
    max_segments: int | None = None

    def __call__(self, *args: P.args, **values: P.kwargs) -> BoundMessage:
        return BoundMessage(self, {**dict(zip(self.slots, args, strict=False)), **values})


def message(declaration: Callable[P, None]) -> Message[P]:
    """Declare a message that a screen shows."""
    return Message(_key(declaration), _slots(declaration))


def sms_message(*, max_segments: int) -> Callable[[Callable[P, None]], Message[P]]:
    """Declare an SMS that takes at most `max_segments` parts with every slot at its widest."""
    return lambda declaration: Message(_key(declaration), _slots(declaration), max_segments)


def messages_of(modules: Iterable[ModuleType]) -> list[Message[Any]]:
    """Every message that these modules declare, in order; imported messages are left out."""
    return [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, Message) and found.key.startswith(module.__name__.split(".")[-1] + ".")
    ]


def _key(declaration: Callable[..., None]) -> str:
    return f"{declaration.__module__.rsplit('.', 1)[-1]}.{declaration.__name__}"


def _slots(declaration: Callable[..., None]) -> Mapping[str, Slot]:
    """The slot of each parameter. Raises TypeError for a parameter without a slot type."""
    hints = get_type_hints(declaration, include_extras=True)
    hints.pop("return", None)
    bare = [name for name, hint in hints.items() if len(get_args(hint)) < 2]
    if bare:
        raise TypeError(f"{_key(declaration)}: {bare} must be annotated with a type of slots.py")
    return {name: get_args(hint)[1] for name, hint in hints.items()}
