"""A menu: screens that hang together, the wording they speak, and the ways between them.

A Menu comes out of `compile_menu` and is then fixed. The ways are read off the screens themselves,
so the proofs, the map and the engine can never disagree about what leads where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from core.wording.messages import engine as messages
from core.wording.slots import DEFAULT_LIMITS
from core.wording.translation import Translation, Wording
from gateway.ussd_menus.options import BACK, HOME, Do, Option, Target, Way, numbered, option
from gateway.ussd_menus.screens import Ask, Choice, Pick, Route, Screen
from gateway.ussd_menus.session_vars import Carried
from gateway.ussd_menus.turn import Facts

_NAVIGATION = (messages.back, messages.home, messages.more)


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands beside 0, 00 and 98 in one language."""

    back: str
    home: str
    more: str

    def line(self, depth: int, *, more: bool, back: bool) -> str:
        """The navigation of a page `depth` screens away from home."""
        offered = [self.more] if more else []
        offered += [self.back] if back or depth else []
        offered += [self.home] if depth > 1 else []
        return " ".join(offered)


@dataclass(frozen=True)
class Menu:
    """`speaks` gives the language of a caller, `speech` is the one for everybody else."""

    home: Screen
    screens: Mapping[str, Screen]
    wording: Wording
    speaks: Callable[[Facts], str]
    speech: str
    resume: Screen
    feet: Mapping[str, Foot] = field(default_factory=dict)


def resume_screen() -> Screen:
    """Asked after a dropped call: BACK is where the caller was."""
    options = [option(messages.resume, to=BACK), option(messages.start_over, to=HOME)]
    return Choice("engine.resume", messages.interrupted, options)


def make_foot(language: Translation) -> Foot:
    """The navigation in this language; a missing word shows as its key."""
    back, home, more = (language.widest(words, DEFAULT_LIMITS) for words in _NAVIGATION)
    return Foot(f"0 {back}", f"00 {home}", f"98 {more}")


@dataclass(frozen=True, slots=True)
class Edge:
    """One way out of a screen: what the caller gives, where it leads, and what it carries.

    `key` is the number of an option that always has the same one; `sometimes`: it may be hidden.
    """

    answer: str
    to: Target
    do: Do | None = None
    carries: tuple[Carried[object], ...] = ()
    key: str = ""
    sometimes: bool = False


def edges(screen: Screen) -> Iterator[Edge]:
    """Every way out of a screen that its author wrote; 0, 00 and 98 are the engine's."""
    match screen:
        case Route():
            for key, to in screen.to.items():
                yield Edge(str(getattr(key, "name", key)).lower(), to)
        case Choice():
            yield from (_edge(one, key) for key, one in numbered(screen.options))
        case Ask():
            yield Edge(screen.into.name, screen.to, screen.do, (screen.into,))
        case Pick():
            if screen.to is not None:
                yield Edge("a row", screen.to, None, (screen.into,) if screen.into else ())
            yield from (_edge(one) for one in screen.also)


def _edge(one: Option, key: str = "") -> Edge:
    return Edge(one.label.key, one.to, one.do, tuple(one.carries), key, one.when is not None)


def resolve(target: Target) -> Screen | Way:
    """The screen a target names. Whatever a deferred name raises comes through."""
    return target if isinstance(target, Screen | Way) else target()
