"""Keywords of incoming SMS: the command and the words after it.

Case, accents, spaces and small slips are tolerated. Every language has its own words, and any
sender may use any language. A slip is understood only when it has one reading and what follows fits
it; serial numbers are never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Intent = Literal["balance", "pay", "token", "loan", "language", "help", "stop", "start", "register"]

# The words of each language, the first of each as the wordings teach it.
WORDS: dict[str, dict[Intent, tuple[str, ...]]] = {
    "en": {
        "balance": ("BAL", "BALANCE"),
        "pay": ("PAY",),
        "token": ("TOKEN", "CODE"),
        "loan": ("LOAN",),
        "language": ("LANG", "LANGUAGE"),
        "help": ("HELP",),
        "stop": ("STOP",),
        "start": ("START",),
        "register": ("REG", "REGISTER"),
    },
    "sw": {
        "balance": ("SALIO", "DENI"),
        "pay": ("LIPA",),
        "token": ("TOKENI",),
        "loan": ("MKOPO",),
        "language": ("LUGHA",),
        "help": ("MSAADA",),
        "stop": ("ACHA",),
        "start": ("ANZA",),
        "register": ("SAJILI",),
    },
    "fr": {
        "balance": ("SOLDE", "DETTE"),
        "pay": ("PAYER", "PAYE"),
        "token": ("JETON",),
        "loan": ("PRET", "EMPRUNT"),
        "language": ("LANGUE",),
        "help": ("AIDE",),
        "stop": ("ARRET", "ARRETER"),
        "start": ("REPRENDRE",),
        "register": ("INSCRIRE",),
    },
}
# The names of each language, in all languages.
LANGUAGE_NAMES: dict[str, tuple[str, ...]] = {
    "en": ("EN", "ENGLISH", "KIINGEREZA", "ANGLAIS"),
    "sw": ("SW", "SWAHILI", "KISWAHILI"),
    "fr": ("FR", "FRENCH", "KIFARANSA", "FRANCAIS"),
}
_INTENT_OF: dict[str, Intent] = {
    word: intent
    for words in WORDS.values()
    for intent, several in words.items()
    for word in several
}
_LONGEST_FIRST = sorted(_INTENT_OF, key=len, reverse=True)
_SHORTEST_GUESSED = 4  # in a shorter word only two letters that changed places are understood

# A comma inside `1,250` belongs to the number, any other parts words.
_PARTS = re.compile(r"[^\s;:!?\"()\u00ab\u00bb\u201c\u201d]+")
_THOUSANDS = re.compile(r"[^0-9,]*[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?[^0-9,]*")
_TAKES_VALUES: tuple[Intent, ...] = ("balance", "pay", "token", "register")


@dataclass(frozen=True, slots=True)
class Command:
    """An intent and the words after the keyword, as typed."""

    intent: Intent
    words: tuple[str, ...]


def parse(body: str) -> Command | None:
    """The command in a text; None when no single reading exists."""
    words = _words(body)
    if not words:
        return None
    first, rest = fold(words[0]).strip(".#*-'/"), tuple(words[1:])
    if intent := _INTENT_OF.get(first):
        return Command(intent, rest)
    return _glued(first, rest) or _slipped(first, rest)


def fold(word: str) -> str:
    """Capitals without accents: what keywords and names of languages are compared in."""
    plain = unicodedata.normalize("NFKD", word)
    return "".join(char for char in plain if not unicodedata.combining(char)).upper()


def language_named(word: str) -> str | None:
    """The code of the language with that name, in any language; None when there is none."""
    named = fold(word)
    return next((code for code, names in LANGUAGE_NAMES.items() if named in names), None)


def _words(body: str) -> list[str]:
    return [
        word
        for part in _PARTS.findall(body)
        for word in ([part] if _THOUSANDS.fullmatch(part) else part.split(","))
        if word
    ]


def _glued(first: str, rest: tuple[str, ...]) -> Command | None:
    """`PAY0100234`, `TOKN-0100234`, `PAYLAMP100`: a keyword with its first value stuck to it."""
    if letters := re.fullmatch(r"([A-Z]+)-?([0-9].*)", first):
        word, tail = letters.groups()
        intent = _INTENT_OF.get(word)
        if intent in _TAKES_VALUES:
            return Command(intent, (tail, *rest))
        if slipped := _slipped(word, (tail, *rest)):
            return slipped
    for word in _LONGEST_FIRST:
        tail = first.removeprefix(word).removeprefix("-")
        is_value = len(tail) > 2 and re.search("[0-9]", tail)
        if first.startswith(word) and is_value and _INTENT_OF[word] in _TAKES_VALUES:
            return Command(_INTENT_OF[word], (tail, *rest))
    return None


def _slipped(first: str, rest: tuple[str, ...]) -> Command | None:
    """The only intent with a word one slip away from `first` that fits what follows."""
    if not re.fullmatch("[A-Z]+", first):
        return None
    near = {word: intent for word, intent in _INTENT_OF.items() if _one_slip(first, word)}
    if len(set(near.values())) != 1 or not any(_is_guessed(first, word) for word in near):
        return None
    (intent,) = set(near.values())
    return Command(intent, rest) if _FITS[intent](rest) else None


def _is_guessed(typed: str, word: str) -> bool:
    """Whether a slip like that is understood where no other word is as near."""
    return (
        min(len(typed), len(word)) >= _SHORTEST_GUESSED
        or _undoubled(typed) == _undoubled(word)
        or _exchanged(typed, word)
    )


def _one_slip(typed: str, word: str) -> bool:
    """One letter more, less or other, letters doubled, or two neighbours exchanged."""
    if _undoubled(typed) == _undoubled(word) or _exchanged(typed, word):
        return True
    if abs(len(typed) - len(word)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(word)) and typed[start] == word[start]:
        start += 1
    a, b = typed[start:], word[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:]


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1+", r"\1", word)


def _exchanged(typed: str, word: str) -> bool:
    return len(typed) == len(word) and any(
        typed == word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        for place in range(len(word) - 1)
    )


def _nothing(rest: tuple[str, ...]) -> bool:
    return not rest


def _a_number(rest: tuple[str, ...]) -> bool:
    return any(re.search("[0-9]", word) for word in rest)


def _perhaps_a_number(rest: tuple[str, ...]) -> bool:
    return _nothing(rest) or _a_number(rest)


# What has to follow a keyword that was guessed: "Shop open?" is not STOP.
_FITS: dict[Intent, Callable[[tuple[str, ...]], bool]] = {
    "balance": _perhaps_a_number,
    "pay": _a_number,
    "token": _perhaps_a_number,
    "loan": _nothing,
    "language": lambda rest: len(rest) == 1 and language_named(rest[0]) is not None,
    "help": _nothing,
    "stop": _nothing,
    "start": _nothing,
    "register": _a_number,
}
