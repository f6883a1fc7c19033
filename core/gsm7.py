"""The GSM-7 alphabet: the length of a USSD screen or an SMS as the network counts it.

Most letters cost one septet; ten characters of the extension table cost two. A single character
outside both tables turns the whole message into UCS-2, which halves its capacity (3GPP TS 23.038).
This module counts, cuts and respells text; it knows no languages and no templates.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from anyascii import anyascii

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "\f^{}\\[~]|€"
_GSM7 = re.compile(f"[{re.escape(_BASIC + _EXTENDED)}]*")
_TWO_SEPTETS = re.compile(f"[{re.escape(_EXTENDED)}]")
# Where people spell a letter otherwise than the tables of transliteration do, and the one printable
# character of ASCII that GSM-7 lacks, which many type for an apostrophe.
_OUR_SPELLING = {"\u014a": "N", "\u014b": "n", "`": "'", "\t": " ", "\ufffd": ""}
# Unicode categories that have no spelling: pictures, modifiers, marks and characters of control.
_UNSPOKEN = ("So", "Sk", "Mn", "Me", "Cc", "Cf", "Cs", "Co", "Cn")

# An SMS holds 160 septets, or 153 in each part when a header joins several; 70 and 67 in UCS-2.
SINGLE_SEPTETS, PART_SEPTETS = 160, 153
SINGLE_UNITS, PART_UNITS = 70, 67


def is_gsm7(text: str) -> bool:
    """Whether every character is in the basic or the extension table."""
    return _GSM7.fullmatch(text) is not None


def septets(text: str) -> int:
    """Septets of a GSM-7 text. Raises ValueError when a character is not GSM-7."""
    if not _GSM7.fullmatch(text):
        raise ValueError(f"not GSM-7: {unsupported_characters(text)}")
    return len(text) + len(_TWO_SEPTETS.findall(text))


def ucs2_units(text: str) -> int:
    """16-bit units of a text; an emoji is two."""
    return len(text.encode("utf-16-be")) // 2


def unsupported_characters(text: str) -> str:
    """The characters of `text` that are not GSM-7, each once, in order."""
    return "".join(dict.fromkeys(char for char in text if not _GSM7.fullmatch(char)))


def to_gsm7(text: str) -> str:
    """The nearest GSM-7 spelling of a text: `K\u0254fi` -> `Kofi`, `N\u02bcda` -> `N'da`.

    Letters of other alphabets are transliterated; pictures, invisible marks and what has no
    spelling are left out, so the result may be empty. It is for names and other words that people
    gave us; our own wordings are rejected instead.
    """
    if _GSM7.fullmatch(text):
        return text
    return "".join(map(_nearest_spelling, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=4096)
def _nearest_spelling(char: str) -> str:
    if _GSM7.fullmatch(char):
        return char
    if char in _OUR_SPELLING:
        return _OUR_SPELLING[char]
    category = unicodedata.category(char)
    if category in _UNSPOKEN:
        return ""
    spelled = anyascii(char).replace("`", "'")
    return spelled if category.startswith("P") else spelled.replace("?", "")


def clip(text: str, width: int) -> str:
    """As much of a GSM-7 text as fits in `width` septets."""
    while septets(text) > width:
        text = text[:-1]
    return text


def segments(text: str) -> list[str]:
    """The SMS parts in which a text is sent, each as long as allowed.

    A part never ends inside a two-septet character or a surrogate pair.
    """
    if is_gsm7(text):
        return _split(text, septets, SINGLE_SEPTETS, PART_SEPTETS)
    return _split(text, ucs2_units, SINGLE_UNITS, PART_UNITS)


def _split(text: str, size: Callable[[str], int], single: int, part: int) -> list[str]:
    if size(text) <= single:
        return [text]
    parts, used = [""], 0
    for char in text:
        if used + size(char) > part:
            parts.append("")
            used = 0
        parts[-1] += char
        used += size(char)
    return parts
