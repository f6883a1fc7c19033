"""The graph of a menu: every reachable screen, every edge between them, the longest paths.

How long a path takes follows from timing.py. It must leave a reserve in the shortest session that
a network gives (180 s in Kenya).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.network_limits import SHORTEST_SESSION_S
from gateway.ussd_menus.menu import Edge, edges, resolve
from gateway.ussd_menus.screen import Navigation, Screen
from gateway.ussd_menus.screens import Notice, Route
from gateway.ussd_menus.timing import seconds

SESSION_SECONDS = SHORTEST_SESSION_S - 20


@dataclass
class MenuGraph:
    """All screens that can be reached from `home`, in the order in which they were found, and the
    edges out of each. `faults` are edges that lead nowhere, one line each."""

    home: Screen
    screens: list[Screen] = field(default_factory=list)
    edges: dict[Screen, list[tuple[Edge, Screen | Navigation]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def first_screens(self) -> list[Screen]:
        """The screens on which a dial may land: home, or those that its routes lead to."""
        return list(_past_routes(self, self.home))


@dataclass(frozen=True, slots=True)
class LongestPath:
    """The slowest path to `goal`, and the screens to be answered on it."""

    goal: str
    screens: tuple[str, ...]
    seconds: float


def build_graph(home: Screen) -> MenuGraph:
    """The graph of all screens that answers lead to, home first."""
    graph = MenuGraph(home)
    waiting, by_id = [home], {home.id: home}
    while waiting:
        screen = waiting.pop(0)
        graph.screens.append(screen)
        graph.edges[screen] = list(_resolved_edges(screen, graph.faults))
        for _, target in graph.edges[screen]:
            if isinstance(target, Navigation) or by_id.get(target.id) is target:
                continue
            if target.id in by_id:
                graph.faults.append(f"{target.id}: two screens have this id")
                continue
            by_id[target.id] = target
            waiting.append(target)
    return graph


def _resolved_edges(
    screen: Screen, faults: list[str]
) -> Iterator[tuple[Edge, Screen | Navigation]]:
    for edge in edges(screen):
        try:
            target: object = resolve(edge.to)
        except (NameError, AttributeError, TypeError) as error:
            faults.append(f"{screen.id}: {edge.answer} leads to nothing ({error})")
            continue
        if not isinstance(target, Screen | Navigation):
            faults.append(f"{screen.id}: {edge.answer} leads to {target!r}, which is no screen")
        elif isinstance(screen, Route) and isinstance(target, Navigation):
            faults.append(f"{screen.id}: a route leads to screens only")
        else:
            yield edge, target


def _past_routes(graph: MenuGraph, screen: Screen) -> Iterator[Screen]:
    if not isinstance(screen, Route):
        yield screen
        return
    for _, target in graph.edges[screen]:
        if isinstance(target, Screen):
            yield from _past_routes(graph, target)


def longest_paths(graph: MenuGraph, first: Screen | None = None) -> list[LongestPath]:
    """The slowest path without a loop to each goal (an effect or a notice), sorted by goal. Paths
    start at home, or at `first`."""
    longest: dict[str, LongestPath] = {}

    def reach(goal: str, screens: tuple[str, ...], taken: float) -> None:
        if goal not in longest or taken > longest[goal].seconds:
            longest[goal] = LongestPath(goal, screens, taken)

    def visit(screen: Screen, before: tuple[str, ...], taken: float) -> None:
        if screen.id in before:
            return
        asks = not isinstance(screen, Route | Notice)
        here, taken = (*before, screen.id) if asks else before, taken + seconds(screen)
        if isinstance(screen, Notice):
            reach(screen.id, here, taken)
        for edge, target in graph.edges.get(screen, []):
            if edge.do:
                reach(edge.do.name, here, taken)
            if isinstance(target, Screen):
                visit(target, here, taken)

    visit(first or graph.home, (), 0.0)
    return sorted(longest.values(), key=lambda path: path.goal)
