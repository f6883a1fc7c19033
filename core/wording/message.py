"""A message is declared once as a signature; its wordings are data, one per language.

    @message
    def which_amount(serial: Serial, owed: Money) -> None:
        \"\"\"Above the amount a payer types; `owed` is what is due today.\"\"\"

The parameters are the slots and a call (`which_amount(serial=..., owed=...)`) gives what is to be
said, not yet in any language. The key of the wording is `<module>.<function>`; the docstring is for
translators. A message never holds a wording and never decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, get_args, get_type_hints

if TYPE_CHECKING:
    from core.wording.slots import Slot

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Said:
    """A message with its slots filled, not yet in any language."""

    message: Message[Any]
    values: Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class Message(Generic[P]):
    """A key, its slots by name, and for a text the number of SMS parts it may take."""

    key: str
    slots: Mapping[str, Slot]
    segments: int | None = None

    def __call__(self, *args: P.args, **values: P.kwargs) -> Said:
        return Said(self, {**dict(zip(self.slots, args, strict=False)), **values})


def message(declaration: Callable[P, None]) -> Message[P]:
    """Declare something shown on a screen."""
    return Message(_key(declaration), _slots(declaration))


def text_message(*, segments: int) -> Callable[[Callable[P, None]], Message[P]]:
    """Declare an SMS that takes at most `segments` parts, whatever is in its slots."""
    return lambda declaration: Message(_key(declaration), _slots(declaration), segments)


def messages_of(modules: Iterable[ModuleType]) -> list[Message[Any]]:
    """Every message declared in these modules, in order."""
    return [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, Message) and found.key.startswith(module.__name__.split(".")[-1] + ".")
    ]


def _key(declaration: Callable[..., None]) -> str:
    return f"{declaration.__module__.rsplit('.', 1)[-1]}.{declaration.__name__}"


def _slots(declaration: Callable[..., None]) -> Mapping[str, Slot]:
    """The slot each parameter is annotated with. Raises TypeError for one that has no width."""
    hints = get_type_hints(declaration, include_extras=True)
    hints.pop("return", None)
    bare = [name for name, hint in hints.items() if len(get_args(hint)) < 2]
    if bare:
        raise TypeError(f"{_key(declaration)}: {bare} must be annotated with a type of slots.py")
    return {name: get_args(hint)[1] for name, hint in hints.items()}
