"""A caller chooses the language of screens and texts."""

from __future__ import annotations

from dataclasses import dataclass

from core.db.callers import set_language
from core.errors import Refused
from core.unit import Unit


@dataclass(frozen=True, slots=True)
class Chosen:
    """The language that is spoken from now on."""

    language: str


def choose_language(unit: Unit, msisdn: str, language: str) -> Chosen:
    """From now on this number is addressed in `language`. Raises Refused("language_unknown")."""
    if language not in unit.market.languages:
        raise Refused("language_unknown")
    set_language(unit.connection, msisdn, language)
    return Chosen(language)
