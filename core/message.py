"""SMS on their way to a phone, and reminders that are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

SmsState = Literal["waiting", "sending", "sent", "delivered", "failed", "unknown"]
# What a delivery report means. `hopeless`: sending it again cannot help.
DeliveryOutcome = Literal["delivered", "failed", "hopeless"]


@dataclass(frozen=True, slots=True)
class WaitingSms:
    """A text claimed for sending; `attempts` counts this one."""

    id: int
    msisdn: str
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class SentSms:
    """What the provider answered when it took an SMS: its id, its status, and the price as text."""

    message_id: str
    status: str
    cost: str | None


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a provider reports about an SMS it took. `status` and `reason` are its own words;
    `outcome` is None where the report is not final."""

    message_id: str
    status: str
    reason: str | None
    outcome: DeliveryOutcome | None


@dataclass(frozen=True, slots=True)
class AtAStep:
    """What of a customer's is at `step` (days after the due day) today.

    `late_minor` is all that was due before today, with the oldest day; None when nothing was.
    `older_minor` fell due before this, `clawback_minor` is owed for money that was taken back: both
    are paid first. `credit_minor` is the customer's.
    """

    customer_id: int
    language: str
    msisdn: str
    due_on: date
    step: int
    open_minor: int
    late_minor: int | None
    late_since: date | None
    older_minor: int
    clawback_minor: int
    credit_minor: int
