"""The menu map: what leads where and how long it takes, drawn from the screens themselves.

As a tree of text, as Mermaid flowcharts, as JSON. Screens are shown with their wording, in which
slots stand in braces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.ussd_menus.graph import SESSION_SECONDS, LongestWay, Walk, longest_ways, walk
from gateway.ussd_menus.menu import Edge, Menu
from gateway.ussd_menus.options import Way
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route, Screen

_SHAPES = {
    Notice: '(["{}"])',
    Choice: '["{}"]',
    Pick: '[["{}"]]',
    Ask: '[/"{}"/]',
    Route: '{{{{"{}"}}}}',
}


def first_screens(menu: Menu) -> dict[str, Screen]:
    """Where a dial lands, by role; by "home" in a menu that has no roles."""
    found = walk(menu.home)
    if not isinstance(menu.home, Route):
        return {"home": menu.home}
    return {
        edge.answer: there for edge, there in found.ways[menu.home] if isinstance(there, Screen)
    }


def as_text(menu: Menu, language: str, role: str = "") -> str:
    """A tree for each role; what was told above it is named only."""
    found, told = walk(menu.home), set[Screen]()
    lines = []
    for name, screen in _chosen(menu, role).items():
        lines.append(f"{name}: {_told(menu, screen, language)}")
        lines += _branches(menu, found, screen, language, told, "  ")
    return "\n".join(lines)


def _branches(
    menu: Menu, found: Walk, screen: Screen, language: str, told: set[Screen], margin: str
) -> Iterator[str]:
    told.add(screen)
    for edge, there in found.ways[screen]:
        answer = f"{margin}{answer_words(menu, edge, language)}"
        effect = f", does {edge.do.name}" if edge.do else ""
        if isinstance(there, Way):
            yield f"{answer}{effect} -> {there.value}"
        elif there in told:
            yield f"{answer}{effect} -> {there.id}, see above"
        else:
            yield f"{answer}{effect} -> {_told(menu, there, language)}"
            yield from _branches(menu, found, there, language, told, margin + "  ")


def _told(menu: Menu, screen: Screen, language: str) -> str:
    """A screen with its kind and what it says."""
    says = getattr(screen, "says", None)
    words = f' "{_wording(menu, says.key, language)}"' if says else ""
    return f"{screen.id} ({_kind(screen)}){words}"


def as_mermaid(menu: Menu, language: str, first: Screen | None = None) -> str:
    """A Mermaid flowchart of everything, or of what can be reached from one screen."""
    found = walk(first or menu.home)
    lines = ["flowchart LR"]
    for screen in found.screens:
        lines.append(f"    {_node(screen)}{_SHAPES[type(screen)].format(screen.id)}")
        for edge, there in found.ways[screen]:
            lines.append(f"    {_node(screen)} -->|{_label(menu, edge, language)}| {_node(there)}")
    used = {there for ways in found.ways.values() for _, there in ways if isinstance(there, Way)}
    lines += [f'    {_node(way)}(("{_WAYS[way]}"))' for way in Way if way in used]
    return "\n".join(lines)


_WAYS = {Way.BACK: "0 back", Way.HOME: "00 home"}


def as_json(menu: Menu, language: str) -> dict[str, Any]:
    """Screens by id with their answers, the first ones by role, and the ways of `ways_by_role`."""
    found = walk(menu.home)
    return {
        "language": language,
        "session_seconds": SESSION_SECONDS,
        "roles": {name: screen.id for name, screen in first_screens(menu).items()},
        "screens": {one.id: _json_screen(menu, found, one, language) for one in found.screens},
        "longest_ways": {
            name: [
                {"goal": way.goal, "seconds": way.seconds, "screens": list(way.screens)}
                for way in ways
            ]
            for name, ways in ways_by_role(menu).items()
        },
    }


def _json_screen(menu: Menu, found: Walk, screen: Screen, language: str) -> dict[str, Any]:
    says = getattr(screen, "says", None)
    return {
        "kind": _kind(screen),
        "says": _wording(menu, says.key, language) if says else None,
        "answers": [
            {
                "answer": answer_words(menu, edge, language),
                "does": edge.do.name if edge.do else None,
                "to": there.value if isinstance(there, Way) else there.id,
            }
            for edge, there in found.ways[screen]
        ],
    }


def ways_by_role(menu: Menu, role: str = "") -> dict[str, list[LongestWay]]:
    """The longest way to each goal, by role."""
    found = walk(menu.home)
    return {name: longest_ways(found, screen) for name, screen in _chosen(menu, role).items()}


def longest_ways_table(menu: Menu, role: str = "") -> str:
    """Seconds to each goal on the longest way, against what a network gives."""
    rows = []
    for name, ways in ways_by_role(menu, role).items():
        rows += [f"{name}, of {SESSION_SECONDS} s:"]
        rows += [f"{way.seconds:>6.1f} s  {way.goal}: {' > '.join(way.screens)}" for way in ways]
    return "\n".join(rows)


def _chosen(menu: Menu, role: str) -> Mapping[str, Screen]:
    """The first screens of this role, or of all. Raises KeyError."""
    first = first_screens(menu)
    return {role: first[role]} if role else first


def _kind(screen: Screen) -> str:
    return type(screen).__name__.lower()


def answer_words(menu: Menu, edge: Edge, language: str) -> str:
    """What is typed: `1 Pay`, or in angle brackets what it is."""
    if edge.answer not in menu.wording.messages:
        return f"<{edge.answer}>"
    words = f"{edge.key} {_wording(menu, edge.answer, language)}".strip()
    return f"{words} (not always)" if edge.sometimes else words


def _wording(menu: Menu, key: str, language: str) -> str:
    return menu.wording.translations[language].template(key).replace("\n", " / ")


def _label(menu: Menu, edge: Edge, language: str) -> str:
    words = answer_words(menu, edge, language) + (f", does {edge.do.name}" if edge.do else "")
    for character, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        words = words.replace(character, code)
    return f'"{words}"'


def _node(there: Screen | Way) -> str:
    return f"{there.value}_key" if isinstance(there, Way) else there.id.replace(".", "_")
