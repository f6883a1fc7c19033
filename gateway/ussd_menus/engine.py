"""The menu engine: one answer in, one page out, and perhaps an effect for the edge to run.

    advance(menu, session, typed, context) -> Step(session, page, effect)

The engine is pure: all that it knows comes in through its arguments, and it changes nothing. A step
with an effect has no page yet: the edge runs the effect once and calls `finish` with the outcome. A
refusal by a use case is shown above the previous question, so a menu author writes no error path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.errors import BrokenInvariant, Refused
from core.wording.message import BoundMessage
from core.wording.messages import engine as messages
from gateway.ussd_menus.effect import UseCaseCall
from gateway.ussd_menus.layout import paginate
from gateway.ussd_menus.menu import Menu, resolve
from gateway.ussd_menus.screen import (
    BACK,
    HOME,
    InvalidAnswer,
    Navigation,
    RenderedScreen,
    Screen,
    Target,
)
from gateway.ussd_menus.screens import Ask, Route
from gateway.ussd_menus.session import EffectKey, InterruptedSession, Offered, UssdSession
from gateway.ussd_menus.session_vars import Json, unpack_all
from gateway.ussd_menus.turn import CallerContext, Turn

BACK_KEY, HOME_KEY, MORE_KEY = "0", "00", "98"


@dataclass(frozen=True, slots=True)
class Page:
    """What the caller sees; `screen` is the id of the screen that it belongs to."""

    text: str
    ends: bool
    screen: str


@dataclass(frozen=True, slots=True)
class Effect:
    """A use case to run once with these values, and where the conversation goes afterwards.

    A value may be a secret, so `repr` leaves all of them out.
    """

    do: UseCaseCall
    values: Mapping[str, object] = field(repr=False)
    to: Target = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """The session after an answer, with either a page or an effect."""

    session: UssdSession
    page: Page | None = None
    effect: Effect | None = None


def start(
    menu: Menu,
    context: CallerContext,
    budget: int,
    effect_key: EffectKey,
    interrupted: InterruptedSession | None = None,
    note: BoundMessage | None = None,
) -> Step:
    """The first screen, or the question whether to resume an interrupted session.

    `budget` is how many septets a page may have, `effect_key` the key of the conversation's next
    effect; `note` is shown above the first screen.
    """
    session = UssdSession(menu.default_language, budget, effect_key)
    try:
        session = replace(session, language=_language_of(menu, context))
        if interrupted and interrupted.trail[-1] in menu.screens:
            return _show_screen(
                menu, replace(session, interrupted=interrupted), menu.resume, context
            )
        text = menu.wording.render(note, session.language) if note else ""
        return _show_screen(menu, replace(session, note=text), menu.home, context)
    except Refused as refused:
        return _end_conversation(menu, session, menu.wording.refusal(refused), menu.home)


def advance(menu: Menu, session: UssdSession, typed: str, context: CallerContext) -> Step:
    """The step that follows when this is typed at what the session last offered."""
    screen = menu.screens.get(session.trail[-1])
    if screen is None or screen.ends:
        note = messages.lost_place()
        return start(menu, context, session.budget, session.effect_key, note=note)
    typed = typed.strip()
    if not typed:
        return Step(session, _page(menu, session))
    try:
        return _navigate(menu, session, typed, context) or _handle_answer(
            menu, session, typed, context
        )
    except InvalidAnswer as invalid:
        return _ask_again(menu, session, invalid.message)
    except Refused as refused:
        if refused.code == "unknown_serial" and context.guesses:
            context.guesses.missed(context.msisdn)
        return refuse(menu, session, refused)


def chooses_resume(session: UssdSession, typed: str) -> bool:
    """Whether this answer continues an interrupted session."""
    chosen = session.offered.by_key.get(typed.strip())
    return session.interrupted is not None and chosen == messages.resume.key


def finish(
    menu: Menu,
    session: UssdSession,
    effect: Effect,
    outcome: Mapping[str, Json],
    context: CallerContext,
) -> Step:
    """The step after an effect that returned this (packed) outcome.

    From the next screen, back leads home: an effect cannot be undone. An outcome field `language`
    changes the language of the conversation; an outcome with `refused` is a refusal whose trace
    stays in the database.
    """
    session = replace(session, effect_key=session.effect_key.after)
    if "refused" in outcome:
        return refuse(menu, session, Refused(str(outcome["refused"]), **unpack_all(outcome)))
    language = str(outcome.get("language", session.language))
    session = replace(session, language=language, variables={**session.variables, **outcome})
    if not isinstance(effect.to, Navigation):
        session = replace(session, trail=session.trail[:1])
    return _go_to(menu, session, effect.to, context)


def mark_done_before(menu: Menu, step: Step) -> Step:
    """The step of an effect that was done before this one was asked for, with a line that says so
    where it fits."""
    if step.page is None:
        return step
    translation = menu.wording.translations[step.session.language]
    text = f"{menu.wording.render(messages.done_before(), step.session.language)}\n{step.page.text}"
    fits = translation.size(text) <= _capacity(menu, step.session)
    return replace(step, page=replace(step.page, text=text)) if fits else step


def refuse(menu: Menu, session: UssdSession, refused: Refused) -> Step:
    """Return a step that asks the last question again, below the reason for the refusal."""
    return _ask_again(menu, session, menu.wording.refusal(refused))


def _language_of(menu: Menu, context: CallerContext) -> str:
    language = menu.language_of(context)
    return language if language in menu.wording.translations else menu.default_language


def _make_turn(context: CallerContext, session: UssdSession) -> Turn:
    return Turn(context, session.language, session.variables)


def _navigate(menu: Menu, session: UssdSession, typed: str, context: CallerContext) -> Step | None:
    """The step for 0, 00 or 98 where the page offered them; None for any other answer."""
    page = session.page
    if typed == MORE_KEY and page + 1 < len(_pages(menu, session)):
        return _turn_page(menu, session, page + 1)
    if typed == BACK_KEY and page:
        return _turn_page(menu, session, page - 1)
    if len(session.trail) > 1 and typed in (BACK_KEY, HOME_KEY):
        return _go_to(menu, session, BACK if typed == BACK_KEY else HOME, context)
    return None


def _turn_page(menu: Menu, session: UssdSession, page: int) -> Step:
    session = replace(session, page=page)
    return Step(session, _page(menu, session))


def _handle_answer(menu: Menu, session: UssdSession, typed: str, context: CallerContext) -> Step:
    screen = menu.screens[session.trail[-1]]
    transition = screen.handle(typed, session.offered.by_key, _make_turn(context, session))
    session = replace(session, variables={**session.variables, **transition.sets})
    if transition.do:
        values = transition.do.values(_make_turn(context, session), transition.secrets)
        return Step(session, effect=Effect(transition.do, values, transition.to))
    return _go_to(menu, session, transition.to, context)


def _go_to(menu: Menu, session: UssdSession, target: Target, context: CallerContext) -> Step:
    session = replace(session, note="", page=0, tries=0)
    if target is HOME:
        session = replace(session, trail=(), variables={}, interrupted=None)
        return _show_screen(menu, session, menu.home, context)
    if target is BACK:
        return _go_back(menu, session, context)
    return _show_screen(menu, session, target, context)


def _go_back(menu: Menu, session: UssdSession, context: CallerContext) -> Step:
    """One screen back, or to where the interrupted session was. No screen advances by itself."""
    if interrupted := session.interrupted:
        session = replace(
            session,
            trail=interrupted.trail,
            variables=interrupted.variables,
            effect_key=interrupted.effect_key,
        )
    elif len(session.trail) > 1:
        session = replace(session, trail=session.trail[:-1])
    screen = menu.screens[session.trail[-1]]
    session = replace(session, interrupted=None)
    return _show_screen(menu, session, screen, context, auto_advance=False)


def _show_screen(
    menu: Menu,
    session: UssdSession,
    target: Target,
    context: CallerContext,
    *,
    auto_advance: bool = True,
) -> Step:
    """The page of a screen, or of the screen that it advances to by itself."""
    turn = _make_turn(context, session)
    screen = _resolve_routes(target, turn)
    rendered = screen.render(turn)
    session = _with_offer(menu, session, screen, rendered)
    transition = screen.auto_advance(rendered) if auto_advance else None
    if transition is None or transition.do or isinstance(transition.to, Navigation):
        return Step(session, _page(menu, session))
    session = replace(session, variables={**session.variables, **transition.sets})
    return _show_screen(menu, session, transition.to, context)


def _resolve_routes(target: Target, turn: Turn) -> Screen:
    """The screen of a target; routes decide until one is found."""
    screen = resolve(target)
    while isinstance(screen, Route):
        screen = resolve(screen.to[screen.by(turn)])
    if isinstance(screen, Navigation):
        raise BrokenInvariant(f"a route leads {screen.value}")
    return screen


def _with_offer(
    menu: Menu, session: UssdSession, screen: Screen, rendered: RenderedScreen
) -> UssdSession:
    """The session at this screen, with what it offers in the caller's language."""
    render = menu.wording.translations[session.language].render
    rows = tuple((row.key, render(row.label), row.value) for row in rendered.rows)
    trail = session.trail
    if screen.id in trail:  # a screen that comes again further on does not lengthen the way back
        trail = trail[: trail.index(screen.id)]
    return replace(
        session,
        trail=(*trail, screen.id),
        variables={**session.variables, **rendered.sets},
        offered=Offered(render(rendered.title), rows),
    )


def _ask_again(menu: Menu, session: UssdSession, message: BoundMessage) -> Step:
    """Show the last screen again below this message; end when a question has no tries left."""
    screen, tries = menu.screens[session.trail[-1]], session.tries + 1
    if isinstance(screen, Ask) and tries >= screen.tries:
        return _end_conversation(menu, session, message, screen)
    note = menu.wording.render(message, session.language)
    session = replace(session, note=note, page=0, tries=tries)
    return Step(session, _page(menu, session))


def _end_conversation(
    menu: Menu, session: UssdSession, message: BoundMessage, screen: Screen
) -> Step:
    """The end of the conversation with this message and, after too many tries, what to do."""
    lines = [menu.wording.render(message, session.language)]
    if isinstance(screen, Ask):
        lines.append(menu.wording.render(messages.too_many_tries(), session.language))
    size = menu.wording.translations[session.language].size
    text = "\n".join(lines) if size("\n".join(lines)) <= _capacity(menu, session) else lines[0]
    return Step(session, Page(text, True, screen.id))


def _capacity(menu: Menu, session: UssdSession) -> int:
    """What a screen holds: septets, or half as many 16-bit units in a UCS-2 language."""
    is_gsm7 = menu.wording.translations[session.language].is_gsm7
    return session.budget if is_gsm7 else session.budget // 2


def _pages(menu: Menu, session: UssdSession) -> list[tuple[str, ...]]:
    """The pages of what was offered. A note that leaves too little space gets a page of its own."""
    bar, depth = menu.footers[session.language], len(session.trail) - 1
    size, capacity = menu.wording.translations[session.language].size, _capacity(menu, session)

    def above_bar(more: bool, back: bool) -> int:
        line = bar.render(depth, more=more, back=back)
        return capacity - size(line) - bool(line)

    each_page = above_bar(more=True, back=True)
    lines, single_page = session.offered.lines, above_bar(more=False, back=False)
    if not session.note:
        return paginate(lines, size, single_page, each_page)
    with_note = paginate([session.note, *lines], size, single_page, each_page)
    if len(with_note) == 1:
        return with_note
    note_pages = paginate([session.note], size, each_page, each_page)
    return note_pages + paginate(lines, size, above_bar(more=False, back=True), each_page)


def _page(menu: Menu, session: UssdSession) -> Page:
    screen = menu.screens[session.trail[-1]]
    if screen.ends:
        return Page(session.offered.title, True, screen.id)
    pages, page = _pages(menu, session), session.page
    more, back = page + 1 < len(pages), page > 0
    bar = menu.footers[session.language].render(len(session.trail) - 1, more=more, back=back)
    lines = [*pages[page], bar] if bar else pages[page]
    return Page("\n".join(lines), False, screen.id)
