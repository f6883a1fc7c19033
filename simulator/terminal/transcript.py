"""What was played, written as a journey that can be played again another day.

Dates, device tokens and receipts differ each time, so they are written as `...`. Everything that
was typed is written as it is, PINs too, because otherwise the journey could not be played again.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.wording.product import product_wording
from simulator.terminal.journey import ANY_TEXT, USSD_WORDS, VERBS

_MONTHS = {
    month for language in product_wording().translations.values() for month in language.months
}
_DAY = re.compile(rf"\b[0-9]{{1,2}} (?:{'|'.join(sorted(map(re.escape, _MONTHS)))})(?!\w)")
_CASH_RECEIPT = re.compile(r"\bAG[0-9]{6,}\b")
_DIGIT_GROUPS = re.compile(r"(?<![+\w])\*?[0-9]{1,4}(?: [0-9]{1,4}){2,}#?(?!\w)")
_SHORTEST_TOKEN = 9


class Transcript:
    """Writes the lines of a journey with `write`. `verbatim`: nothing is replaced by `...`."""

    def __init__(self, write: Callable[[str], object], *, verbatim: bool = False) -> None:
        self._write = write
        self._verbatim = verbatim
        self._receipts: set[str] = set()

    def add_receipt(self, receipt: str) -> None:
        """A receipt that later screens and messages may name."""
        self._receipts.add(receipt)

    def comment(self, line: str) -> None:
        """Write an empty line, or one that starts with `#`."""
        self._write(line)

    def action(self, word: str, rest: str) -> None:
        """Write what the person did."""
        self._write(f"{word} {rest}".rstrip())

    def result(self, word: str, rest: str) -> None:
        """Write a screen or a message. Lines that would read as another step become `...`."""
        first, *others = self._repeatable_text(rest).split("\n")
        lines = [f"{word} {first}".rstrip(), *(_continuation_line(line) for line in others)]
        self._write("\n".join(lines))

    def _repeatable_text(self, text: str) -> str:
        """The text with `...` for what differs each time."""
        if self._verbatim:
            return text
        for receipt in self._receipts:
            text = text.replace(receipt, ANY_TEXT)
        text = _CASH_RECEIPT.sub("AG" + ANY_TEXT, text)
        text = _DIGIT_GROUPS.sub(_hide_token, text)
        return _DAY.sub(ANY_TEXT, text)


def _hide_token(match: re.Match[str]) -> str:
    digits = sum(map(str.isdigit, match[0]))
    return ANY_TEXT if digits >= _SHORTEST_TOKEN else match[0]


def _continuation_line(line: str) -> str:
    word = line.partition(" ")[0]
    starts_a_step = not line.strip() or word in (*USSD_WORDS, *VERBS, "#")
    return ANY_TEXT if starts_a_step else line
