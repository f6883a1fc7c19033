"""Effects of USSD turns, each done once, whatever happens to the callback, the phone or Redis.

The key of an effect is its conversation and its number there. A session that does not know of an
effect, because its answer was lost, meets that effect's key at whatever it does next, and after
"Continue" too. Claiming the key, the effect itself and what the caller is shown for it are one
transaction: a callback that comes again finds what was shown and does nothing, one that comes at
the same time waits for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from core.db.effects import claim_effect, find_effect, last_effect, save_effect
from core.errors import BrokenInvariant, Refused
from core.unit import Unit
from gateway.ussd_menus.effect import TURN_KEY
from gateway.ussd_menus.engine import Effect, Page, Step, finish, mark_done_before
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.session import EffectKey, UssdSession
from gateway.ussd_menus.session_vars import Json, pack_all
from gateway.ussd_menus.turn import CallerContext

Place = tuple[str, int]  # a session, and the number of answers given in it


def run_once(
    menu: Menu, session: UssdSession, effect: Effect, context: CallerContext, place: Place
) -> Step:
    """The step after the effect of an answer at this place. The effect runs only if none was done
    under the session's key before; else the step is the one that was shown then, and says so where
    the caller has chosen something else since.

    Raises whatever the use case raises; the key is free again then.
    """
    unit, key = context.unit, session.effect_key
    if not claim_effect(unit.connection, _columns(key), place, unit.now):
        stored = find_effect(unit.connection, _columns(key), unit.now)
        if not stored:
            raise BrokenInvariant("the key of an effect is taken, and nothing was done under it")
        known, chosen = _decode(stored), stored[-1]
        return known if chosen == session.variables else mark_done_before(menu, known)
    # The key holds the instant, since a session id may come again on another day.
    once = f"{key.conversation}/{key.number}@{unit.now.isoformat()}"
    step = finish(menu, session, effect, _run_use_case(effect, unit, once), context)
    save_effect(unit.connection, _columns(key), _encode(step, session.variables))
    return step


def find_step(unit: Unit, key: EffectKey) -> Step | None:
    """What was shown for the effect under this key; None where there was none."""
    step = find_effect(unit.connection, _columns(key), unit.now)
    return _decode(step) if step else None


def last_position(unit: Unit, ussd_session: str) -> int:
    """The position of the last effect of this session; 0 where there was none."""
    last = last_effect(unit.connection, ussd_session, None, unit.now)
    return last[0] if last else 0


def last_step(unit: Unit, ussd_session: str, answers: int) -> tuple[int, Step] | None:
    """The position of the last effect of this session within so many answers, and what was shown
    for it; None where there was none."""
    last = last_effect(unit.connection, ussd_session, answers, unit.now)
    return (last[0], _decode(last[1])) if last else None


def _columns(key: EffectKey) -> tuple[str, int]:
    return key.conversation, key.number


def _encode(step: Step, chosen: Mapping[str, Json]) -> list[Any]:
    """What was shown, and last what had been chosen and typed (no secrets) before the effect."""
    if step.page is None:
        raise BrokenInvariant("an effect ended without a page")
    page = step.page
    return [step.session.to_json(), page.text, page.ends, page.screen, dict(chosen)]


def _decode(stored: list[Any]) -> Step:
    session, text, ends, screen, _ = stored
    return Step(UssdSession.from_json(session), Page(text, ends, screen))


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
