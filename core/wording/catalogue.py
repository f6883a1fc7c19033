"""One language: its wordings, its alphabet, and how it writes numbers and months.

A wording is text with `{slots}`. A catalogue fills them in and can say how long a message may get;
`Wording` holds every language and finds everything that is missing, unknown, misspelt or too long.
Nothing here falls back to another language: a gap is a fault of the build, not of a conversation.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from core.errors import Refused
from core.gsm7 import segments, septets, ucs2_units, unsupported_characters
from core.wording.message import Message, Said
from core.wording.slots import Limits, Word

folder = Path(__file__).parent
Pattern = tuple[tuple[str, str], ...]  # literal text, then the name of the slot after it or ""


class Catalogue:
    """The wordings of one language by key (`section.name`)."""

    def __init__(self, code: str, written: Mapping[str, Any]) -> None:
        """`written` is the parsed file; its `[language]` table is about the language itself."""
        about = written["language"]
        self.code = code
        self.name: str = about["name"]
        self.is_gsm7 = about.get("alphabet", "gsm7") == "gsm7"
        self.thousands: str = about["thousands"]
        self.months: list[str] = about["months"]
        self.texts: dict[str, str] = {
            f"{section}.{name}": text
            for section, wordings in written.items()
            if section != "language"
            for name, text in wordings.items()
        }
        self._patterns = {key: _pattern(text) for key, text in self.texts.items()}

    def text(self, key: str) -> str:
        """A wording without slots."""
        return self.texts[key]

    def say(self, said: Said) -> str:
        """The words in this language."""
        message, values = said.message, said.values
        slots = message.slots
        if not slots:
            return self.texts[message.key]
        return "".join(
            literal + slots[name].render(values[name], self) if name else literal
            for literal, name in self._patterns[message.key]
        )

    def widest(self, message: Message[Any], limits: Limits) -> str:
        """The message with every slot at its widest; a missing wording shows as its key."""
        return "".join(
            literal + (message.slots[name].widest(limits, self) if name in message.slots else "")
            for literal, name in self._patterns.get(message.key, ((message.key, ""),))
        )

    def size(self, text: str) -> int:
        """Septets, or 16-bit units where the language is declared UCS-2."""
        return septets(text) if self.is_gsm7 else ucs2_units(text)

    def slots_in(self, key: str) -> set[str]:
        return {name for _, name in self._patterns[key] if name}


def _pattern(text: str) -> Pattern:
    return tuple((literal, name or "") for literal, name, _, _ in Formatter().parse(text))


def read_catalogue(path: Path) -> Catalogue:
    """The language in `<code>.toml`."""
    return Catalogue(path.stem, tomllib.loads(path.read_text("utf-8")))


@dataclass(frozen=True)
class Wording:
    """Every message in every language."""

    messages: Mapping[str, Message[Any]]
    languages: Mapping[str, Catalogue]

    def say(self, said: Said, language: str) -> str:
        return self.languages[language].say(said)

    def refusal(self, refused: Refused) -> Said:
        """What to say about a refusal; one we have no words for is `refused.other`."""
        message = self.messages.get(f"refused.{refused.code}")
        if message is None or not message.slots.keys() <= refused.values.keys():
            return self.messages["refused.other"]()
        return Said(message, refused.values)

    def faults(self, limits: Limits) -> list[str]:
        """Everything wrong with the wordings, one line each; empty when they may go out."""
        return [
            fault
            for language in self.languages.values()
            for fault in _faults(language, self.messages, limits)
        ]


def make_wording(messages: Iterable[Message[Any]], languages: Iterable[Catalogue]) -> Wording:
    """All of these messages in all of these languages; ask it for its faults."""
    return Wording(
        {message.key: message for message in messages},
        {language.code: language for language in languages},
    )


def load_wording(messages: Iterable[Message[Any]], codes: Iterable[str]) -> Wording:
    """The wordings kept beside this module. Raises FileNotFoundError for an unknown language."""
    return make_wording(messages, (read_catalogue(folder / f"{code}.toml") for code in codes))


def _faults(
    language: Catalogue, messages: Mapping[str, Message[Any]], limits: Limits
) -> Iterator[str]:
    words = {key for one in messages.values() for slot in one.slots.values() for key in _keys(slot)}
    for key in sorted((messages.keys() | words) - language.texts.keys()):
        yield f"{language.code}: no wording for {key}"
    for key in sorted(language.texts.keys() - messages.keys() - words):
        yield f"{language.code}: {key} is worded but no message declares it"
    for key, text in language.texts.items():
        if language.is_gsm7 and unsupported_characters(text):
            yield f"{language.code}: {key} has {unsupported_characters(text)!r}, not GSM-7"
    for key in messages.keys() & language.texts.keys():
        yield from _faults_of(language, messages[key], limits)


def _faults_of(language: Catalogue, message: Message[Any], limits: Limits) -> Iterator[str]:
    where, used = f"{language.code}: {message.key}", language.slots_in(message.key)
    for name in sorted(message.slots.keys() - used):
        yield f"{where} leaves out {{{name}}}"
    for name in sorted(used - message.slots.keys()):
        yield f"{where} has no slot {{{name}}}"
    if message.segments is not None and used <= message.slots.keys():
        parts = len(segments(language.widest(message, limits)))
        if parts > message.segments:
            yield f"{where} may take {parts} SMS, {message.segments} allowed"


def _keys(slot: object) -> list[str]:
    return slot.keys if isinstance(slot, Word) else []
