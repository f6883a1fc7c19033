"""An agent confirms an action with the PIN. Three wrong PINs lock it for half an hour, three more
for twice as long, and so on up to a day, until the right one is given.

The count of wrong PINs is kept in the transaction of the refusal. A wrong PIN is therefore returned
as a Refused and not raised: raising would roll the count back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from core.agent import Agent
from core.db.agents import lock_agent, update_agent
from core.errors import Refused
from core.unit import Unit
from core.usecases.agents.notify_agent import notify_agent
from core.wording.messages import agent_sms

MOST_MISSES = 3
LOCKED_FOR = timedelta(minutes=30)
LONGEST_LOCK = timedelta(days=1)


def check_pin(unit: Unit, msisdn: str, pin: str) -> Agent | Refused:
    """Return the agent, locked; or Refused: pin_wrong, pin_locked.

    Raises Refused("not_an_agent").
    """
    agent = lock_agent(unit.connection, msisdn)
    if agent is None:
        raise Refused("not_an_agent")
    if agent.locked_until is not None and agent.locked_until > unit.now:
        return Refused("pin_locked", minutes=_minutes(agent.locked_until - unit.now))
    if unit.pins.verify(agent.pin_hash, pin):
        if agent.pin_misses or agent.pin_locks:
            update_agent(unit.connection, agent.id, pin_misses=0, pin_locks=0, locked_until=None)
        return agent
    return _missed(unit, agent)


def _missed(unit: Unit, agent: Agent) -> Refused:
    misses = agent.pin_misses + 1
    if misses < MOST_MISSES:
        update_agent(unit.connection, agent.id, pin_misses=misses)
        return Refused("pin_wrong", left=MOST_MISSES - misses)
    locked_for = min(LOCKED_FOR * 2 ** min(agent.pin_locks, 10), LONGEST_LOCK)
    update_agent(
        unit.connection,
        agent.id,
        pin_misses=0,
        pin_locks=agent.pin_locks + 1,
        locked_until=unit.now + locked_for,
    )
    minutes = _minutes(locked_for)
    dedupe_key = f"agent_locked:{agent.id}:{unit.now.isoformat()}"
    notify_agent(unit, agent, agent_sms.pin_locked(minutes=minutes), dedupe_key)
    return Refused("pin_locked", minutes=minutes)


def _minutes(time: timedelta) -> int:
    """Return whole minutes, rounded up."""
    return -(-int(time.total_seconds()) // 60)


@dataclass(frozen=True, slots=True)
class Changed:
    """The new PIN is valid from now on."""


def change_pin(unit: Unit, msisdn: str, pins: str) -> Changed | Refused:
    """Change the PIN; `pins` is the present PIN and the new one, with a space between.

    Returns Refused for a wrong PIN. Raises Refused("pin_trivial") for an easily guessed or
    unchanged PIN.
    """
    pin, new_pin = pins.split()
    if is_trivial(new_pin) or new_pin == pin:
        raise Refused("pin_trivial")
    agent = check_pin(unit, msisdn, pin)
    if isinstance(agent, Refused):
        return agent
    update_agent(unit.connection, agent.id, pin_hash=unit.pins.hash(new_pin), pin_is_initial=False)
    return Changed()


def is_trivial(pin: str) -> bool:
    """Return whether a PIN is easily guessed: `1111`, `1234`, `9876`."""
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    return steps in ({0}, {1}, {-1})
