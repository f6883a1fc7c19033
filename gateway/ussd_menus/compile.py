"""The compile step: check a menu before anybody can dial it, and report all faults together.

Checked for every screen in every language, with every slot at its widest:

* it fits the smallest screen of any network, can be reached and has a way out;
* each key has one meaning, its wording exists and is in the alphabet;
* every slot and every argument of an effect has a source, secrets are asked last;
* the longest path to each goal, and each single answer, fit the time that a network gives.
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
from gateway.network_limits import SHORTEST_IDLE_S
from gateway.ussd_menus import check_size, check_slots
from gateway.ussd_menus.graph import SESSION_SECONDS, MenuGraph, build_graph, longest_paths
from gateway.ussd_menus.menu import Menu, edges, navigation_bar, resume_screen
from gateway.ussd_menus.options import Option, numbered
from gateway.ussd_menus.readers import accepts
from gateway.ussd_menus.screen import Screen
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick
from gateway.ussd_menus.timing import seconds
from gateway.ussd_menus.turn import CallerContext

_NAVIGATION_KEYS = ("0", "00")
_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")


class MenuFaults(Exception):
    """The menu must not be used. `faults` lists every reason, one line each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


def compile_menu(
    home: Screen,
    wording: Wording,
    *,
    limits: SlotLimits = DEFAULT_LIMITS,
    defined_in: Iterable[ModuleType] = (),
    language_of: Callable[[CallerContext], str] | None = None,
) -> Menu:
    """The menu that starts at `home`, checked. Raises MenuFaults.

    Every screen that the modules `defined_in` define must be reachable. `language_of` gives a
    caller's language; the first language of the wording is the default.
    """
    default = next(iter(wording.translations))
    resume = resume_screen()
    graph = build_graph(home)
    screens = {screen.id: screen for screen in (*graph.screens, resume)}
    footers = {code: navigation_bar(language) for code, language in wording.translations.items()}
    menu = Menu(
        home, screens, wording, language_of or (lambda _: default), default, resume, footers
    )
    faults = list(
        chain(
            wording.faults(limits),
            graph.faults,
            _unreachable(graph, defined_in),
            chain.from_iterable(_screen_faults(screen, limits) for screen in menu.screens.values()),
            _dead_ends(graph),
            _too_slow(graph),
            check_slots.faults(graph),
            check_size.faults(menu, limits),
        )
    )
    if faults:
        raise MenuFaults(faults)
    return menu


def _unreachable(graph: MenuGraph, modules: Iterable[ModuleType]) -> Iterator[str]:
    reached = set(graph.screens)
    for module in modules:
        for screen in vars(module).values():
            if isinstance(screen, Screen) and screen not in reached:
                reached.add(screen)
                yield f"{screen.id}: nothing leads here"


def _screen_faults(screen: Screen, limits: SlotLimits) -> Iterator[str]:
    if not _ID.fullmatch(screen.id) or len(screen.id) > 99:
        yield f"{screen.id!r}: an id is <menu>.<screen> in small letters, at most 99 long"
    match screen:
        case Choice():
            yield from _option_faults(screen.id, screen.options)
        case Ask():
            yield from _key_collisions(screen, _NAVIGATION_KEYS, limits)
            yield from _secret_faults(screen)
        case Pick():
            yield from _key_collisions(
                screen, [*_NAVIGATION_KEYS, *map(str, range(1, 100))], limits
            )
            if screen.stores and screen.to is None:
                yield f"{screen.id}: a picked row leads nowhere"
            if screen.typed_reader and screen.typed_reader.is_secret:
                yield f"{screen.id}: a secret is not typed at a list"


def _option_faults(where: str, options: Sequence[Option]) -> Iterator[str]:
    """Two options on one key, an option on a key of the engine, or one label used twice."""
    taken: dict[str, str] = dict.fromkeys((*_NAVIGATION_KEYS, "98"), "the engine")
    labels: set[str] = set()
    for key, option in numbered(options):
        label = option.label.key
        if key in taken:
            yield f"{where}: key {key} is {label} and also {taken[key]}"
        if label in labels:
            yield f"{where}: {label} is there twice"
        taken[key] = label
        labels.add(label)


def _key_collisions(
    screen: Ask[object] | Pick[object], keys: Sequence[str], limits: SlotLimits
) -> Iterator[str]:
    reader = screen.reader if isinstance(screen, Ask) else screen.typed_reader
    market = Market("KE", limits.currency, 1, "UTC", ("en",), "*0#", "", limits.largest_minor)
    taken = [key for key in keys if reader and accepts(reader, key, market)]
    if taken:
        yield f"{screen.id}: accepts {', '.join(taken[:3])}, which the menu itself uses"


def _secret_faults(screen: Ask[object]) -> Iterator[str]:
    if screen.reader.is_secret != screen.stores.is_secret:
        yield f"{screen.id}: a secret is read by a secret reader into a secret, and nothing else is"
    if screen.stores.is_secret and screen.do is None:
        yield f"{screen.id}: a secret is asked last, so this needs the effect it is for"


def _dead_ends(graph: MenuGraph) -> Iterator[str]:
    """A first screen has no `0`, so at least one of its options must always be there."""
    for screen in graph.first_screens:
        permanent = [edge for edge in edges(screen) if not edge.conditional]
        if not isinstance(screen, Notice) and not permanent:
            yield f"{screen.id}: no way out"


def _too_slow(graph: MenuGraph) -> Iterator[str]:
    for screen in graph.screens:
        if seconds(screen) > SHORTEST_IDLE_S:
            yield f"{screen.id}: takes {seconds(screen):.0f} s, a network waits {SHORTEST_IDLE_S}"
    for path in longest_paths(graph):
        if path.seconds > SESSION_SECONDS:
            away = f"{path.goal}: {path.seconds:.0f} s away"
            yield f"{away}, a network gives {SESSION_SECONDS}: {' > '.join(path.screens)}"
