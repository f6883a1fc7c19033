"""Choosing the language."""

from core.wording.message import message


@message
def which() -> None:
    """Above the languages."""


@message
def english() -> None:
    """In English, whatever the language now is."""


@message
def swahili() -> None:
    """In Kiswahili, whatever the language now is."""


@message
def french() -> None:
    """In French, whatever the language now is."""
