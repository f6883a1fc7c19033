"""Walking a menu: every screen that can be reached, every way between them, the longest ways.

Reading and answering one screen on a simple phone takes five to ten seconds. Eight seconds a screen
is the plan here, with some left of the shortest session that a network gives (180 s in Kenya).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.networks import SHORTEST_SESSION_S
from gateway.ussd_menus.menu import Edge, edges, resolve
from gateway.ussd_menus.options import Way
from gateway.ussd_menus.screens import Notice, Route, Screen

SECONDS_A_SCREEN = 8
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
    """The most screens a caller may answer before `goal` happens."""

    goal: str
    screens: tuple[str, ...]

    @property
    def seconds(self) -> int:
        return len(self.screens) * SECONDS_A_SCREEN


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


def longest_ways(found: Walk) -> list[LongestWay]:
    """For each goal (an effect, or a notice) the longest way there that turns in no circle."""
    longest: dict[str, tuple[str, ...]] = {}

    def visit(screen: Screen, before: tuple[str, ...]) -> None:
        if screen.id in before:
            return
        here = before if isinstance(screen, Route | Notice) else (*before, screen.id)
        if isinstance(screen, Notice):
            _keep_longer(longest, screen.id, here)
        for edge, there in found.ways.get(screen, []):
            if edge.do:
                _keep_longer(longest, edge.do.name, here)
            if isinstance(there, Screen):
                visit(there, here)

    visit(found.home, ())
    return [LongestWay(goal, screens) for goal, screens in sorted(longest.items())]


def _keep_longer(longest: dict[str, tuple[str, ...]], goal: str, screens: tuple[str, ...]) -> None:
    if len(screens) > len(longest.get(goal, ())):
        longest[goal] = screens
