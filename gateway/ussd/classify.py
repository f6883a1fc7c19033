"""Classify a callback: the last one again, a dial, the next answer, or none of these.

Some aggregators send the whole text of a session each time, others only the last input. Both become
the same four kinds here. An aggregator that sends only the last input may number its callbacks;
where it does not, the same input within two seconds is a repeat, since no caller answers faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from gateway.ussd.request import TextMode, UssdRequest
from gateway.ussd.sessions import StoredSession, same_text

_REPEATS_WITHIN = timedelta(seconds=2)


class CallbackKind(Enum):
    """What a callback is. LOST: the answer to a question that is not known here."""

    REPEAT = "repeat"
    START = "start"
    NEXT = "next"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Classified:
    """`text` is the cumulative text with this callback in it; for START the dialled answers.
    `typed` is the new answer of NEXT."""

    kind: CallbackKind
    text: str = ""
    typed: str = ""


def classify(request: UssdRequest, stored: StoredSession | None, now: datetime) -> Classified:
    """What this callback is, given the session that is stored and the present instant."""
    if request.text_mode is TextMode.CUMULATIVE:
        return _classify_cumulative(request.text, stored)
    return _classify_input(request, stored, now)


def _classify_cumulative(text: str, stored: StoredSession | None) -> Classified:
    if stored is None:
        return Classified(CallbackKind.START, text)
    if stored.repeats(text):
        return Classified(CallbackKind.REPEAT)
    typed = None if stored.reply.ends else stored.answer_after(text)
    if typed is not None:
        return Classified(CallbackKind.NEXT, text, typed)
    return Classified(CallbackKind.LOST if text else CallbackKind.START, text)


def _classify_input(
    request: UssdRequest, stored: StoredSession | None, now: datetime
) -> Classified:
    is_open = stored is not None and not stored.reply.ends
    is_dial = request.text_mode is TextMode.DIALLED or (
        request.text_mode is TextMode.AMBIGUOUS and not is_open
    )
    if stored and _is_repeat(request, stored, now, is_dial=is_dial):
        return Classified(CallbackKind.REPEAT)
    if is_dial:
        return Classified(CallbackKind.START, request.text)
    if stored is None or stored.reply.ends:
        return Classified(CallbackKind.LOST)
    text = f"{stored.text}*{request.text}" if stored.text else request.text
    return Classified(CallbackKind.NEXT, text, request.text)


def _is_repeat(
    request: UssdRequest, stored: StoredSession, now: datetime, *, is_dial: bool
) -> bool:
    """Whether this callback, or a later one, was answered already."""
    same = same_text(stored.last_input, request.text) and request.echo == stored.echo
    if request.sequence is None or stored.sequence is None:
        return same and now - stored.answered_at <= _REPEATS_WITHIN
    if request.sequence == stored.sequence:
        return same
    return request.sequence < stored.sequence and not (is_dial and stored.reply.ends)
