"""A menu: screens that are linked, the wording they use, and the edges between them.

`compile_menu` makes a Menu, which then never changes. The edges are derived from the screens
themselves, so the checks, the diagram and the engine always agree about what leads where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from core.wording.messages import engine as messages
from core.wording.slots import DEFAULT_LIMITS
from core.wording.translation import Translation, Wording
from gateway.ussd_menus.effect import UseCaseCall
from gateway.ussd_menus.options import Option, numbered, option
from gateway.ussd_menus.screen import BACK, HOME, Navigation, Screen, Target
from gateway.ussd_menus.screens import Ask, Choice, Pick, Route
from gateway.ussd_menus.session_vars import SessionVar
from gateway.ussd_menus.turn import CallerContext


@dataclass(frozen=True, slots=True)
class NavigationBar:
    """The line below a screen in one language: `0 Back 00 Home 98 More`."""

    back: str
    home: str
    more: str

    def render(self, depth: int, *, more: bool, back: bool) -> str:
        """The keys that a page offers: `depth` screens away from home; `more`: a page follows;
        `back`: one precedes."""
        offered = [self.more] if more else []
        offered += [self.back] if back or depth else []
        offered += [self.home] if depth > 1 else []
        return " ".join(offered)


@dataclass(frozen=True)
class Menu:
    """`language_of` gives the language of a caller. `default_language` is for a caller whose
    language is not known or not supported. `resume` is shown after an interrupted session;
    `footers` are the navigation bars by language."""

    home: Screen
    screens: Mapping[str, Screen]
    wording: Wording
    language_of: Callable[[CallerContext], str]
    default_language: str
    resume: Screen
    footers: Mapping[str, NavigationBar] = field(default_factory=dict)


def resume_screen() -> Screen:
    """The question after an interrupted session; BACK leads to where the caller was."""
    options = [option(messages.resume, to=BACK), option(messages.start_over, to=HOME)]
    return Choice("engine.resume", messages.interrupted, options)


def navigation_bar(language: Translation) -> NavigationBar:
    """The navigation bar in this language; a missing word shows as its key."""
    back, home, more = (
        language.widest(label, DEFAULT_LIMITS)
        for label in (messages.back, messages.home, messages.more)
    )
    return NavigationBar(f"0 {back}", f"00 {home}", f"98 {more}")


@dataclass(frozen=True, slots=True)
class Edge:
    """One way out of a screen: the answer, where it leads, its effect, the variables it sets.

    `key` is the number of an option that always has the same one; `conditional`: an option that may
    be hidden.
    """

    answer: str
    to: Target
    do: UseCaseCall | None = None
    sets: tuple[SessionVar[object], ...] = ()
    key: str = ""
    conditional: bool = False


def edges(screen: Screen) -> Iterator[Edge]:
    """Every edge that the author of a screen wrote; 0, 00 and 98 belong to the engine."""
    match screen:
        case Route():
            for answer, to in screen.to.items():
                yield Edge(str(getattr(answer, "name", answer)).lower(), to)
        case Choice():
            yield from (_option_edge(option, key) for key, option in numbered(screen.options))
        case Ask():
            yield Edge(screen.stores.name, screen.to, screen.do, (screen.stores,))
        case Pick():
            if screen.to is not None:
                yield Edge("a row", screen.to, None, (screen.stores,) if screen.stores else ())
            yield from (_option_edge(option) for option in screen.extra_options)


def _option_edge(option: Option, key: str = "") -> Edge:
    conditional = option.when is not None
    return Edge(option.label.key, option.to, option.do, tuple(option.sets), key, conditional)


def resolve(target: Target) -> Screen | Navigation:
    """The screen of a target. Raises whatever evaluating a `lambda: screen` raises."""
    return target if isinstance(target, Screen | Navigation) else target()
