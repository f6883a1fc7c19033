"""The menu map: what leads where, drawn from the screens themselves, as text and as Mermaid."""

from __future__ import annotations

from collections.abc import Iterator

from core.wording.slots import SMALL_MARKET
from gateway.ussd_menus.menu import Edge, Menu
from gateway.ussd_menus.options import Way
from gateway.ussd_menus.paths import SESSION_SECONDS, Walk, longest_ways, walk
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Route, Screen

_SHAPES = {
    Notice: '(["{}"])',
    Choice: '["{}"]',
    Pick: '[["{}"]]',
    Ask: '[/"{}"/]',
    Route: '{{{{"{}"}}}}',
}


def as_text(menu: Menu, language: str) -> str:
    """One paragraph a screen: its id and kind, and each answer with where it leads."""
    found = walk(menu.home)
    return "\n".join(
        line for screen in found.screens for line in _paragraph(menu, found, screen, language)
    )


def _paragraph(menu: Menu, found: Walk, screen: Screen, language: str) -> Iterator[str]:
    yield f"{screen.id} ({type(screen).__name__.lower()})"
    for edge, there in found.ways[screen]:
        effect = f" does {edge.do.name}," if edge.do else ""
        yield f"    {_words(menu, edge, language)}:{effect} {_name(there)}"


def as_mermaid(menu: Menu, language: str) -> str:
    """A Mermaid flowchart of the same."""
    found = walk(menu.home)
    lines = ["flowchart LR"]
    for screen in found.screens:
        lines.append(f"    {_node(screen)}{_SHAPES[type(screen)].format(screen.id)}")
        for edge, there in found.ways[screen]:
            lines.append(f"    {_node(screen)} -->|{_label(menu, edge, language)}| {_node(there)}")
    if any(isinstance(there, Way) for ways in found.ways.values() for _, there in ways):
        lines += ['    back_key(("0"))', '    home_key(("00"))']
    return "\n".join(lines)


def longest_ways_table(menu: Menu) -> str:
    """Seconds to each goal on the longest way, against what a network gives."""
    rows = [
        f"{way.seconds:>4} s of {SESSION_SECONDS}  {way.goal}: {' > '.join(way.screens)}"
        for way in longest_ways(walk(menu.home))
    ]
    return "\n".join(rows)


def _words(menu: Menu, edge: Edge, language: str) -> str:
    message = menu.wording.messages.get(edge.answer)
    return (
        menu.wording.languages[language].widest(message, SMALL_MARKET) if message else edge.answer
    )


def _label(menu: Menu, edge: Edge, language: str) -> str:
    words = _words(menu, edge, language).replace('"', "'").replace("\n", " ")
    return f'"{words}{", does " + edge.do.name if edge.do else ""}"'


def _name(there: Screen | Way) -> str:
    return there.value if isinstance(there, Way) else there.id


def _node(there: Screen | Way) -> str:
    return f"{there.value}_key" if isinstance(there, Way) else there.id.replace(".", "_")
