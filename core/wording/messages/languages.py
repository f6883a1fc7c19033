"""The choice of the language."""

from core.wording.message import message


@message
def which() -> None:
    """Above the languages."""


@message
def english() -> None:
    """Option: English. Written in English in every language."""


@message
def swahili() -> None:
    """Option: Kiswahili. Written in Kiswahili in every language."""


@message
def french() -> None:
    """Option: French. Written in French in every language."""
