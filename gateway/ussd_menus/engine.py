"""The engine: one answer in, one page out, and perhaps an effect for the edge to run.

    advance(menu, session, typed, facts) -> Step(session, page, effect)

Pure: whatever it knows comes in through its arguments, and it changes nothing. A step with an
effect has no page yet; the edge runs the effect once and hands the outcome to `finish`. A refusal
from a use case is shown above the question before it, so a menu author writes no error path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.errors import BrokenInvariant, Refused
from core.wording.message import BoundMessage
from core.wording.messages import engine as messages
from gateway.ussd_menus.layout import paginate
from gateway.ussd_menus.menu import Menu, resolve
from gateway.ussd_menus.options import BACK, HOME, Do, NotUnderstood, Target, Way
from gateway.ussd_menus.screens import Ask, Drawn, Route, Screen
from gateway.ussd_menus.session import Dropped, Offered, UssdSession
from gateway.ussd_menus.session_vars import Json, unpack_all
from gateway.ussd_menus.turn import Facts, Turn

BACK_KEY, HOME_KEY, MORE_KEY = "0", "00", "98"


@dataclass(frozen=True, slots=True)
class Page:
    """What the caller sees. `screen` is the id of the screen behind it."""

    text: str
    ends: bool
    screen: str


@dataclass(frozen=True, slots=True)
class Effect:
    """A use case to run once: its values, and where the conversation goes afterwards.

    A value may be a secret, so they are never part of what is printed.
    """

    do: Do
    values: Mapping[str, object] = field(repr=False)
    to: Target = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """Where the caller is now; exactly one of `page` and `effect` is there."""

    session: UssdSession
    page: Page | None = None
    effect: Effect | None = None


def start(
    menu: Menu,
    facts: Facts,
    budget: int,
    dropped: Dropped | None = None,
    note: BoundMessage | None = None,
) -> Step:
    """The first screen, or after a dropped call the question whether to go on."""
    session = UssdSession(menu.speech, budget)
    try:
        session = replace(session, language=_language(menu, facts))
        if dropped and dropped.trail[-1] in menu.screens:
            return _arrive(menu, replace(session, held=dropped), menu.resume, facts)
        words = menu.wording.render(note, session.language) if note else ""
        return _arrive(menu, replace(session, note=words), menu.home, facts)
    except Refused as refused:
        return _end(menu, session, menu.wording.refusal(refused), menu.home)


def advance(menu: Menu, session: UssdSession, typed: str, facts: Facts) -> Step:
    """What follows when this is typed at what the session last offered."""
    screen = menu.screens.get(session.trail[-1])
    if screen is None or screen.ends:
        return start(menu, facts, session.budget, note=messages.lost_place())
    typed = typed.strip()
    if not typed:
        return Step(session, _page(menu, session))
    try:
        return _navigate(menu, session, typed, facts) or _answer(menu, session, typed, facts)
    except NotUnderstood as answer:
        return _again(menu, session, answer.said)
    except Refused as refused:
        if refused.code == "unknown_serial" and facts.guesses:
            facts.guesses.missed(facts.msisdn)
        return refuse(menu, session, refused)


def finish(
    menu: Menu, session: UssdSession, effect: Effect, outcome: Mapping[str, Json], facts: Facts
) -> Step:
    """The screen after an effect whose packed outcome this is.

    What is done lies behind the caller: from here back is home. An outcome called `language`
    changes the language of the conversation. One called `refused` is a refusal whose trace stays.
    """
    if "refused" in outcome:
        return refuse(menu, session, Refused(str(outcome["refused"]), **unpack_all(outcome)))
    language = str(outcome.get("language", session.language))
    session = replace(session, language=language, carried={**session.carried, **outcome})
    if not isinstance(effect.to, Way):
        session = replace(session, trail=session.trail[:1])
    return _go(menu, session, effect.to, facts)


def refuse(menu: Menu, session: UssdSession, refused: Refused) -> Step:
    """The question again, below the reason why what it asked for was refused."""
    return _again(menu, session, menu.wording.refusal(refused))


def _language(menu: Menu, facts: Facts) -> str:
    language = menu.speaks(facts)
    return language if language in menu.wording.translations else menu.speech


def _turn(facts: Facts, session: UssdSession) -> Turn:
    return Turn(facts, session.language, session.carried)


def _navigate(menu: Menu, session: UssdSession, typed: str, facts: Facts) -> Step | None:
    """0, 00 and 98, wherever the page offered them."""
    page = session.page
    if typed == MORE_KEY and page + 1 < len(_pages(menu, session)):
        return _turned(menu, session, page + 1)
    if typed == BACK_KEY and page:
        return _turned(menu, session, page - 1)
    if len(session.trail) > 1 and typed in (BACK_KEY, HOME_KEY):
        return _go(menu, session, BACK if typed == BACK_KEY else HOME, facts)
    return None


def _turned(menu: Menu, session: UssdSession, page: int) -> Step:
    session = replace(session, page=page)
    return Step(session, _page(menu, session))


def _answer(menu: Menu, session: UssdSession, typed: str, facts: Facts) -> Step:
    screen = menu.screens[session.trail[-1]]
    move = screen.take(typed, session.offered.by_key, _turn(facts, session))
    session = replace(session, carried={**session.carried, **move.carries})
    if move.do:
        values = move.do.values(_turn(facts, session), move.secrets)
        return Step(session, effect=Effect(move.do, values, move.to))
    return _go(menu, session, move.to, facts)


def _go(menu: Menu, session: UssdSession, target: Target, facts: Facts) -> Step:
    session = replace(session, note="", page=0, tries=0)
    if target is HOME:
        session = replace(session, trail=(), carried={}, held=None)
        return _arrive(menu, session, menu.home, facts)
    if target is BACK:
        return _return(menu, session, facts)
    return _arrive(menu, session, target, facts)


def _return(menu: Menu, session: UssdSession, facts: Facts) -> Step:
    """One screen back, or where the dropped call was. Nothing is passed over on the way back."""
    if session.held:
        session = replace(session, trail=session.held.trail, carried=session.held.carried)
    elif len(session.trail) > 1:
        session = replace(session, trail=session.trail[:-1])
    there = menu.screens[session.trail[-1]]
    return _arrive(menu, replace(session, held=None), there, facts, passing=False)


def _arrive(
    menu: Menu, session: UssdSession, target: Target, facts: Facts, *, passing: bool = True
) -> Step:
    turn = _turn(facts, session)
    screen = _routed(target, turn)
    drawn = screen.draw(turn)
    session = _shown(menu, session, screen, drawn)
    move = screen.passes(drawn) if passing else None
    if move is None or move.do or isinstance(move.to, Way):
        return Step(session, _page(menu, session))
    session = replace(session, carried={**session.carried, **move.carries})
    return _arrive(menu, session, move.to, facts)


def _routed(target: Target, turn: Turn) -> Screen:
    """The screen that the facts decide on."""
    screen = resolve(target)
    while isinstance(screen, Route):
        screen = resolve(screen.to[screen.by(turn)])
    if isinstance(screen, Way):
        raise BrokenInvariant(f"a route leads {screen.value}")
    return screen


def _shown(menu: Menu, session: UssdSession, screen: Screen, drawn: Drawn) -> UssdSession:
    render = menu.wording.translations[session.language].render
    rows = tuple((row.key, render(row.label), row.stands_for) for row in drawn.rows)
    trail = session.trail
    if screen.id in trail:  # asked again further on: the way back does not grow
        trail = trail[: trail.index(screen.id)]
    return replace(
        session,
        trail=(*trail, screen.id),
        carried={**session.carried, **drawn.carries},
        offered=Offered(render(drawn.title), rows),
    )


def _again(menu: Menu, session: UssdSession, said: BoundMessage) -> Step:
    """The same screen below a note, until the tries of a question are used up."""
    screen, tries = menu.screens[session.trail[-1]], session.tries + 1
    if isinstance(screen, Ask) and tries >= screen.tries:
        return _end(menu, session, said, screen)
    note = menu.wording.render(said, session.language)
    session = replace(session, note=note, page=0, tries=tries)
    return Step(session, _page(menu, session))


def _end(menu: Menu, session: UssdSession, said: BoundMessage, screen: Screen) -> Step:
    """The end, with the reason and, after too many tries, what to do about it."""
    words = [menu.wording.render(said, session.language)]
    if isinstance(screen, Ask):
        words.append(menu.wording.render(messages.too_many_tries(), session.language))
    size = menu.wording.translations[session.language].size
    text = "\n".join(words) if size("\n".join(words)) <= _room(menu, session) else words[0]
    return Step(session, Page(text, True, screen.id))


def _room(menu: Menu, session: UssdSession) -> int:
    """Septets of the screen; a UCS-2 screen holds half as many units."""
    halved = not menu.wording.translations[session.language].is_gsm7
    return session.budget // 2 if halved else session.budget


def _pages(menu: Menu, session: UssdSession) -> list[tuple[str, ...]]:
    """The pages of what was offered; a note that leaves it too little room gets a page before."""
    foot, depth = menu.feet[session.language], len(session.trail) - 1
    size, room = menu.wording.translations[session.language].size, _room(menu, session)

    def fits(more: bool, back: bool) -> int:
        line = foot.line(depth, more=more, back=back)
        return room - size(line) - bool(line)

    part = fits(more=True, back=True)
    if not session.note:
        return paginate(session.offered.lines, size, fits(more=False, back=False), part)
    together = paginate([session.note, *session.offered.lines], size, fits(False, False), part)
    if len(together) == 1:
        return together
    own_page = paginate([session.note], size, part, part)
    return own_page + paginate(session.offered.lines, size, fits(False, True), part)


def _page(menu: Menu, session: UssdSession) -> Page:
    screen = menu.screens[session.trail[-1]]
    if screen.ends:
        return Page(session.offered.title, True, screen.id)
    cut, page = _pages(menu, session), session.page
    more, back = page + 1 < len(cut), page > 0
    foot = menu.feet[session.language].line(len(session.trail) - 1, more=more, back=back)
    lines = [*cut[page], foot] if foot else cut[page]
    return Page("\n".join(lines), False, screen.id)
