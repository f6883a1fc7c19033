"""Proof of size: every screen, in every language, with every slot at its widest, fits.

Lists may take several pages, but a line of a list must fit a page with the navigation around it;
so must anything the engine may put above a question. Lines that say how much is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.gsm7 import to_gsm7
from core.wording.message import Message, SlotLimits
from core.wording.messages import engine as messages
from core.wording.translation import Translation
from gateway.networks import PREFIX, SMALLEST_SCREEN
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.options import numbered
from gateway.ussd_menus.screens import Ask, Choice, Notice, Pick, Screen

_DEEP = 2  # screens away from home, where the foot has both 0 and 00


def faults(menu: Menu, limits: SlotLimits) -> Iterator[str]:
    """What does not fit, one line each."""
    for language in menu.wording.translations.values():
        yield from _faults_in(language, menu, limits)


def _size(language: Translation, text: str) -> int:
    """As the network counts; a foreign character, which is a fault of its own, counts as one."""
    return language.size(to_gsm7(text) if language.is_gsm7 else text)


def _faults_in(language: Translation, menu: Menu, limits: SlotLimits) -> Iterator[str]:
    room = _room(language)
    foot = menu.feet[language.code]
    whole = room - _size(language, "\n" + foot.line(_DEEP, more=False, back=True))
    part = room - _size(language, "\n" + foot.line(_DEEP, more=True, back=True))
    for screen in menu.screens.values():
        for lines, most in _demands(screen, language, limits, room, whole, part):
            size = _size(language, lines)
            if size > most:
                yield f"{language.code}: {screen.id} needs {size}, {most} fit: {lines!r}"
    for message in _notes(menu):
        size = _size(language, language.widest(message, limits))
        if size > part:
            yield f"{language.code}: {message.key} needs {size}, {part} fit"


def _room(language: Translation) -> int:
    """What may stand on the smallest screen of all networks; UCS-2 halves it."""
    smallest = SMALLEST_SCREEN - PREFIX
    return smallest if language.is_gsm7 else smallest // 2


def _demands(
    screen: Screen, language: Translation, limits: SlotLimits, room: int, whole: int, part: int
) -> Iterator[tuple[str, int]]:
    """Texts that must stand together, each with the room there is for it."""

    def widest(message: Message[Any]) -> str:
        return language.widest(message, limits)

    match screen:
        case Notice():
            yield widest(screen.says), room
        case Ask():
            yield widest(screen.says), whole
        case Choice():
            rows = [f"{key} {widest(one.label)}" for key, one in numbered(screen.options)]
            lines = [*widest(screen.says).split("\n"), *rows]
            if screen.paged:
                yield from ((line, part) for line in lines)
            else:
                yield "\n".join(lines), whole
        case Pick():
            number = "99 " if screen.into else ""
            rows = [number + widest(screen.shows), *(f"99 {widest(o.label)}" for o in screen.also)]
            for title in (screen.says, screen.empty):
                yield from ((f"{widest(title)}\n{row}", part) for row in rows)


def _notes(menu: Menu) -> list[Message[Any]]:
    """What may stand above a question: the readers' complaints and every refusal."""
    own = [
        messages.not_an_option,
        messages.lost_place,
        messages.too_many_tries,
        messages.still_working,
        messages.internal_error,
    ]
    refusals = [one for key, one in menu.wording.messages.items() if key.startswith("refused.")]
    complaints = {
        reader.complaint.key: reader.complaint
        for screen in menu.screens.values()
        for reader in _readers(screen)
    }
    return [*own, *refusals, *complaints.values()]


def _readers(screen: Screen) -> list[Any]:
    if isinstance(screen, Ask):
        return [screen.reads]
    return [screen.typed] if isinstance(screen, Pick) and screen.typed else []
