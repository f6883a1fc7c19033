"""Everything the product says, in the languages it speaks: read once per process."""

from __future__ import annotations

from functools import cache

from core.wording import messages
from core.wording.catalogue import Wording, load_wording
from core.wording.message import Said, messages_of

LANGUAGES = ("en", "sw")


@cache
def product_wording() -> Wording:
    """Every message in every language."""
    return load_wording(messages_of(messages.MODULES), LANGUAGES)


def say(said: Said, language: str) -> str:
    """The words. A language we do not speak is a fault of the books: KeyError."""
    return product_wording().say(said, language)
