"""SMS waiting to be sent, and reminders that are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

SmsState = Literal["waiting", "sending", "sent", "delivered", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class WaitingSms:
    """A text claimed for sending; `attempts` counts this one."""

    id: int
    msisdn: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class AtAStep:
    """What of a customer's is at `step` (days after the due day) today.

    `late_minor` is all that was due before today, with the oldest day; None when nothing was.
    """

    customer_id: int
    language: str
    msisdn: str
    due_on: date
    step: int
    open_minor: int
    late_minor: int | None
    late_since: date | None
