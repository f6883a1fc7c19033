"""Names as shown to other people: masked."""

from __future__ import annotations

import unicodedata


def mask_name(name: str, surname: str) -> str:
    """`Amina`, `Odhiambo` -> `A***a O.`: enough to recognise, too little to learn."""
    letters, initial = _letters(name), _letters(surname)[:1]
    first = f"{letters[0]}***{letters[-1]}" if len(letters) > 1 else f"{letters}***"
    return f"{first} {initial}." if initial else first


def _letters(name: str) -> str:
    """The letters and digits of a name; an accent typed as a character of its own is no letter."""
    composed = unicodedata.normalize("NFC", name)
    return "".join(char for char in composed if unicodedata.category(char)[0] in "LN")
