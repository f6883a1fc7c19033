"""What a conversation carries from screen to screen: small values with a name and a type.

    amount = carried("amount", Money)

Carried values live in the session as JSON, so they are text, whole numbers, Money and dates; who
wants to carry more wants a row. A `secret` is never carried: it lives for the turn it was typed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from core.errors import BrokenInvariant
from core.money import Money

T = TypeVar("T")
Json = Any  # str, int, bool, None, or a tagged dict of these


@dataclass(frozen=True, slots=True)
class Carried(Generic[T]):
    """The name under which a value of this type is carried."""

    name: str
    kind: type[T]
    is_secret: bool = False


def carried(name: str, kind: type[T]) -> Carried[T]:
    """A value that the session keeps."""
    return Carried(name, kind)


def secret(name: str) -> Carried[str]:
    """A typed answer that is handed to one effect and then forgotten, like a PIN."""
    return Carried(name, str, is_secret=True)


def pack(value: object) -> Json:
    """The JSON form of a carried value. Raises BrokenInvariant for anything that is not small."""
    match value:
        case None | str() | bool() | int():
            return value
        case Money():
            return {"money": [value.minor, value.currency]}
        case date():
            return {"date": value.isoformat()}
    raise BrokenInvariant(f"a session does not carry {type(value).__name__}")


def unpack(stored: Json) -> Any:
    """The value that was packed."""
    match stored:
        case {"money": [minor, currency]}:
            return Money(minor, currency)
        case {"date": written}:
            return date.fromisoformat(written)
    return stored


def pack_all(values: Mapping[str, object]) -> dict[str, Json]:
    return {name: pack(value) for name, value in values.items()}


def unpack_all(stored: Mapping[str, Json]) -> dict[str, Any]:
    return {name: unpack(value) for name, value in stored.items()}
