"""The compile step: a menu is proved before anybody dials it, and all its faults come together.

Proved for every screen in every language, with every slot at its widest: it fits the smallest
screen of any network, can be reached, has a way out, its keys mean one thing, its words exist
and are in the alphabet, its slots and effects have a source, secrets are asked last. The longest
way to each goal fits the time a network gives, and so does each answer. What cannot be proved here
is not promised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from types import ModuleType

from core.market import Market
from core.wording.message import SlotLimits
from core.wording.slots import DEFAULT_LIMITS
from core.wording.translation import Wording
from gateway.networks import SHORTEST_IDLE_S
from gateway.ussd_menus import check_size, check_slots
from gateway.ussd_menus.graph import SESSION_SECONDS, Walk, longest_ways, walk
from gateway.ussd_menus.menu import (
    Menu,
    edges,
    make_foot,
    resume_screen,
)
from gateway.ussd_menus.options import Option, numbered
from gateway.ussd_menus.readers import accepts
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Screen
from gateway.ussd_menus.timing import seconds
from gateway.ussd_menus.turn import Facts

_NAVIGATION = ("0", "00")
_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


class MenuFaults(Exception):
    """The menu cannot go out. `faults` holds every reason, one a line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


def compile_menu(
    home: Screen,
    wording: Wording,
    *,
    limits: SlotLimits = DEFAULT_LIMITS,
    defined_in: Iterable[ModuleType] = (),
    speaks: Callable[[Facts], str] | None = None,
) -> Menu:
    """The menu, proved. `defined_in`: the modules all of whose screens must be reachable.

    `speaks` gives a caller's language, the first of the wording where left out. Raises MenuFaults.
    """
    speech = next(iter(wording.translations))
    resume = resume_screen()
    found = walk(home)
    screens = {screen.id: screen for screen in (*found.screens, resume)}
    feet = {code: make_foot(language) for code, language in wording.translations.items()}
    menu = Menu(home, screens, wording, speaks or (lambda _: speech), speech, resume, feet)
    faults = list(
        chain(
            wording.faults(limits),
            found.faults,
            _unreached(found, defined_in),
            chain.from_iterable(_faults_of(screen, limits) for screen in menu.screens.values()),
            _traps(found),
            _too_far(found),
            check_slots.faults(found),
            check_size.faults(menu, limits),
        )
    )
    if faults:
        raise MenuFaults(faults)
    return menu


def _unreached(found: Walk, modules: Iterable[ModuleType]) -> Iterator[str]:
    reached = set(found.screens)
    for module in modules:
        for screen in vars(module).values():
            if isinstance(screen, Screen) and screen not in reached:
                reached.add(screen)
                yield f"{screen.id}: nothing leads here"


def _faults_of(screen: Screen, limits: SlotLimits) -> Iterator[str]:
    if not _ID.fullmatch(screen.id) or len(screen.id) > 99:
        yield f"{screen.id!r}: an id is <menu>.<screen> in small letters, at most 99 long"
    if isinstance(screen, Choice):
        yield from _keys(screen.id, screen.options)
    if isinstance(screen, Ask):
        yield from _collisions(screen, _NAVIGATION, limits)
        yield from _secrecy(screen)
    if isinstance(screen, Pick):
        yield from _collisions(screen, [*_NAVIGATION, *map(str, range(1, 100))], limits)
        if screen.into and screen.to is None:
            yield f"{screen.id}: a picked row leads nowhere"
        if screen.typed and screen.typed.is_secret:
            yield f"{screen.id}: a secret is not typed at a list"


def _keys(where: str, options: Sequence[Option]) -> Iterator[str]:
    """No two options on one key, none on a key of the engine, none with the words of another."""
    taken: dict[str, str] = dict.fromkeys((*_NAVIGATION, "98"), "the engine")
    labels: set[str] = set()
    for key, one in numbered(options):
        if key in taken:
            yield f"{where}: key {key} is {one.label.key} and also {taken[key]}"
        if one.label.key in labels:
            yield f"{where}: {one.label.key} is there twice"
        taken[key] = one.label.key
        labels.add(one.label.key)


def _collisions(
    screen: Ask[object] | Pick[object], keys: Sequence[str], limits: SlotLimits
) -> Iterator[str]:
    reader = screen.reads if isinstance(screen, Ask) else screen.typed
    taken = [key for key in keys if reader and accepts(reader, key, _specimen(limits))]
    if taken:
        yield f"{screen.id}: accepts {', '.join(taken[:3])}, which the menu itself uses"


def _specimen(limits: SlotLimits) -> Market:
    return Market("KE", limits.currency, 1, "UTC", ("en",), "*0#", "", limits.largest_minor)


def _secrecy(screen: Ask[object]) -> Iterator[str]:
    if screen.reads.is_secret != screen.into.is_secret:
        yield f"{screen.id}: a secret is read by a secret reader into a secret, and nothing else is"
    if screen.into.is_secret and screen.do is None:
        yield f"{screen.id}: a secret is asked last, so this needs the effect it is for"


def _traps(found: Walk) -> Iterator[str]:
    """A first screen has no `0`: it must offer something that is always there."""
    for screen in found.first:
        always = [edge for edge in edges(screen) if edge.answer not in _conditional(screen)]
        if not isinstance(screen, Notice) and not always:
            yield f"{screen.id}: no way out"


def _conditional(screen: Screen) -> set[str]:
    options = screen.options if isinstance(screen, Choice) else ()
    return {one.label.key for one in options if one.when}


def _too_far(found: Walk) -> Iterator[str]:
    for screen in found.screens:
        if seconds(screen) > SHORTEST_IDLE_S:
            yield f"{screen.id}: takes {seconds(screen):.0f} s, a network waits {SHORTEST_IDLE_S}"
    for way in longest_ways(found):
        if way.seconds > SESSION_SECONDS:
            steps = " > ".join(way.screens)
            away = f"{way.goal}: {way.seconds:.0f} s away"
            yield f"{away}, a network gives {SESSION_SECONDS}: {steps}"
