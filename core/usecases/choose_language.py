"""A caller chooses the language of screens and texts."""

from __future__ import annotations

from core.db.callers import set_language
from core.errors import Refused
from core.unit import Unit


def choose_language(unit: Unit, msisdn: str, language: str) -> None:
    """From now on this number is addressed in `language`. Raises Refused("language_unknown")."""
    if language not in unit.market.languages:
        raise Refused("language_unknown", language=language)
    set_language(unit.connection, msisdn, language)
