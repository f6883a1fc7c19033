"""Replay several answers at once: a long dial, or a session that Redis lost.

`*384*96*1*SERIAL*AMOUNT#` and the cumulative text of a lost session look alike and are treated
alike: the answers are given one after another until one is invalid, or the next one is a secret or
would have an effect. Nothing happens twice and nothing happens unseen. An effect that is known to
be done is skipped, with its outcome.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from gateway.ussd_menus.engine import BACK_KEY, Effect, Step, advance, finish, start
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.screens import Ask, Pick
from gateway.ussd_menus.session import UssdSession
from gateway.ussd_menus.session_vars import Json
from gateway.ussd_menus.turn import CallerContext

MASK = "#"  # stands for each character of a secret in a text that is stored
FindOutcome = Callable[[int], Mapping[str, Json] | None]


def replay(
    menu: Menu, text: str, context: CallerContext, budget: int, find_outcome: FindOutcome
) -> tuple[Step, str]:
    """The step that these answers (joined by *) lead to, and the text as it may be stored: secrets
    and answers that were not followed are masked.

    `find_outcome(position)` is the outcome of the effect of the answer at this position, counted
    from 1, or None where it had none.
    """
    step, answers, followed = start(menu, context, budget), text.split("*"), list[str]()
    for position, answer in enumerate(answers, start=1):
        following = _follow_answer(menu, step, answer, context, partial(find_outcome, position))
        if following is None:
            break
        followed.append(mask_secret(menu, step.session, answer))
        next_answer = answers[position] if position < len(answers) else ""
        step = _undo_auto_advance(menu, step, following, next_answer, context)
        if step.session.note:
            break
    return step, "*".join([*followed, *map(mask, answers[len(followed) :])])


def expects_secret(menu: Menu, session: UssdSession) -> bool:
    """Whether the next answer is a secret."""
    screen = menu.screens.get(session.trail[-1])
    return isinstance(screen, Ask) and screen.stores.is_secret


def mask_secret(menu: Menu, session: UssdSession, answer: str) -> str:
    """The answer as it may be stored."""
    return mask(answer) if expects_secret(menu, session) else answer


def mask(text: str) -> str:
    """The text with every character masked except *, which still tells how many answers it has."""
    return re.sub(r"[^*]", MASK, text)


def _follow_answer(
    menu: Menu,
    step: Step,
    answer: str,
    context: CallerContext,
    find_outcome: Callable[[], Mapping[str, Json] | None],
) -> Step | None:
    """The step after this answer, or None where the caller must give it in person."""
    if step.page is None or step.page.ends:
        return None
    screen = menu.screens[step.session.trail[-1]]
    if isinstance(screen, Ask) and screen.stores.is_secret and screen.do:
        following = Step(step.session, effect=Effect(screen.do, {}, screen.to))
    else:
        following = advance(menu, step.session, answer, context)
    if following.effect is None:
        return following
    outcome = find_outcome()
    if outcome is None:
        return None
    return finish(menu, following.session, following.effect, outcome, context)


def _undo_auto_advance(
    menu: Menu, before: Step, after: Step, next_answer: str, context: CallerContext
) -> Step:
    """The list that was skipped, where the next answer chooses from that list; else `after`.

    A caller with one device goes straight to the amount, but a long dial names the serial number
    first.
    """
    trail = after.session.trail
    if not next_answer or len(trail) - len(before.session.trail) < 2:
        return after
    skipped = menu.screens[trail[-2]]
    if not isinstance(skipped, Pick) or skipped.typed_reader is None:
        return after
    on_list = advance(menu, after.session, BACK_KEY, context)
    answered = advance(menu, on_list.session, next_answer, context)
    return after if answered.session.note or answered.effect else on_list
