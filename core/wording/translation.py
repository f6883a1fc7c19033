"""One language: its wordings, its alphabet, and how it writes numbers and months.

A wording is a template: text with `{slots}`. A `Translation` fills the slots and can tell how long
a message may get. `Wording` holds every language and finds each template that is missing, unknown,
misspelt or too long. Nothing falls back to another language: a missing template fails the build.
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
from core.wording.message import BoundMessage, Message, SlotLimits
from core.wording.slots import ChoiceSlot

folder = Path(__file__).parent
Pattern = tuple[tuple[str, str], ...]  # literal text, then the name of the slot after it or ""


class Translation:
    """The templates of one language by message key (`section.name`)."""

    def __init__(self, code: str, toml: Mapping[str, Any]) -> None:
        """`toml` is the parsed file; its `[language]` table describes the language itself."""
        language = toml["language"]
        self.code = code
        self.name: str = language["name"]
        self.is_gsm7: bool = language.get("alphabet", "gsm7") == "gsm7"
        self.thousands: str = language["thousands"]
        self.months: list[str] = language["months"]
        self.templates: dict[str, str] = {
            f"{section}.{name}": template
            for section, templates in toml.items()
            if section != "language"
            for name, template in templates.items()
        }
        self._patterns = {key: _pattern(template) for key, template in self.templates.items()}

    def template(self, key: str) -> str:
        """The template of a message, with its slots in braces. Raises KeyError."""
        return self.templates[key]

    def render(self, bound: BoundMessage) -> str:
        """The text of a message in this language."""
        message, values = bound.message, bound.values
        slots = message.slots
        if not slots:
            return self.templates[message.key]
        return "".join(
            literal + slots[name].render(values[name], self) if name else literal
            for literal, name in self._patterns[message.key]
        )

    def widest(self, message: Message[Any], limits: SlotLimits) -> str:
        """The text with every slot at its widest; a missing template shows as its key."""
        return "".join(
            literal + (message.slots[name].widest(limits, self) if name in message.slots else "")
            for literal, name in self._patterns.get(message.key, ((message.key, ""),))
        )

    def size(self, text: str) -> int:
        """Septets, or 16-bit units where the language is declared UCS-2."""
        return septets(text) if self.is_gsm7 else ucs2_units(text)

    def slots_in(self, key: str) -> set[str]:
        """The names of the slots in a template."""
        return {name for _, name in self._patterns[key] if name}


def _pattern(template: str) -> Pattern:
    return tuple((literal, name or "") for literal, name, _, _ in Formatter().parse(template))


def read_translation(path: Path) -> Translation:
    """The language in `<code>.toml`. Raises FileNotFoundError."""
    return Translation(path.stem, tomllib.loads(path.read_text("utf-8")))


@dataclass(frozen=True)
class Wording:
    """Every message, with its translation into every language (by language code)."""

    messages: Mapping[str, Message[Any]]
    translations: Mapping[str, Translation]

    def render(self, bound: BoundMessage, language: str) -> str:
        """The text of a message. Raises KeyError for a language that is not there."""
        return self.translations[language].render(bound)

    def refusal(self, refused: Refused) -> BoundMessage:
        """The message for a refusal: `refused.<code>`, or `refused.other` where none fits."""
        message = self.messages.get(f"refused.{refused.code}")
        if message is None or not message.slots.keys() <= refused.values.keys():
            return self.messages["refused.other"]()
        return BoundMessage(message, refused.values)

    def faults(self, limits: SlotLimits) -> list[str]:
        """Everything wrong with the templates, one line each; empty when all are right."""
        return [
            fault
            for translation in self.translations.values()
            for fault in _translation_faults(translation, self.messages, limits)
        ]


def make_wording(messages: Iterable[Message[Any]], translations: Iterable[Translation]) -> Wording:
    """Return a wording of these messages in these languages, not yet checked: call `faults`."""
    return Wording(
        {message.key: message for message in messages},
        {translation.code: translation for translation in translations},
    )


def load_wording(messages: Iterable[Message[Any]], codes: Iterable[str]) -> Wording:
    """Return a wording of these messages, from the language files of this folder.

    Raises FileNotFoundError for an unknown language code.
    """
    return make_wording(messages, (read_translation(folder / f"{code}.toml") for code in codes))


def _translation_faults(
    translation: Translation, messages: Mapping[str, Message[Any]], limits: SlotLimits
) -> Iterator[str]:
    code, templates = translation.code, translation.templates
    choices = {
        key
        for message in messages.values()
        for slot in message.slots.values()
        if isinstance(slot, ChoiceSlot)
        for key in slot.keys
    }
    for key in sorted((messages.keys() | choices) - templates.keys()):
        yield f"{code}: no wording for {key}"
    for key in sorted(templates.keys() - messages.keys() - choices):
        yield f"{code}: {key} is worded but no message declares it"
    for key, template in templates.items():
        if translation.is_gsm7 and unsupported_characters(template):
            yield f"{code}: {key} has {unsupported_characters(template)!r}, not GSM-7"
    for key in messages.keys() & templates.keys():
        yield from _message_faults(translation, messages[key], limits)


def _message_faults(
    translation: Translation, message: Message[Any], limits: SlotLimits
) -> Iterator[str]:
    where, used = f"{translation.code}: {message.key}", translation.slots_in(message.key)
    for name in sorted(message.slots.keys() - used):
        yield f"{where} leaves out {{{name}}}"
    for name in sorted(used - message.slots.keys()):
        yield f"{where} has no slot {{{name}}}"
    if message.max_segments is not None and used <= message.slots.keys():
        count = len(segments(translation.widest(message, limits)))
        if count > message.max_segments:
            yield f"{where} may take {count} SMS, {message.max_segments} allowed"
