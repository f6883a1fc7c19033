"""How long each SMS can get: its wording in a language with every slot at its widest.

The lengths are measured as `Wording.faults` measures them, for people who write or pay for SMS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.gsm7 import segments
from core.wording.message import Message
from core.wording.product import product_wording
from core.wording.slots import DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class SmsLength:
    """`widest` is the text at its widest, `size` its length in septets (16-bit units in a UCS-2
    language), `segments` the SMS parts it takes, `max_segments` the parts it may take."""

    message: Message[Any]
    template: str
    widest: str
    size: int
    segments: int
    max_segments: int


def sms_lengths(language: str) -> list[SmsLength]:
    """Every SMS in that language, by key. Raises KeyError for an unknown language."""
    wording = product_wording()
    translation, found = wording.translations[language], []
    for key, message in sorted(wording.messages.items()):
        if message.max_segments is None:
            continue
        widest = translation.widest(message, DEFAULT_LIMITS)
        found.append(
            SmsLength(
                message,
                template=translation.template(key),
                widest=widest,
                size=translation.size(widest),
                segments=len(segments(widest)),
                max_segments=message.max_segments,
            )
        )
    return found
