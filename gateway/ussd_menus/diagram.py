"""The diagram of a menu, made from its screens: what leads where and how long it takes.

It is written as a tree of text, as Mermaid flowcharts or as JSON. Screens show their wording, with
slots in braces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.ussd_menus.graph import (
    SESSION_SECONDS,
    LongestPath,
    MenuGraph,
    build_graph,
    longest_paths,
)
from gateway.ussd_menus.menu import Edge, Menu
from gateway.ussd_menus.screen import Navigation, Screen
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route

_SHAPES = {
    Notice: '(["{}"])',
    Choice: '["{}"]',
    Pick: '[["{}"]]',
    Ask: '[/"{}"/]',
    Route: '{{{{"{}"}}}}',
}
_NAVIGATION = {Navigation.BACK: "0 back", Navigation.HOME: "00 home"}


def first_screens(menu: Menu) -> dict[str, Screen]:
    """The screen on which a dial lands, by role; by "home" in a menu that has no roles."""
    if not isinstance(menu.home, Route):
        return {"home": menu.home}
    return {
        edge.answer: target
        for edge, target in build_graph(menu.home).edges[menu.home]
        if isinstance(target, Screen)
    }


def as_text(menu: Menu, language: str, role: str = "") -> str:
    """A tree of screens for each role, or for one. Raises KeyError for an unknown role.

    A screen that was drawn further up is only named.
    """
    graph, drawn = build_graph(menu.home), set[Screen]()
    lines = []
    for name, screen in _roots(menu, role).items():
        lines.append(f"{name}: {_described(menu, screen, language)}")
        lines += _branches(menu, graph, screen, language, drawn, "  ")
    return "\n".join(lines)


def _branches(
    menu: Menu, graph: MenuGraph, screen: Screen, language: str, drawn: set[Screen], margin: str
) -> Iterator[str]:
    drawn.add(screen)
    for edge, target in graph.edges[screen]:
        answer = f"{margin}{answer_label(menu, edge, language)}"
        effect = f", does {edge.do.name}" if edge.do else ""
        if isinstance(target, Navigation):
            yield f"{answer}{effect} -> {target.value}"
        elif target in drawn:
            yield f"{answer}{effect} -> {target.id}, see above"
        else:
            yield f"{answer}{effect} -> {_described(menu, target, language)}"
            yield from _branches(menu, graph, target, language, drawn, margin + "  ")


def _described(menu: Menu, screen: Screen, language: str) -> str:
    """The id, the kind and the wording of a screen."""
    wording = _screen_wording(menu, screen, language)
    return f"{screen.id} ({_kind(screen)})" + (f' "{wording}"' if wording else "")


def as_mermaid(menu: Menu, language: str, first: Screen | None = None) -> str:
    """A Mermaid flowchart of everything, or of what can be reached from one screen."""
    graph = build_graph(first or menu.home)
    lines = ["flowchart LR"]
    for screen in graph.screens:
        lines.append(f"    {_node(screen)}{_SHAPES[type(screen)].format(screen.id)}")
        for edge, target in graph.edges[screen]:
            label = _mermaid_label(menu, edge, language)
            lines.append(f"    {_node(screen)} -->|{label}| {_node(target)}")
    used = {target for edges in graph.edges.values() for _, target in edges}
    lines += [
        f'    {_node(navigation)}(("{label}"))'
        for navigation, label in _NAVIGATION.items()
        if navigation in used
    ]
    return "\n".join(lines)


def as_json(menu: Menu, language: str) -> dict[str, Any]:
    """The screens by id with their answers, the first screen and the longest paths by role."""
    graph = build_graph(menu.home)
    return {
        "language": language,
        "session_seconds": SESSION_SECONDS,
        "roles": {name: screen.id for name, screen in first_screens(menu).items()},
        "screens": {
            screen.id: _screen_json(menu, graph, screen, language) for screen in graph.screens
        },
        "longest_paths": {
            name: [
                {"goal": path.goal, "seconds": path.seconds, "screens": list(path.screens)}
                for path in paths
            ]
            for name, paths in paths_by_role(menu).items()
        },
    }


def _screen_json(menu: Menu, graph: MenuGraph, screen: Screen, language: str) -> dict[str, Any]:
    return {
        "kind": _kind(screen),
        "message": _screen_wording(menu, screen, language),
        "answers": [
            {
                "answer": answer_label(menu, edge, language),
                "effect": edge.do.name if edge.do else None,
                "to": target.value if isinstance(target, Navigation) else target.id,
            }
            for edge, target in graph.edges[screen]
        ],
    }


def paths_by_role(menu: Menu, role: str = "") -> dict[str, list[LongestPath]]:
    """The longest path to each goal, by role or for one. Raises KeyError for an unknown role."""
    graph = build_graph(menu.home)
    return {name: longest_paths(graph, screen) for name, screen in _roots(menu, role).items()}


def longest_paths_table(menu: Menu, role: str = "") -> str:
    """The seconds to each goal on the longest path, below what a network gives."""
    rows = []
    for name, paths in paths_by_role(menu, role).items():
        rows += [f"{name}, of {SESSION_SECONDS} s:"]
        rows += [
            f"{path.seconds:>6.1f} s  {path.goal}: {' > '.join(path.screens)}" for path in paths
        ]
    return "\n".join(rows)


def _roots(menu: Menu, role: str) -> Mapping[str, Screen]:
    first = first_screens(menu)
    return {role: first[role]} if role else first


def _kind(screen: Screen) -> str:
    return type(screen).__name__.lower()


def answer_label(menu: Menu, edge: Edge, language: str) -> str:
    """What is typed: `1 Pay`, or in angle brackets the name of what is asked for."""
    if edge.answer not in menu.wording.messages:
        return f"<{edge.answer}>"
    label = f"{edge.key} {_template(menu, edge.answer, language)}".strip()
    return f"{label} (not always)" if edge.conditional else label


def _screen_wording(menu: Menu, screen: Screen, language: str) -> str | None:
    match screen:
        case Notice() | Choice() | Ask() | Pick():
            return _template(menu, screen.message.key, language)
    return None


def _template(menu: Menu, key: str, language: str) -> str:
    return menu.wording.translations[language].template(key).replace("\n", " / ")


def _mermaid_label(menu: Menu, edge: Edge, language: str) -> str:
    label = answer_label(menu, edge, language) + (f", does {edge.do.name}" if edge.do else "")
    for character, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        label = label.replace(character, code)
    return f'"{label}"'


def _node(target: Screen | Navigation) -> str:
    if isinstance(target, Navigation):
        return f"{target.value}_key"
    return target.id.replace(".", "_")
