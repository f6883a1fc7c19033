"""Session variables: small typed values that a conversation keeps from screen to screen.

    amount = session_var("amount", Money)

They are stored in the session as JSON, so they hold text, whole numbers, Money, dates and plan
terms; anything larger belongs in a row of the database. A `secret` is never stored: it exists only
during the turn in which it was typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeAlias, TypeVar

from core.errors import BrokenInvariant
from core.money import Money
from core.plan import ByAmount, ByCount, ByDay, PlanTerms, Schedule, as_cadence

T = TypeVar("T")
Json: TypeAlias = "bool | int | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True)
class SessionVar(Generic[T]):
    """The name under which the session keeps a value of this type."""

    name: str
    type: type[T]
    is_secret: bool = False


def session_var(name: str, type: type[T]) -> SessionVar[T]:
    """A value that the session keeps."""
    return SessionVar(name, type)


def secret(name: str) -> SessionVar[str]:
    """A typed answer, like a PIN, that goes to one effect and is then forgotten."""
    return SessionVar(name, str, is_secret=True)


def pack(value: object) -> Json:
    """The JSON form of a session variable. Raises BrokenInvariant for any other type."""
    match value:
        case None | str() | bool() | int():
            return value
        case Money():
            return {"money": [value.minor, value.currency]}
        case date():
            return {"date": value.isoformat()}
        case PlanTerms():
            return {"terms": _pack_terms(value)}
    raise BrokenInvariant(f"a session does not keep {type(value).__name__}")


def unpack(stored: Json) -> object:
    """The value whose JSON form this is."""
    if not isinstance(stored, dict):  # most are text or numbers, and this is on the path of a turn
        return stored
    match stored:
        case {"money": [int(minor), str(currency)]}:
            return Money(minor, currency)
        case {"date": str(written)}:
            return date.fromisoformat(written)
        case {"terms": [str(appliance), figure, str(cadence), down_payment]}:
            return _unpack_terms(appliance, figure, cadence, down_payment)
    return stored


def _pack_terms(terms: PlanTerms) -> list[Json]:
    """The schedule is a number of instalments, an amount, or nothing for use by the day."""
    figure: Json = None
    match terms.schedule:
        case ByCount(count):
            figure = count
        case ByAmount(amount):
            figure = pack(amount)
    return [terms.appliance, figure, terms.cadence, pack(terms.down_payment)]


def _unpack_terms(appliance: str, figure: Json, cadence: str, down_payment: Json) -> PlanTerms:
    schedule: Schedule = ByDay()
    if isinstance(figure, int):
        schedule = ByCount(figure)
    elif figure is not None:
        schedule = ByAmount(_unpack_money(figure))
    return PlanTerms(appliance, schedule, as_cadence(cadence), _unpack_money(down_payment))


def _unpack_money(stored: Json) -> Money:
    value = unpack(stored)
    if not isinstance(value, Money):
        raise BrokenInvariant(f"{stored!r} is no money")
    return value


def pack_all(values: Mapping[str, object]) -> dict[str, Json]:
    """The JSON form of several values, by name."""
    return {name: pack(value) for name, value in values.items()}


def unpack_all(stored: Mapping[str, Json]) -> dict[str, object]:
    """The values whose JSON forms these are, by name."""
    return {name: unpack(value) for name, value in stored.items()}
