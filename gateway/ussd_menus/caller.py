"""The caller, and the data about callers that several menus show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.device import DeviceState
from core.money import Money
from core.usecases.agents.pin import needs_new_pin
from core.usecases.customers.caller import Caller, read_caller
from core.usecases.devices.list_devices import list_devices
from gateway.ussd_menus.turn import CallerContext, Turn

Role = Literal["customer", "agent", "new_agent", "stranger"]


def load_caller(context: CallerContext) -> Caller:
    """The customer or agent who has the number. Use it as `turn.cached(load_caller)`."""
    return read_caller(context.unit, context.msisdn)


def caller(turn: Turn) -> Caller:
    """The caller, as the data of a screen."""
    return turn.cached(load_caller)


def role(turn: Turn) -> Role:
    """The role that decides which menu comes. `new_agent` is an agent who still has the first PIN
    that the operator set, and must change it before anything else."""
    known = turn.cached(load_caller)
    if known.role == "agent":
        return "new_agent" if needs_new_pin(turn.unit, turn.msisdn) else "agent"
    return "customer" if known.role == "customer" else "stranger"


def language(context: CallerContext) -> str:
    """The language of the caller."""
    return context.cached(load_caller).language


def own_devices(turn: Turn) -> Sequence[DeviceState]:
    """The caller's devices; none for a stranger."""
    return list_devices(turn.unit, turn.cached(load_caller).id)


def money(turn: Turn, minor: int) -> Money:
    """An amount in the market's currency."""
    return Money(minor, turn.unit.market.currency)
