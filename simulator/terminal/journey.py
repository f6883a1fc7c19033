"""The language of journeys: conversations as plain text that a person can read and a phone play.

    # Amina pays for her meter
    phone Amina
    dial *384*96#
    CON Hello Amina
    1 Pay
    > 1
    CON M1001 owes KES 300.
    ...
    prompt Amina KES 500 for M1001: pin 1234

`phone` selects the caller. `dial` and `>` are what the caller types. `CON` and `END` are the screen
that must follow. `...` stands for any text, within a line or over several lines. This module parses
the language; it plays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

USSD_WORDS = ("phone", "dial", ">", "CON", "END")
VERBS = ("prompt", "paybill", "sms", "silence", "text", "type", "device")
_ONE_LINE_WORDS = ("phone", "dial", ">")
ANY_TEXT = "..."


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a journey. `rest` may have several lines. `word` is empty for a comment."""

    line_number: int
    word: str
    rest: str

    @property
    def source(self) -> str:
        """The step as it is written in a journey."""
        return f"{self.word} {self.rest}".strip() if self.rest else self.word


def parse(text: str, verbs: Collection[str] = VERBS) -> list[Step]:
    """The steps of a journey without its comments. Raises ValueError for an unknown word."""
    return [step for step in read_steps(text.split("\n"), verbs) if step.word]


def read_steps(lines: Iterable[str], verbs: Collection[str] = VERBS) -> Iterator[Step]:
    """The steps, comments and empty lines, as the lines come in. Raises ValueError.

    A step that is always one line (`phone`, `dial`, `>`) is returned at once. Any other step is
    returned when the next one begins.
    """
    open_step: Step | None = None
    for number, raw_line in enumerate(lines, start=1):
        line = raw_line.rstrip()
        word, _, rest = line.partition(" ")
        is_comment = not line or word == "#"
        if not is_comment and word not in USSD_WORDS and word not in verbs:
            if open_step is None:
                raise ValueError(f"line {number}: {word!r} is nothing a journey knows")
            open_step = Step(open_step.line_number, open_step.word, f"{open_step.rest}\n{line}")
            continue
        if open_step:
            yield open_step
        step = Step(number, "", line) if is_comment else Step(number, word, rest)
        open_step = None if is_comment or word in _ONE_LINE_WORDS else step
        if open_step is None:
            yield step
    if open_step:
        yield open_step


def matches(expected: str, actual: str) -> bool:
    """Whether the texts are equal; `...` in `expected` stands for any text."""
    parts = expected.split(ANY_TEXT)
    return re.fullmatch(".*".join(map(re.escape, parts)), actual, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class PaymentStep:
    """`Amina KES 500 for M1001: pin 1234`: payer, amount, account, and the outcome."""

    payer: str
    amount: str
    account: str
    outcome: str


_PROMPT = re.compile(r"(.+?) [A-Z]{3} ([0-9.]+) for (.+): (cancel|pin [0-9]+)")
_PAYBILL = re.compile(r"(.+?) [A-Z]{3} ([0-9.]+) to (.+): (\S+)")
_TOKEN = re.compile(r"(?:Tokeni?|Jeton) ([*#\d ]*\d#?)")


def parse_prompt(rest: str) -> PaymentStep:
    """The text after `prompt`; the outcome is the answer. Raises ValueError."""
    match = _PROMPT.fullmatch(rest)
    if not match:
        raise ValueError(f"a prompt reads `NAME KES AMOUNT for ACCOUNT: pin 1234`, not {rest!r}")
    return PaymentStep(*match.groups())


def parse_paybill(rest: str) -> PaymentStep:
    """The text after `paybill`; the outcome is the code that the phone shows. Raises ValueError."""
    match = _PAYBILL.fullmatch(rest)
    if not match:
        raise ValueError(f"paybill reads `NAME KES AMOUNT to ACCOUNT: CODE`, not {rest!r}")
    return PaymentStep(*match.groups())


def find_token(text: str) -> str | None:
    """The device token in an SMS, as `type` types it."""
    match = _TOKEN.search(text)
    return match and match[1]
