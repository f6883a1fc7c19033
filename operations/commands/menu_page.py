"""The page docs/menu.md: the diagrams of the menu and its longest paths.

Each line of a home menu has a diagram of its own: one diagram of everything is too small to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill

from gateway.network_limits import SHORTEST_IDLE_S, SHORTEST_SESSION_S
from gateway.ussd_menus.diagram import answer_label, as_mermaid, first_screens, paths_by_role
from gateway.ussd_menus.graph import SESSION_SECONDS, LongestPath, build_graph
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.screen import Screen
from gateway.ussd_menus.screens import Notice
from gateway.ussd_menus.timing import NETWORK_S, PRESS_S, READING_S

ASSUMPTIONS = (
    f"Assumed for each screen: {NETWORK_S:g} s for the network, {READING_S:g} s to read and"
    f" {PRESS_S:g} s for each key (gateway/ussd_menus/timing.py). The shortest session of a network"
    f" is {SHORTEST_SESSION_S} s, and a path may use {SESSION_SECONDS} s of it; the network waits"
    f" {SHORTEST_IDLE_S} s for an answer."
)
_LEGEND = (
    "Written by `dialwatt menu --markdown` from the compiled menu; a test fails when it is old."
    " Rectangles are choices, double rectangles lists, slanted boxes typed input, round boxes the"
    " end; at hexagons the program decides. `0` back, `00` home and `98` more are not drawn."
)
_TITLES = {
    "customer": "Customers",
    "agent": "Agents",
    "new_agent": "Agents who still have the operator's PIN",
    "stranger": "Strangers",
}


def page(menu: Menu, language: str) -> str:
    """Return the page, without a line break at its end."""
    return "\n".join(_lines(menu, language))


def _lines(menu: Menu, language: str) -> Iterator[str]:
    yield "# The menu"
    yield ""
    yield from fill(_LEGEND, 100).split("\n")
    yield from ("", "## How long it takes", "")
    yield from fill(ASSUMPTIONS, 100).split("\n")
    for role, paths in paths_by_role(menu).items():
        yield from _table(_TITLES.get(role, role), paths)
    drawn: dict[Screen, str] = {}
    for role, screen in first_screens(menu).items():
        yield from _diagrams(menu, language, _TITLES.get(role, role), screen, drawn)


def _table(title: str, paths: list[LongestPath]) -> Iterator[str]:
    yield from ("", f"### {title}", "", "| goal | seconds | longest path |", "| --- | ---: | --- |")
    for path in sorted(paths, key=lambda path: (-path.seconds, path.goal)):
        yield f"| `{path.goal}` | {path.seconds:g} | {' > '.join(path.screens)} |"


def _diagrams(
    menu: Menu, language: str, title: str, first: Screen, drawn: dict[Screen, str]
) -> Iterator[str]:
    """A diagram of each line of the home menu. A screen that was drawn for another role is named
    instead."""
    yield from ("", f"## {title}", "", f"The first screen is `{first.id}`.")
    for edge, target in build_graph(menu.home).edges[first]:
        if not isinstance(target, Screen) or isinstance(target, Notice):
            continue
        words = answer_label(menu, edge, language)
        yield from ("", f"### {title}: {words}", "")
        if target in drawn:
            yield f"As under *{drawn[target]}*."
            continue
        drawn[target] = f"{title}: {words}"
        yield from ("```mermaid", as_mermaid(menu, language, target), "```")
