"""Everything the product says, in the languages it speaks: read once per process."""

from __future__ import annotations

from functools import cache

from core.errors import BrokenInvariant
from core.wording import messages
from core.wording.catalogue import Wording, load_wording
from core.wording.message import Said, messages_of
from core.wording.slots import Limits

LANGUAGES = ("en", "sw", "fr")


@cache
def product_wording() -> Wording:
    """Every message in every language."""
    return load_wording(messages_of(messages.MODULES), LANGUAGES)


def prove_wording() -> None:
    """Raises BrokenInvariant with every fault of the texts: none goes out that was not proved.

    The web process proves them with its menus; a process that only sends texts does it here.
    """
    if faults := product_wording().faults(Limits()):
        raise BrokenInvariant("\n".join(faults))


def say(said: Said, language: str) -> str:
    """The words. A language we do not speak is a fault of the books: KeyError."""
    return product_wording().say(said, language)
