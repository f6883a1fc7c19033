"""What a person does not see in a text: marks without width, and blanks and hyphens of other kinds.

Phones, spreadsheets and web pages put them there: a no-break space inside a number, a mark of
direction before it. They mean nothing.
"""

from __future__ import annotations

import unicodedata

# Hyphens, dashes and the minus sign, as people and programs write a hyphen.
_HYPHENS = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d", "-")
)


def visible(text: str) -> str:
    """Return the text without marks that have no width, and with plain blanks.

    Format characters (Unicode category Cf) go, and every space (Zs) becomes a blank. Letters,
    digits, hyphens and line ends stay as they are.
    """
    return text if text.isascii() else "".join(map(_visible, text))


def plain_marks(text: str) -> str:
    """Return the text as `visible` does, and with plain hyphens: for numbers and codes."""
    return visible(text).translate(_HYPHENS)


def _visible(char: str) -> str:
    match unicodedata.category(char):
        case "Cf":
            return ""
        case "Zs":
            return " "
    return char
