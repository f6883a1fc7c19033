"""Check the size of every screen in every language, with every slot at its widest.

A list may take several pages, but one of its lines must fit a page together with the navigation
bar. So must every note that the engine may show above a question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.gsm7 import to_gsm7
from core.wording.message import Message, SlotLimits
from core.wording.messages import engine as messages
from core.wording.translation import Translation
from gateway.network_limits import PREFIX, SMALLEST_SCREEN
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.options import numbered
from gateway.ussd_menus.readers import Reader
from gateway.ussd_menus.screen import Screen
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick

_DEEP = 2  # screens away from home, where the navigation bar has both 0 and 00


@dataclass(frozen=True, slots=True)
class _Capacity:
    """What fits on the smallest screen of all networks in one language: a screen that ends the
    conversation, a question on a single page, one page of several. Septets or UCS-2 units."""

    final: int
    single_page: int
    each_page: int


def faults(menu: Menu, limits: SlotLimits) -> Iterator[str]:
    """What does not fit, one line each."""
    for translation in menu.wording.translations.values():
        yield from _faults_in(translation, menu, limits)


def _size(translation: Translation, text: str) -> int:
    """The size as the network counts it. A character outside GSM-7, a fault that is reported
    elsewhere, counts as one."""
    return translation.size(to_gsm7(text) if translation.is_gsm7 else text)


def _faults_in(translation: Translation, menu: Menu, limits: SlotLimits) -> Iterator[str]:
    code, capacity = translation.code, _capacity(translation, menu)
    for screen in menu.screens.values():
        for text, maximum in _texts(screen, translation, limits, capacity):
            size = _size(translation, text)
            if size > maximum:
                yield f"{code}: {screen.id} needs {size}, {maximum} fit: {text!r}"
    for message in _notes(menu):
        size = _size(translation, translation.widest(message, limits))
        if size > capacity.each_page:
            yield f"{code}: {message.key} needs {size}, {capacity.each_page} fit"


def _capacity(translation: Translation, menu: Menu) -> _Capacity:
    smallest = SMALLEST_SCREEN - PREFIX
    final = smallest if translation.is_gsm7 else smallest // 2  # UCS-2 halves it
    bar = menu.footers[translation.code]

    def above(more: bool) -> int:
        return final - _size(translation, "\n" + bar.render(_DEEP, more=more, back=True))

    return _Capacity(final, single_page=above(more=False), each_page=above(more=True))


def _texts(
    screen: Screen, translation: Translation, limits: SlotLimits, capacity: _Capacity
) -> Iterator[tuple[str, int]]:
    """Texts that must stand together on a page, each with the size that fits."""

    def widest(message: Message[Any]) -> str:
        return translation.widest(message, limits)

    match screen:
        case Notice():
            yield widest(screen.message), capacity.final
        case Ask():
            yield widest(screen.message), capacity.single_page
        case Choice():
            rows = [f"{key} {widest(option.label)}" for key, option in numbered(screen.options)]
            lines = [*widest(screen.message).split("\n"), *rows]
            if screen.paged:
                yield from ((line, capacity.each_page) for line in lines)
            else:
                yield "\n".join(lines), capacity.single_page
        case Pick():
            key = "99 " if screen.stores else ""
            rows = [key + widest(screen.row_message)]
            rows += [f"99 {widest(option.label)}" for option in screen.extra_options]
            for title in (screen.message, screen.empty_message):
                yield from ((f"{widest(title)}\n{row}", capacity.each_page) for row in rows)


def _notes(menu: Menu) -> list[Message[Any]]:
    """Every message that may stand above a question: the engine's own, refusals, complaints."""
    own = [
        messages.not_an_option,
        messages.lost_place,
        messages.too_many_tries,
        messages.still_working,
        messages.busy,
        messages.internal_error,
    ]
    refusals = [
        message for key, message in menu.wording.messages.items() if key.startswith("refused.")
    ]
    readers = filter(None, map(_reader, menu.screens.values()))
    complaints = {reader.complaint.key: reader.complaint for reader in readers}
    return [*own, *refusals, *complaints.values()]


def _reader(screen: Screen) -> Reader[Any] | None:
    match screen:
        case Ask():
            return screen.reader
        case Pick():
            return screen.typed_reader
    return None
