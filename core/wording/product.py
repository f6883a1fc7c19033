"""All messages of the product in the languages it supports, read once per process."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from core.errors import BrokenInvariant
from core.wording import messages
from core.wording.message import BoundMessage, messages_of
from core.wording.slots import DEFAULT_LIMITS
from core.wording.translation import Wording, load_wording

LANGUAGES = ("en", "sw", "fr")


@cache
def product_wording() -> Wording:
    """Every message in every language, not yet checked."""
    modules = [
        import_module(f"{messages.__name__}.{module.name}")
        for module in iter_modules(messages.__path__)
    ]
    return load_wording(messages_of(modules), LANGUAGES)


def check_wording() -> None:
    """Check every text of the product. Raises BrokenInvariant that lists all faults.

    The web process checks texts together with its menus; a process that only sends SMS calls this.
    """
    if faults := product_wording().faults(DEFAULT_LIMITS):
        raise BrokenInvariant("\n".join(faults))


def render(bound: BoundMessage, language: str) -> str:
    """The text of a message. Raises KeyError for a language that the product does not support."""
    return product_wording().render(bound, language)
