"""Following a whole history of answers at once: a long dial, or a session that Redis lost.

`*384*96*1*SERIAL*AMOUNT#` and the cumulative text of a lost session look alike, and are treated
alike: the answers are given one after another until one is not understood, or the next one is a
secret or would make something happen. Nothing happens twice and nothing happens unseen; an effect
that is known to be done is passed with its outcome.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gateway.ussd_menus.engine import BACK_KEY, Effect, Step, advance, finish, start
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.screens import Ask, Pick
from gateway.ussd_menus.session import UssdSession
from gateway.ussd_menus.session_vars import Json
from gateway.ussd_menus.turn import Facts

MASK = "#"  # stands for each character of a secret in a text that is kept
Done = Callable[[int], Mapping[str, Json] | None]


def replay(menu: Menu, text: str, facts: Facts, budget: int, done: Done) -> tuple[Step, str]:
    """Where these answers lead, and the text with everything not followed or secret masked.

    `done(position)` is the outcome of the effect that the answer at this position had, if any.
    """
    step, answers, heard = start(menu, facts, budget), text.split("*"), []
    for position, answer in enumerate(answers, start=1):
        follows = _follow(menu, step, answer, position, facts, done)
        if follows is None:
            break
        heard.append(hidden(menu, step.session, answer))
        following = answers[position] if position < len(answers) else ""
        step = _without_passing(menu, step, follows, following, facts)
        if step.session.note:
            break
    return step, "*".join([*heard, *(masked(one) for one in answers[len(heard) :])])


def hides_input(menu: Menu, session: UssdSession) -> bool:
    """Whether what is typed next is a secret."""
    screen = menu.screens.get(session.trail[-1])
    return isinstance(screen, Ask) and screen.into.is_secret


def hidden(menu: Menu, session: UssdSession, answer: str) -> str:
    """The answer as it may be kept."""
    return masked(answer) if hides_input(menu, session) else answer


def masked(text: str) -> str:
    """The text with nothing left to read in it but how many answers it is."""
    return re.sub(r"[^*]", MASK, text)


def _follow(
    menu: Menu, step: Step, answer: str, position: int, facts: Facts, done: Done
) -> Step | None:
    """The next step, or None where the caller must answer himself."""
    if step.page is None or step.page.ends:
        return None
    screen = menu.screens[step.session.trail[-1]]
    if isinstance(screen, Ask) and screen.into.is_secret and screen.do:
        effect = Effect(screen.do, {}, screen.to)
        return _past(menu, step.session, effect, done(position), facts)
    follows = advance(menu, step.session, answer, facts)
    if follows.effect is None:
        return follows
    return _past(menu, follows.session, follows.effect, done(position), facts)


def _past(
    menu: Menu,
    session: UssdSession,
    effect: Effect,
    outcome: Mapping[str, Json] | None,
    facts: Facts,
) -> Step | None:
    return None if outcome is None else finish(menu, session, effect, outcome, facts)


def _without_passing(menu: Menu, before: Step, after: Step, answer: str, facts: Facts) -> Step:
    """Back on a list that was passed over, when the next answer names something for that list.

    Somebody with one device goes straight to the amount, but a long dial says the serial first.
    """
    trail = after.session.trail
    if not answer or len(trail) - len(before.session.trail) < 2:
        return after
    passed = menu.screens[trail[-2]]
    if not isinstance(passed, Pick) or passed.typed is None:
        return after
    on_list = advance(menu, after.session, BACK_KEY, facts)
    named = advance(menu, on_list.session, answer, facts)
    return after if named.session.note or named.effect else on_list
