"""Who is calling, and what several menus ask about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.money import Money
from core.usecases.agents.pin import needs_new_pin
from core.usecases.customers.caller import Caller, read_caller
from core.usecases.devices.list_devices import DeviceState, list_devices
from gateway.ussd_menus.turn import CallerContext, Turn

Role = Literal["customer", "agent", "new_agent", "stranger"]


def the_caller(facts: CallerContext) -> Caller:
    """The person behind the number, looked up once a turn: `turn.know(the_caller)`."""
    return read_caller(facts.unit, facts.msisdn)


def caller(turn: Turn) -> Caller:
    """The person behind the number, as facts of a screen."""
    return turn.cached(the_caller)


def role(turn: Turn) -> Role:
    """Which menu is theirs. An agent with the operator's PIN has to choose one first."""
    who = turn.cached(the_caller)
    if who.role == "agent":
        return "new_agent" if needs_new_pin(turn.unit, turn.msisdn) else "agent"
    return "customer" if who.role == "customer" else "stranger"


def language(facts: CallerContext) -> str:
    """The language to speak with them."""
    return facts.cached(the_caller).language


def own_devices(turn: Turn) -> Sequence[DeviceState]:
    """The caller's devices; none for a stranger."""
    return list_devices(turn.unit, turn.cached(the_caller).id)


def money(turn: Turn, minor: int) -> Money:
    """An amount in the market's currency."""
    return Money(minor, turn.unit.market.currency)
