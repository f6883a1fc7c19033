"""What a text to us means: a keyword, tolerant of case, spaces and small slips, and its values.

Every language has its own words and all are understood from everybody. A slip is understood only
when one reading exists; serial numbers are never guessed, only keywords are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Intent = Literal["balance", "pay", "token", "loan", "language", "help", "stop", "start"]

# The words of each intent, language by language.
WORDS: dict[Intent, tuple[str, ...]] = {
    "balance": ("BAL", "BALANCE", "SALIO", "DENI"),
    "pay": ("PAY", "LIPA"),
    "token": ("TOKEN", "TOKENI", "CODE"),
    "loan": ("LOAN", "MKOPO"),
    "language": ("LANG", "LANGUAGE", "LUGHA"),
    "help": ("HELP", "MSAADA"),
    "stop": ("STOP", "ACHA"),
    "start": ("START", "ANZA"),
}
_INTENT_OF = {word: intent for intent, words in WORDS.items() for word in words}
_SHORTEST_GUESSED = 4  # a slip in a shorter word may mean anything


@dataclass(frozen=True, slots=True)
class Command:
    """An intent and the words after the keyword, in capitals."""

    intent: Intent
    words: tuple[str, ...]


def parse(body: str) -> Command | None:
    """The command in a text; None when no single reading exists."""
    words = re.findall(r"[^\s,;:!?]+", body.upper())
    if not words:
        return None
    first, *rest = words
    if intent := _INTENT_OF.get(first.strip(".#*")):
        return Command(intent, tuple(rest))
    if (glued := _glued(first)) is not None:
        intent, tail = glued
        return Command(intent, (tail, *rest))
    if (guessed := _guessed(first)) is not None:
        return Command(guessed, tuple(rest))
    return None


def serial_and_amount(words: tuple[str, ...]) -> tuple[str | None, str | None]:
    """`0100-0000 016 500` -> the serial and the amount; one word alone is the amount."""
    if not words:
        return None, None
    *serial, amount = words
    return "".join(serial) or None, amount


def _glued(first: str) -> tuple[Intent, str] | None:
    """`PAY0100234`: a keyword with its first value stuck to it; the longest keyword counts."""
    for word in sorted(_INTENT_OF, key=len, reverse=True):
        tail = first.removeprefix(word)
        if tail != first and tail[:1].isdigit():
            return _INTENT_OF[word], tail
    return None


def _guessed(first: str) -> Intent | None:
    """The only intent with a word one slip away from `first`."""
    if len(first) < _SHORTEST_GUESSED or not first.isalpha():
        return None
    near = {intent for word, intent in _INTENT_OF.items() if _one_slip(first, word)}
    return near.pop() if len(near) == 1 else None


def _one_slip(typed: str, word: str) -> bool:
    """One letter more, less, other, or two neighbours exchanged."""
    if len(word) < _SHORTEST_GUESSED or abs(len(typed) - len(word)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(word)) and typed[start] == word[start]:
        start += 1
    a, b = typed[start:], word[start:]
    return (
        a[1:] == b[1:]
        or a[1:] == b
        or a == b[1:]
        or (len(a) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:])
    )
