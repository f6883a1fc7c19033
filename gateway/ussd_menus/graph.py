"""Walking a menu: every screen that can be reached, every way between them, the longest ways.

How long a way takes is told by the pace of a caller (pace.py); it must leave some of the shortest
session that a network gives (180 s in Kenya).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.networks import SHORTEST_SESSION_S
from gateway.ussd_menus.menu import Edge, edges, resolve
from gateway.ussd_menus.options import Way
from gateway.ussd_menus.screens import Notice, Route, Screen
from gateway.ussd_menus.timing import seconds

SESSION_SECONDS = SHORTEST_SESSION_S - 20


@dataclass
class Walk:
    """What a walk from home found. `ways` holds the edges that lead to a screen, by screen."""

    home: Screen
    screens: list[Screen] = field(default_factory=list)
    ways: dict[Screen, list[tuple[Edge, Screen | Way]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def first(self) -> list[Screen]:
        """The screens a dial may land on: home, or what its routes lead to."""
        return list(_past_routes(self, self.home))


@dataclass(frozen=True, slots=True)
class LongestWay:
    """The slowest way on which `goal` happens, and the screens to answer before it does."""

    goal: str
    screens: tuple[str, ...]
    seconds: float


def walk(home: Screen) -> Walk:
    """Every screen that answers lead to, home first, with the faults met on the way."""
    found = Walk(home)
    waiting, ids = [home], {home.id: home}
    while waiting:
        screen = waiting.pop(0)
        found.screens.append(screen)
        found.ways[screen] = list(_resolved(screen, found.faults))
        for _, there in found.ways[screen]:
            if isinstance(there, Way) or ids.get(there.id) is there:
                continue
            if there.id in ids:
                found.faults.append(f"{there.id}: two screens have this id")
                continue
            ids[there.id] = there
            waiting.append(there)
    return found


def _resolved(screen: Screen, faults: list[str]) -> Iterator[tuple[Edge, Screen | Way]]:
    for edge in edges(screen):
        try:
            there: object = resolve(edge.to)
        except (NameError, AttributeError, TypeError) as error:
            faults.append(f"{screen.id}: {edge.answer} leads to nothing ({error})")
            continue
        if not isinstance(there, Screen | Way):
            faults.append(f"{screen.id}: {edge.answer} leads to {there!r}, which is no screen")
        elif isinstance(screen, Route) and isinstance(there, Way):
            faults.append(f"{screen.id}: a route leads to screens only")
        else:
            yield edge, there


def _past_routes(found: Walk, screen: Screen) -> Iterator[Screen]:
    if not isinstance(screen, Route):
        yield screen
        return
    for _, there in found.ways[screen]:
        if isinstance(there, Screen):
            yield from _past_routes(found, there)


def longest_ways(found: Walk, first: Screen | None = None) -> list[LongestWay]:
    """For each goal (an effect, or a notice) the slowest way there that turns in no circle, from
    home or from one of the first screens."""
    longest: dict[str, LongestWay] = {}

    def reach(goal: str, screens: tuple[str, ...], taken: float) -> None:
        if goal not in longest or taken > longest[goal].seconds:
            longest[goal] = LongestWay(goal, screens, taken)

    def visit(screen: Screen, before: tuple[str, ...], taken: float) -> None:
        if screen.id in before:
            return
        asks = not isinstance(screen, Route | Notice)
        here, taken = (*before, screen.id) if asks else before, taken + seconds(screen)
        if isinstance(screen, Notice):
            reach(screen.id, here, taken)
        for edge, there in found.ways.get(screen, []):
            if edge.do:
                reach(edge.do.name, here, taken)
            if isinstance(there, Screen):
                visit(there, here, taken)

    visit(first or found.home, (), 0.0)
    return sorted(longest.values(), key=lambda way: way.goal)
