"""A journey read line by line and played on a handset; the first step that is not met ends it.

Besides the language of journeys it takes what a thumb types: a service code is dialled, and after
something typed a bare line answers the screen. `hang up` cuts the call off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from simulator.terminal.gateway_client import StepFailed
from simulator.terminal.handset import Handset
from simulator.terminal.journey import ACTS, Line, read_lines, read_paybill, read_prompt
from simulator.terminal.transcript import Transcript

_HANG_UP = "hang"


def play_journey(raw_lines: Iterable[str], handset: Handset, transcript: Transcript) -> None:
    """Play it to its end. Raises StepFailed naming the line."""
    acts = _acts(handset)
    for line in read_lines(_thumbed(raw_lines), (*ACTS, _HANG_UP)):
        if not line.word:
            transcript.remark(line.rest)
            continue
        try:
            _play(line, handset, acts)
        except (StepFailed, ValueError) as error:
            raise StepFailed(f"line {line.number}: {error}") from error


def _thumbed(raw_lines: Iterable[str]) -> Iterator[str]:
    """Bare codes and answers as the journey would write them."""
    typed_before = False
    for raw in raw_lines:
        written = raw.rstrip("\r\n")
        if written.startswith("*") and written.endswith("#"):
            written, typed_before = f"dial {written}", True
        elif typed_before and written and _is_bare(written):
            written = f"> {written}"
        else:
            typed_before = written.startswith(("dial ", ">"))
        yield written


def _is_bare(written: str) -> bool:
    word = written.partition(" ")[0]
    return word not in ("phone", "dial", ">", "CON", "END", "#", _HANG_UP, *ACTS)


def _play(line: Line, handset: Handset, acts: Mapping[str, Callable[[str], object]]) -> None:
    match line.word:
        case "phone":
            handset.pick_up(line.rest)
        case "dial":
            handset.dial(line.rest)
        case ">":
            handset.answer(line.rest)
        case "CON" | "END":
            handset.expect(f"{line.word} {line.rest}")
        case "hang":
            handset.hang_up()
        case act:
            acts[act](line.rest)


def _acts(handset: Handset) -> dict[str, Callable[[str], object]]:
    """What the verbs of a journey do on a handset. What is not said is not checked."""

    def prompt(rest: str) -> None:
        wanted = read_prompt(rest)
        handset.settle(wanted.who, wanted.outcome, wanted)

    def paybill(rest: str) -> None:
        wanted = read_paybill(rest)
        handset.pay(wanted.who, wanted.account, wanted.amount, wanted.outcome)

    def sms(rest: str) -> None:
        who, _, wanted = rest.partition(": ")
        handset.read_text(who, wanted or "...")

    def text(rest: str) -> None:
        who, _, body = rest.partition(": ")
        handset.send_text(who, body)

    def type_(rest: str) -> None:
        serial, _, wanted = rest.partition(": ")
        handset.type_code(serial, wanted)

    def device(rest: str) -> None:
        serial, _, wanted = rest.partition(": ")
        handset.look_at(serial, wanted)

    return {
        "prompt": prompt,
        "paybill": paybill,
        "sms": sms,
        "silence": handset.hear_nothing,
        "text": text,
        "type": type_,
        "device": device,
    }
