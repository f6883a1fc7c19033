"""What a person does not see in a text: marks without width, and blanks and hyphens of other kinds.

Phones, spreadsheets and web pages put them there (a no-break space inside a number, a mark of
direction before it), and nobody means anything by them.
"""

from __future__ import annotations

import unicodedata

# Figure and other dashes, and the minus sign, as people and programs write a hyphen.
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"


def plain_marks(text: str) -> str:
    """Return the text without marks that have no width, with plain blanks and plain hyphens.

    Format characters (Unicode category Cf) go, every space (Zs) becomes a blank and every dash a
    hyphen. Letters, digits and line ends stay as they are.
    """
    return text if text.isascii() else "".join(_plain(char) for char in text)


def _plain(char: str) -> str:
    if char in _HYPHENS:
        return "-"
    match unicodedata.category(char):
        case "Cf":
            return ""
        case "Zs":
            return " "
    return char
