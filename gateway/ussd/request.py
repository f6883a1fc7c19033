"""One USSD callback and our answer to it, whoever the aggregator is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gateway.networks import SMALLEST_SCREEN


class Told(Enum):
    """What the text of a callback is."""

    HISTORY = "everything typed in this session so far, joined by *; empty right after dialling"
    DIALLED = "the string that was dialled, which opens a session"
    TYPED = "the last input of a session"
    UNMARKED = "what was dialled where the session is unknown, else the last input"


@dataclass(frozen=True, slots=True)
class UssdRequest:
    """`text` is what `told` says. It may hold a PIN, so it is never printed.

    `turn` is the place of this input in the session where the aggregator counts, else None. `room`
    is how many septets the page may have, `echo` what the aggregator wants handed back.
    """

    aggregator: str
    ussd_session: str
    msisdn: str
    service_code: str
    network: str
    text: str
    told: Told = Told.HISTORY
    turn: int | None = None
    room: int = SMALLEST_SCREEN
    echo: str = ""

    @property
    def key(self) -> str:
        """Names the session: two callers with one id have two sessions."""
        return session_key(self.aggregator, self.ussd_session, self.msisdn)

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
    """The session of this key has ended: `status` is the aggregator's word for how; `screen` is the
    last one by its own records, where it keeps them."""

    key: str
    status: str
    screen: str = ""


def session_key(aggregator: str, ussd_session: str, msisdn: str) -> str:
    """What names a session with us: their id, together with whose it is."""
    return f"{aggregator}:{ussd_session}:{msisdn}"
