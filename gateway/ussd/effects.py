"""Effects of USSD turns, each done once, whatever happens to the callback, the phone or Redis.

The key of an effect is the session and the number of answers given in it (its position). Claiming
the key, the effect itself and its outcome are one transaction: a callback that comes again finds
the outcome and does nothing, one that comes at the same time waits for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from core.db.effects import claim_effect, find_effect, last_effect, save_effect
from core.errors import BrokenInvariant, Refused
from core.unit import Unit
from gateway.ussd_menus.effect import TURN_KEY
from gateway.ussd_menus.engine import Effect
from gateway.ussd_menus.session_vars import Json, pack_all


def run_once(effect: Effect, unit: Unit, ussd_session: str, position: int) -> Mapping[str, Json]:
    """The packed outcome of the effect under this key. The effect runs only if it did not run
    before. Raises whatever the use case raises; the key is free again then."""
    if not claim_effect(unit.connection, ussd_session, position, unit.now):
        return _known_outcome(unit, ussd_session, position)
    # The key holds the instant, since a session id may come again on another day.
    outcome = _run_use_case(effect, unit, f"{ussd_session}/{position}@{unit.now.isoformat()}")
    save_effect(unit.connection, ussd_session, position, dict(outcome))
    return outcome


def _known_outcome(unit: Unit, ussd_session: str, position: int) -> Mapping[str, Json]:
    outcome = find_outcome(unit, ussd_session, position)
    if outcome is None:
        raise BrokenInvariant("the key of an effect is taken, and nothing was done under it")
    return outcome


def find_outcome(unit: Unit, ussd_session: str, position: int) -> Mapping[str, Json] | None:
    """The outcome of the effect under this key; None where there was none in this session."""
    return find_effect(unit.connection, ussd_session, position, unit.now)


def last_position(unit: Unit, ussd_session: str) -> int:
    """The position of the last effect of this session; 0 where there was none."""
    return last_effect(unit.connection, ussd_session, unit.now)


def _run_use_case(effect: Effect, unit: Unit, key: str) -> Mapping[str, Json]:
    arguments = {name: key if value is TURN_KEY else value for name, value in effect.values.items()}
    result = effect.do.use_case(unit, **arguments)
    match result:
        case Refused():
            return {"refused": result.code, **pack_all(result.values)}
        case Mapping():
            return pack_all(result)
        case None:
            return {}
    if dataclasses.is_dataclass(result):
        fields = dataclasses.fields(result)
        return pack_all({field.name: getattr(result, field.name) for field in fields})
    raise BrokenInvariant(f"{effect.do.name} returns {type(result).__name__}, not a dataclass")
