"""Replay several answers at once: a long dial, or a session that Redis lost.

`*384*96*1*SERIAL*AMOUNT#` and the cumulative text of a lost session look alike and are treated
alike: the answers are given one after another until one is invalid, or the next one is a secret or
would have an effect. Nothing happens twice and nothing happens unseen. Where an effect of these
answers is known to be done, they go on from what was shown for it: what led there may no longer be
possible.
"""

from __future__ import annotations

import re

from gateway.ussd_menus.engine import BACK_KEY, Step, advance
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.screens import Ask, Pick
from gateway.ussd_menus.session import UssdSession
from gateway.ussd_menus.turn import CallerContext

MASK = "#"  # stands for each character of a secret in a text that is stored


def replay(
    menu: Menu, text: str, context: CallerContext, step: Step, done: int
) -> tuple[Step, str]:
    """The step that these answers (joined by *) lead to, and the text as it may be stored: secrets
    and answers that were not followed are masked.

    `step` is the start of the conversation, or what was shown for its last effect; the first `done`
    answers led there.
    """
    answers = text.split("*")
    followed = [mask(answer) for answer in answers[:done]]
    for position, answer in enumerate(answers[done:], start=done + 1):
        following = _follow_answer(menu, step, answer, context)
        if following is None:
            break
        followed.append(mask_answer(menu, step.session, answer, following))
        next_answer = answers[position] if position < len(answers) else ""
        step = _undo_auto_advance(menu, step, following, next_answer, context)
        if step.session.note:
            break
    return step, "*".join([*followed, *map(mask, answers[len(followed) :])])


def expects_secret(menu: Menu, session: UssdSession) -> bool:
    """Whether the next answer is a secret."""
    screen = menu.screens.get(session.trail[-1])
    return isinstance(screen, Ask) and screen.stores.is_secret


def mask_answer(menu: Menu, session: UssdSession, answer: str, step: Step) -> str:
    """The answer as it may be stored: neither a secret nor what was not understood, which may be a
    secret that was typed too early. `step` is what it led to."""
    return mask(answer) if step.session.note or expects_secret(menu, session) else answer


def mask(text: str) -> str:
    """The text with every character masked except *, which still tells how many answers it has."""
    return re.sub(r"[^*]", MASK, text)


def _follow_answer(menu: Menu, step: Step, answer: str, context: CallerContext) -> Step | None:
    """The step after this answer, or None where the caller must give it in person."""
    if step.page is None or step.page.ends or expects_secret(menu, step.session):
        return None
    following = advance(menu, step.session, answer, context)
    return None if following.effect else following


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
