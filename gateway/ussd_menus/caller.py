"""The caller, and the data about callers that several menus show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.customer import CustomerPosition
from core.device import Device
from core.money import Money
from core.usecases.customers.caller import Caller, read_caller
from core.usecases.payments.find_account import read_own_position
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
        return "new_agent" if known.has_first_pin else "agent"
    return "customer" if known.role == "customer" else "stranger"


def language(context: CallerContext) -> str:
    """The language of the caller."""
    return context.cached(load_caller).language


def load_position(context: CallerContext) -> CustomerPosition | None:
    """What the caller has and owes; None for one who is no customer. Use it as
    `turn.cached(load_position)`."""
    return read_own_position(context.unit, context.msisdn)


def own_devices(turn: Turn) -> Sequence[Device]:
    """The caller's devices, in the order of registration; none for a stranger."""
    own = turn.cached(load_position)
    if own is None:
        return ()
    return [device for device in own.devices if device.owner_id == own.caller_id]


def money(turn: Turn, minor: int) -> Money:
    """An amount in the market's currency."""
    return Money(minor, turn.unit.market.currency)
