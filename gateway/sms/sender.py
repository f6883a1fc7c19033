"""What an adapter of an SMS provider must do."""

from __future__ import annotations

from typing import Protocol

from core.message import SentSms


class SmsSender(Protocol):
    """One provider account. May be shared by threads."""

    @property
    def provider(self) -> str:
        """The provider's name, as its failures have it."""

    def send(self, msisdn: str, body: str) -> SentSms:
        """Send one SMS to one E.164 number.

        Raises Temporary (not sent, try again), Unavailable (nor would any other be), Permanent (it
        can never be sent), OutcomeUnknown.
        """
        ...
