"""Effects of USSD turns, each done once whatever happens to the callback, the phone or Redis.

The key is the session and the number of answers given in it. Claiming the key, what the effect did
and what it answered are one transaction, so a callback that comes again finds the answer and does
nothing; one that comes at the same time waits for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from core.db.effects import claim_effect, find_effect, last_effect, save_effect
from core.errors import BrokenInvariant, Refused
from core.unit import Unit
from gateway.ussd_menus.engine import Effect
from gateway.ussd_menus.options import ONCE
from gateway.ussd_menus.session_vars import Json, pack_all


def run_once(effect: Effect, unit: Unit, ussd_session: str, position: int) -> Mapping[str, Json]:
    """The packed outcome of the effect under this key, doing it only if it was not done.

    Raises what the use case raises; nothing is left of the key then.
    """
    if not claim_effect(unit.connection, ussd_session, position, unit.now):
        return _done(unit, ussd_session, position)
    # With the instant in it, since the id of a session may come again on another day.
    outcome = _run(effect, unit, f"{ussd_session}/{position}@{unit.now.isoformat()}")
    save_effect(unit.connection, ussd_session, position, dict(outcome))
    return outcome


def _done(unit: Unit, ussd_session: str, position: int) -> Mapping[str, Json]:
    outcome = done_before(unit, ussd_session, position)
    if outcome is None:
        raise BrokenInvariant("the key of an effect is taken, and nothing was done under it")
    return outcome


def done_before(unit: Unit, ussd_session: str, position: int) -> Mapping[str, Json] | None:
    """The outcome of the effect under this key, if there was one in this session."""
    return find_effect(unit.connection, ussd_session, position, unit.now)


def last_position(unit: Unit, ussd_session: str) -> int:
    """The last position at which this session did something; 0 for nowhere."""
    return last_effect(unit.connection, ussd_session, unit.now)


def _run(effect: Effect, unit: Unit, key: str) -> Mapping[str, Json]:
    values = {name: key if value is ONCE else value for name, value in effect.values.items()}
    answer = effect.do.act(unit, **values)
    if isinstance(answer, Refused):
        return {"refused": answer.code, **pack_all(answer.values)}
    if isinstance(answer, Mapping):
        return pack_all(answer)
    if dataclasses.is_dataclass(answer):
        fields = dataclasses.fields(answer)
        return pack_all({field.name: getattr(answer, field.name) for field in fields})
    if answer is None:
        return {}
    raise BrokenInvariant(f"{effect.do.name} answers {type(answer).__name__}, not a dataclass")
