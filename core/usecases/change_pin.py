"""An agent chooses a PIN, at first use and whenever they like."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from core.db.agents import find_agent, update_agent
from core.errors import Refused
from core.unit import Unit
from core.usecases.check_pin import check_pin


@dataclass(frozen=True, slots=True)
class Changed:
    """The new PIN holds from now on."""


def change_pin(unit: Unit, msisdn: str, pins: str) -> Changed | Refused:
    """`pins` is the present PIN and the new one, with a space. Answers Refused for a wrong PIN;
    raises Refused("pin_trivial") for one that everybody tries first, or the old one again."""
    pin, new_pin = pins.split()
    if is_trivial(new_pin) or new_pin == pin:
        raise Refused("pin_trivial")
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    update_agent(unit.connection, agent.id, pin_hash=unit.pins.hash(new_pin), pin_is_initial=False)
    return Changed()


def needs_new_pin(unit: Unit, msisdn: str) -> bool:
    """Whether the agent still has the PIN the operator gave out."""
    agent = find_agent(unit.connection, msisdn)
    return agent is not None and agent.pin_is_initial


def is_trivial(pin: str) -> bool:
    """`1111`, `1234`, `9876`: one digit, or all in a row."""
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    return steps in ({0}, {1}, {-1})
