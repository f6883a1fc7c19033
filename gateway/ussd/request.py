"""One USSD callback and our answer to it, whoever the aggregator is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UssdRequest:
    """`text` is everything typed in this session so far, joined by `*`; "" right after dialling.

    It may hold a PIN, so it is never printed.
    """

    aggregator: str
    ussd_session: str
    msisdn: str
    service_code: str
    network: str
    text: str

    @property
    def key(self) -> str:
        """Names the session for good: two callers with one id have two sessions."""
        return f"{self.aggregator}:{self.ussd_session}:{self.msisdn}"

    def __repr__(self) -> str:
        return f"UssdRequest({self.aggregator} {self.ussd_session})"


@dataclass(frozen=True, slots=True)
class UssdReply:
    """What the phone shows, whether the conversation ends, and the id of the screen."""

    text: str
    ends: bool
    screen: str
