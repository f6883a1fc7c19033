"""How long texts can get: each wording of a language with every slot at its widest, measured.

The same measure that `Wording.faults` refuses by, for people who write or pay for texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.gsm7 import segments
from core.wording.message import Message
from core.wording.slots import Limits
from core.wording.spoken import product_wording


@dataclass(frozen=True, slots=True)
class Measured:
    """`size` is in septets (16-bit units in a language that needs them) and `parts` in SMS, both of
    `widest`; `allowed` is how many parts it may take."""

    message: Message[Any]
    words: str
    widest: str
    size: int
    parts: int
    allowed: int


def measured_texts(code: str) -> list[Measured]:
    """Every text in that language, by key. Raises KeyError for one that is not spoken."""
    wording = product_wording()
    language, limits = wording.languages[code], Limits()
    found = []
    for key, message in sorted(wording.messages.items()):
        if message.segments is None:
            continue
        widest = language.widest(message, limits)
        size, parts = language.size(widest), len(segments(widest))
        found.append(Measured(message, language.text(key), widest, size, parts, message.segments))
    return found
