"""A USSD session as Africa's Talking runs it: id, cumulative text, end-of-session event."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from time import monotonic

from simulator.terminal.gateway_client import Form, GatewayClient, Network, StepFailed, UssdReply

_SUCCESS, _INCOMPLETE, _FAILED = "Success", "Incomplete", "Failed"


class UssdSession:
    """A session that was dialled. It is over after an END screen or when the caller hangs up."""

    def __init__(self, gateway: GatewayClient, network: Network, msisdn: str) -> None:
        self._gateway = gateway
        self._network = network
        self._fields = {
            "sessionId": f"ATUid_{secrets.token_hex(16)}",
            "phoneNumber": msisdn,
            "networkCode": network.network_code,
            "serviceCode": network.service_code,
        }
        self._text = ""
        self._hop_metadata: list[str] = []
        self._hop_count = 0
        self._last_reply = ""
        self._started_at = monotonic()
        self.is_over = False

    def start(self, text: str) -> str:
        """The first screen. `text` holds the answers that were dialled after the service code."""
        self._text = text
        return self._next_screen()

    def answer(self, text: str) -> str:
        """The next screen, with its `CON ` or `END `. Raises StepFailed for an invalid reply."""
        self._text = f"{self._text}*{text}" if self._text else text
        return self._next_screen()

    def hang_up(self) -> None:
        """End the session while the gateway waits for an answer."""
        if not self.is_over:
            self._end_session(_INCOMPLETE)

    def _next_screen(self) -> str:
        form = self._fields | {"text": self._text}
        reply = self._gateway.post_ussd(self._network.ussd_url, form)
        self._hop_count += 1
        self._last_reply = reply.body
        self._hop_metadata += [reply.hop] if reply.hop else []
        if not reply.is_screen:
            self._fail_session(reply)
        if reply.body.startswith("END "):
            self._end_session(_SUCCESS)
        return reply.body

    def _fail_session(self, reply: UssdReply) -> None:
        error = f"HTTP {reply.status}: {reply.body[:80]!r}"
        self._end_session(_FAILED, error)
        raise StepFailed(f"that is no USSD answer: {error}")

    def _end_session(self, status: str, error: str = "") -> None:
        self.is_over = True
        event: Form = self._fields | {
            "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
            "status": status,
            "cost": f"{self._network.currency} 0.0000",
            "durationInMillis": str(round((monotonic() - self._started_at) * 1000)),
            "hopsCount": str(self._hop_count),
            "hopsMetadata": "|".join(self._hop_metadata),
            "input": self._text,
            "lastAppResponse": self._last_reply,
        }
        if error:
            event["errorMessage"] = error
        self._gateway.post_event(self._network.events_url, event)
