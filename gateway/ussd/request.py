"""One USSD callback and our answer to it, in a form that is the same for every aggregator."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gateway.network_limits import SMALLEST_SCREEN


class TextMode(Enum):
    """What the text of a callback holds."""

    CUMULATIVE = "everything typed in this session so far, joined by *; empty after dialling"
    DIALLED = "the string that was dialled, which opens a session"
    TYPED = "the last input of a session"
    AMBIGUOUS = "what was dialled where the session is unknown, else the last input"


@dataclass(frozen=True, slots=True)
class UssdRequest:
    """One callback. `text` holds what `text_mode` says; it may hold a PIN, so it is never printed.

    `sequence` is the number of this input in the session where the aggregator counts, else None.
    `budget` is how many septets the page may have, `echo` a value that the answer must return: two
    turns with different ones are not the same turn again.
    """

    aggregator: str
    ussd_session: str
    msisdn: str
    service_code: str
    network: str
    text: str
    text_mode: TextMode = TextMode.CUMULATIVE
    sequence: int | None = None
    budget: int = SMALLEST_SCREEN
    echo: str = ""

    @property
    def name(self) -> str:
        """The name of the session: two callers with one session id have two sessions. It holds a
        phone number: `SessionStore.key` makes of it what may be stored."""
        return session_name(self.aggregator, self.ussd_session, self.msisdn)

    def __repr__(self) -> str:
        return f"UssdRequest({self.aggregator} {self.ussd_session})"


@dataclass(frozen=True, slots=True)
class UssdReply:
    """What the phone shows, whether the conversation ends, and the id of the screen."""

    text: str
    ends: bool
    screen: str


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """The session of this name has ended. `status` is the aggregator's word for how, `screen` the
    last screen by its own records, empty where it keeps none."""

    name: str
    status: str
    screen: str = ""


def session_name(aggregator: str, ussd_session: str, msisdn: str) -> str:
    """The name of a session: the aggregator's session id together with the caller's number."""
    return f"{aggregator}:{ussd_session}:{msisdn}"
