"""The effect of an answer: a use case, and where each of its arguments comes from.

Effects are data. A menu names the use case; the edge runs it once for each turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from gateway.ussd_menus.session_vars import SessionVar
from gateway.ussd_menus.turn import Turn


class EngineValue(Enum):
    """Arguments that the engine itself gives to an effect."""

    CALLER = "caller"
    NETWORK = "network"
    TURN_KEY = "turn_key"


CALLER = EngineValue.CALLER  # the caller's msisdn
NETWORK = EngineValue.NETWORK  # the code of the caller's network
TURN_KEY = EngineValue.TURN_KEY  # the text under which this turn's effect happens once


@dataclass(frozen=True, slots=True)
class Built:
    """An argument that is made of others: `make(**arguments)`, each with its source."""

    make: Callable[..., object]
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class UseCaseCall:
    """A use case `(unit, **arguments)` and the source of each argument: a session variable, an
    EngineValue, a constant, or what is built of such sources."""

    use_case: Callable[..., object]
    arguments: Mapping[str, object]

    @property
    def name(self) -> str:
        return self.use_case.__name__

    def values(self, turn: Turn, secrets: Mapping[str, object]) -> dict[str, object]:
        """The arguments of the call. TURN_KEY stays as it is: the edge replaces it."""
        return {name: _argument(source, turn, secrets) for name, source in self.arguments.items()}


def _argument(source: object, turn: Turn, secrets: Mapping[str, object]) -> object:
    if isinstance(source, Built):
        return source.make(
            **{name: _argument(part, turn, secrets) for name, part in source.arguments.items()}
        )
    if isinstance(source, SessionVar):
        return secrets[source.name] if source.is_secret else turn[source]
    if source is NETWORK:
        return turn.context.network
    return turn.msisdn if source is CALLER else source


def build(make: Callable[..., object], **arguments: object) -> Built:
    """An argument made of session variables: `build(NewCustomer, msisdn=CALLER, name=name)`."""
    return Built(make, arguments)


def do(use_case: Callable[..., object], **arguments: object) -> UseCaseCall:
    """The effect of an answer: `do(request_payment, payer=CALLER, amount=amount)`.

    The use case gets the Unit first, then each named argument. It returns a frozen dataclass or a
    dict, whose fields the next screen may show. It raises Refused to leave no trace, or returns a
    Refused when its trace (a wrong PIN) must stay.
    """
    return UseCaseCall(use_case, arguments)
