"""The language of journeys: conversations as plain text, as a reader would read and a phone play.

    # Amina pays for her meter
    phone Amina
    dial *384*96#
    CON Hello Amina
    1 Pay
    > 1
    CON M1001 owes KES 300.
    ...
    prompt Amina KES 500 for M1001: pin 1234

`phone` says whose hand it is in, `dial` and `>` are what is typed, `CON` and `END` what must be
seen. `...` stands for anything, within a line or for several. Here the language is read and
written; nothing is played.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

WORDS = ("phone", "dial", ">", "CON", "END")
ACTS = ("prompt", "paybill", "sms", "silence", "text", "type", "device")
_ONE_LINE = ("phone", "dial", ">")
ANYTHING = "..."


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is done or seen; `rest` may run over several lines. No `word`: a remark."""

    number: int
    word: str
    rest: str

    @property
    def written(self) -> str:
        return f"{self.word} {self.rest}".strip() if self.rest else self.word


def parse(text: str, verbs: Collection[str] = ACTS) -> list[Line]:
    """The lines of a journey. Raises ValueError for one that starts with no known word."""
    return [line for line in read_lines(text.split("\n"), verbs) if line.word]


def read_lines(raw_lines: Iterable[str], verbs: Collection[str] = ACTS) -> Iterator[Line]:
    """The same, line by line as they come in; remarks and empty lines are told as well.

    What is typed is told at once; what may run over several lines once the next one began.
    """
    open_line: Line | None = None
    for number, raw in enumerate(raw_lines, start=1):
        written = raw.rstrip()
        word, _, rest = written.partition(" ")
        is_remark = not written or word == "#"
        if not is_remark and word not in WORDS and word not in verbs:
            if open_line is None:
                raise ValueError(f"line {number}: {word!r} is nothing a journey knows")
            open_line = Line(open_line.number, open_line.word, f"{open_line.rest}\n{written}")
            continue
        if open_line:
            yield open_line
        line = Line(number, "", written) if is_remark else Line(number, word, rest)
        open_line = None if is_remark or word in _ONE_LINE else line
        if open_line is None:
            yield line
    if open_line:
        yield open_line


def seen(wanted: str, found: str) -> bool:
    """Whether this is what was wanted; `...` stands for anything."""
    parts = wanted.split(ANYTHING)
    return re.fullmatch(".*".join(map(re.escape, parts)), found, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Money:
    """`Amina KES 500 for M1001: pin 1234`: who, how much, the account, and how it went."""

    who: str
    amount: str
    account: str
    outcome: str


_PROMPT = re.compile(r"(.+?) [A-Z]{3} ([0-9.]+) for (.+): (cancel|pin [0-9]+)")
_PAYBILL = re.compile(r"(.+?) [A-Z]{3} ([0-9.]+) to (.+): (\S+)")
_TOKEN = re.compile(r"(?:Tokeni?|Jeton) ([*#\d ]*\d#?)")


def read_prompt(rest: str) -> Money:
    """What follows `prompt`. Raises ValueError."""
    found = _PROMPT.fullmatch(rest)
    if not found:
        raise ValueError(f"a prompt reads `NAME KES AMOUNT for ACCOUNT: pin 1234`, not {rest!r}")
    return Money(*found.groups())


def read_paybill(rest: str) -> Money:
    """What follows `paybill`; the outcome is the code the payer's phone was told."""
    found = _PAYBILL.fullmatch(rest)
    if not found:
        raise ValueError(f"paybill reads `NAME KES AMOUNT to ACCOUNT: CODE`, not {rest!r}")
    return Money(*found.groups())


def token_in(text: str) -> str | None:
    """The device code in a text, as `type` types it."""
    found = _TOKEN.search(text)
    return found and found[1]
