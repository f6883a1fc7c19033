"""What a callback means next to what is kept: the same again, a dial, the next answer, or neither.

Some aggregators tell the whole history of a session each time, others the last input only. Both
become the same four cases here. Whoever tells the last input only may number the turns; where they
do not, the same input again is a repeat for two seconds, faster than anybody reads and answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from gateway.ussd.request import Told, UssdRequest
from gateway.ussd.sessions import Kept, same_text

_REPEATS_WITHIN = timedelta(seconds=2)


class Sense(Enum):
    """The four cases. LOST: an answer to a question that is not known here."""

    REPEAT = "repeat"
    START = "start"
    NEXT = "next"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`text` is the history with this callback in it (of a START: what came with the dial), `typed`
    what is new in it."""

    sense: Sense
    text: str = ""
    typed: str = ""


def meaning(request: UssdRequest, kept: Kept | None, now: datetime) -> Meaning:
    """What this callback means at this instant."""
    if request.told is Told.HISTORY:
        return _of_history(request.text, kept)
    return _of_input(request, kept, now)


def _of_history(text: str, kept: Kept | None) -> Meaning:
    if kept is None:
        return Meaning(Sense.START, text)
    if kept.repeats(text):
        return Meaning(Sense.REPEAT)
    typed = None if kept.reply.ends else kept.follows(text)
    if typed is not None:
        return Meaning(Sense.NEXT, text, typed)
    return Meaning(Sense.LOST if text else Sense.START, text)


def _of_input(request: UssdRequest, kept: Kept | None, now: datetime) -> Meaning:
    known = kept is not None and not kept.reply.ends
    dials = request.told is Told.DIALLED or (request.told is Told.UNMARKED and not known)
    if kept and _again(request, kept, now, dials=dials):
        return Meaning(Sense.REPEAT)
    if dials:
        return Meaning(Sense.START, request.text)
    if kept is None or kept.reply.ends:
        return Meaning(Sense.LOST)
    text = f"{kept.text}*{request.text}" if kept.text else request.text
    return Meaning(Sense.NEXT, text, request.text)


def _again(request: UssdRequest, kept: Kept, now: datetime, *, dials: bool) -> bool:
    """Whether this callback, or one after it, is the one that was answered last."""
    same = same_text(kept.last, request.text)
    if request.turn is None or kept.turn is None:
        return same and now - kept.at <= _REPEATS_WITHIN
    if request.turn == kept.turn:
        return same
    return request.turn < kept.turn and not (dials and kept.reply.ends)
