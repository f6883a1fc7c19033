"""Plays a journey on a handset, line by line. The first step that fails ends it.

Besides the language of journeys it accepts what a person types on a phone: a bare service code is
dialled, and after it a bare line answers the screen. `hang up` ends the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from simulator.terminal.gateway_client import StepFailed
from simulator.terminal.handset import Handset
from simulator.terminal.journey import (
    USSD_WORDS,
    VERBS,
    Step,
    parse_paybill,
    parse_prompt,
    read_steps,
)
from simulator.terminal.transcript import Transcript

_HANG_UP = "hang"
Actions = Mapping[str, Callable[[str], object]]


def play_journey(lines: Iterable[str], handset: Handset, transcript: Transcript) -> None:
    """Play all lines. Raises StepFailed, which names the line."""
    actions = _handset_actions(handset)
    for step in read_steps(_with_words(lines), (*VERBS, _HANG_UP)):
        if not step.word:
            transcript.comment(step.rest)
            continue
        try:
            _play_step(step, handset, actions)
        except (StepFailed, ValueError) as error:
            raise StepFailed(f"line {step.line_number}: {error}") from error


def _with_words(lines: Iterable[str]) -> Iterator[str]:
    """The lines, where `dial` precedes a bare service code and `>` a bare answer."""
    after_input = False
    for raw_line in lines:
        line = raw_line.rstrip("\r\n")
        if line.startswith("*") and line.endswith("#"):
            line, after_input = f"dial {line}", True
        elif after_input and line and _is_bare(line):
            line = f"> {line}"
        else:
            after_input = line.startswith(("dial ", ">"))
        yield line


def _is_bare(line: str) -> bool:
    return line.partition(" ")[0] not in (*USSD_WORDS, "#", _HANG_UP, *VERBS)


def _play_step(step: Step, handset: Handset, actions: Actions) -> None:
    match step.word:
        case "phone":
            handset.select_phone(step.rest)
        case "dial":
            handset.dial(step.rest)
        case ">":
            handset.answer(step.rest)
        case "CON" | "END":
            handset.expect_screen(f"{step.word} {step.rest}")
        case "hang":
            handset.hang_up()
        case verb:
            actions[verb](step.rest)


def _handset_actions(handset: Handset) -> Actions:
    """What the verbs of a journey do on a handset. An outcome that is left out is not checked."""

    def prompt(rest: str) -> None:
        step = parse_prompt(rest)
        handset.answer_prompt(step.payer, step.outcome, step)

    def paybill(rest: str) -> None:
        step = parse_paybill(rest)
        handset.pay(step.payer, step.account, step.amount, step.outcome)

    def sms(rest: str) -> None:
        name, _, expected = rest.partition(": ")
        handset.read_sms(name, expected or "...")

    def text(rest: str) -> None:
        name, _, body = rest.partition(": ")
        handset.send_sms(name, body)

    def type_token(rest: str) -> None:
        serial, _, expected = rest.partition(": ")
        handset.type_token(serial, expected)

    def device(rest: str) -> None:
        serial, _, expected = rest.partition(": ")
        handset.read_device(serial, expected)

    return {
        "prompt": prompt,
        "paybill": paybill,
        "sms": sms,
        "silence": handset.expect_no_sms,
        "text": text,
        "type": type_token,
        "device": device,
    }
