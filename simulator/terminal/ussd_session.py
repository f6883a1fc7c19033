"""One USSD session, run as Africa's Talking runs it: the id, the cumulative text, the end event."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from time import monotonic

from simulator.terminal.gateway_client import Form, GatewayClient, Network, StepFailed, Turn

SUCCESS, INCOMPLETE, FAILED = "Success", "Incomplete", "Failed"


class UssdSession:
    """A session that was dialled. It is over once it was answered with END, or hung up."""

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
        self._hops: list[str] = []
        self._count = 0
        self._last = ""
        self._began = monotonic()
        self.is_over = False

    def start(self, typed: str) -> str:
        """The first screen; `typed` is what a long dial carries after the service code."""
        self._text = typed
        return self._turn()

    def answer(self, typed: str) -> str:
        """The screen after one more answer, with its `CON ` or `END `. Raises StepFailed."""
        self._text = f"{self._text}*{typed}" if self._text else typed
        return self._turn()

    def hang_up(self) -> None:
        """Cut off while an answer was awaited."""
        if not self.is_over:
            self._end(INCOMPLETE)

    def _turn(self) -> str:
        turn = self._gateway.turn(self._network.ussd_url, self._fields | {"text": self._text})
        self._count += 1
        self._last = turn.body
        self._hops += [turn.hop] if turn.hop else []
        if not turn.is_ussd:
            self._fail(turn)
        if turn.body.startswith("END "):
            self._end(SUCCESS)
        return turn.body

    def _fail(self, turn: Turn) -> None:
        said = f"HTTP {turn.status}: {turn.body[:80]!r}"
        self._end(FAILED, said)
        raise StepFailed(f"that is no USSD answer: {said}")

    def _end(self, status: str, error: str = "") -> None:
        self.is_over = True
        event: Form = self._fields | {
            "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
            "status": status,
            "cost": f"{self._network.currency} 0.0000",
            "durationInMillis": str(round((monotonic() - self._began) * 1000)),
            "hopsCount": str(self._count),
            "hopsMetadata": "|".join(self._hops),
            "input": self._text,
            "lastAppResponse": self._last,
        }
        self._gateway.ended(
            self._network.events_url, event | ({"errorMessage": error} if error else {})
        )
