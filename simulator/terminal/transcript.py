"""What was played, written as a journey that can be played again another day.

Whatever is different each time is written as `...`: days, device codes, receipts. What was typed is
written as it was typed, PINs too, or nobody could play it: use the PINs of a demo.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from core.wording.product import product_wording
from simulator.terminal.journey import ACTS, ANYTHING, WORDS

_MONTHS = {
    month for language in product_wording().translations.values() for month in language.months
}
_DAY = re.compile(rf"\b[0-9]{{1,2}} (?:{'|'.join(sorted(map(re.escape, _MONTHS)))})(?!\w)")
_CASH_RECEIPT = re.compile(r"\bAG[0-9]{6,}\b")
_CODE = re.compile(r"(?<![+\w])\*?[0-9]{1,4}(?: [0-9]{1,4}){2,}#?(?!\w)")
_DIGITS_OF_A_CODE = 9


class Transcript:
    """Writes lines. `verbatim` leaves everything as it came."""

    def __init__(self, write: Callable[[str], object], *, verbatim: bool = False) -> None:
        self._write = write
        self._verbatim = verbatim
        self._receipts: set[str] = set()

    def receipt(self, receipt: str) -> None:
        """A receipt that may be named from now on."""
        self._receipts.add(receipt)

    def remark(self, written: str) -> None:
        """An empty line, or one that starts with `#`."""
        self._write(written)

    def did(self, word: str, rest: str) -> None:
        """Something that was done."""
        self._write(f"{word} {rest}".rstrip())

    def saw(self, word: str, rest: str) -> None:
        """Something that came back. Lines that would read as something else become `...`."""
        first, *others = self._lasting(rest).split("\n")
        lines = [f"{word} {first}".rstrip(), *(_not_a_word(line) for line in others)]
        self._write("\n".join(lines))

    def _lasting(self, text: str) -> str:
        """The text without what no other day would repeat."""
        if self._verbatim:
            return text
        for receipt in self._receipts:
            text = text.replace(receipt, ANYTHING)
        text = _CASH_RECEIPT.sub("AG" + ANYTHING, text)
        text = _CODE.sub(_code, text)
        return _DAY.sub(ANYTHING, text)


def _code(found: re.Match[str]) -> str:
    digits = sum(map(str.isdigit, found[0]))
    return ANYTHING if digits >= _DIGITS_OF_A_CODE else found[0]


def _not_a_word(line: str) -> str:
    word = line.partition(" ")[0]
    return ANYTHING if not line.strip() or word in (*WORDS, *ACTS, "#") else line
