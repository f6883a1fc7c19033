"""Agents who collect cash from the USSD menu while processes die under their calls.

An agent whose call breaks off, or who reads that an answer takes longer, dials again and chooses
"1 Continue". Two people share one phone: each starts over, as the call that broke off may have been
the other's. Whatever happens, every collection that an agent set out to make is booked once.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import count, takewhile

import requests

from gateway.endpoints import Endpoint, read_address
from torture.dataset import AGENT_PIN, SHARED_PHONE, agent_msisdn, serial_of
from torture.deployment import Deployment
from torture.workload import Workload

_SERVICE_CODE = "*384*96#"
_PAUSE_SECONDS = 0.2
_PATIENCE_S = 300  # longer than a killed server takes to come back on a busy machine
_ids = count(1)


@dataclass
class Call:
    """One USSD session: `text` is the cumulative history that the aggregator keeps."""

    url: str
    msisdn: str
    ussd_session: str = field(default_factory=lambda: f"ATUid_torture_{next(_ids):06}")
    text: str = ""

    def answer(self, typed: str) -> str:
        """One more input; returns the screen, "" where the call breaks off."""
        self.text = f"{self.text}*{typed}" if self.text else typed
        return self.send()

    def send(self) -> str:
        """The callback as it now stands; returns the screen, "" where the call breaks off."""
        form = {
            "sessionId": self.ussd_session,
            "serviceCode": _SERVICE_CODE,
            "phoneNumber": self.msisdn,
            "networkCode": "63902",
            "text": self.text,
        }
        try:
            reply = requests.post(self.url, form, timeout=10)
        except (requests.RequestException, OSError):
            return ""
        return reply.text if reply.ok else ""


class Agents:
    """Threads of agents, each with a share of the collections. `events` counts what happened.

    `booked` has (number of the agent's phone, amount in minor units) of each collection whose agent
    was shown that it is booked; the amounts of a phone are all different. `refused` has those that
    ended with a refusal: an earlier dial may have booked them, so that nothing is left to pay.
    """

    def __init__(self, deployment: Deployment, workload: Workload) -> None:
        self.events: Counter[str] = Counter()
        self.booked: set[tuple[str, int]] = set()
        self.refused: set[tuple[str, int]] = set()
        self._workload = workload
        settings = deployment.settings
        self._url = read_address(settings, Endpoint("ussd", "africastalking"))
        self._lock = threading.Lock()
        self._shared_phone = threading.Lock()
        people = [agent_msisdn(number) for number in range(workload.agents)] + [SHARED_PHONE] * 2
        self._threads = [
            threading.Thread(target=self._work, args=(number, msisdn))
            for number, msisdn in enumerate(people)
        ]

    def start(self) -> None:
        """Start collecting."""
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Wait until every agent has made his collections."""
        for thread in self._threads:
            thread.join()

    def _work(self, number: int, msisdn: str) -> None:
        rng = random.Random(f"{self._workload.seed}/agent/{number}")
        for turn in range(self._workload.collections):
            serial = serial_of(rng.randrange(self._workload.customers))
            amount = 20 + len(self._threads) * turn + number  # shillings; no other has it
            outcome = self._collect(msisdn, serial, amount)
            with self._lock:
                self.events[f"collection by USSD: {outcome}"] += 1
                if outcome in ("booked", "refused"):
                    ended = self.booked if outcome == "booked" else self.refused
                    ended.add((msisdn, amount * 100))

    def _collect(self, msisdn: str, serial: str, amount: int) -> str:
        """Dial until the collection is booked or refused; returns which."""
        goes_on = msisdn != SHARED_PHONE
        seen: Counter[str] = Counter()
        gives_up_at = time.monotonic() + _PATIENCE_S
        for dial in takewhile(lambda _: time.monotonic() < gives_up_at, count()):
            call = Call(self._url, msisdn, text="" if dial else f"3*{serial}*{amount}")
            with nullcontext() if goes_on else self._shared_phone:  # one of the two has it
                outcome = _converse(call, serial, amount, seen, goes_on=goes_on)
            if outcome is not None:
                return outcome
            self._count_redial()
            time.sleep(_PAUSE_SECONDS)
        return f"given up, having read {seen.most_common(5)}"

    def _count_redial(self) -> None:
        with self._lock:
            self.events["agent dialled again"] += 1


def _converse(
    call: Call, serial: str, amount: int, seen: Counter[str], *, goes_on: bool
) -> str | None:
    """Answer every screen; returns "booked", "refused", or None where the call breaks off. Counts
    the screens in `seen`."""
    screen = call.send()
    for _ in range(12):
        seen[screen[:40]] += 1
        if "Booked" in screen or "Is this a second payment" in screen:
            return "booked"
        if "Your last call was cut off" in screen:
            typed = "1" if goes_on else "2"
        elif "Your PIN" in screen:
            typed = AGENT_PIN
        elif "1 Confirm" in screen:
            typed = "1"
        elif screen.startswith("CON Agent"):
            typed = "3"
        elif "Serial number on the device" in screen:
            typed = serial
        elif "How much cash" in screen:
            typed = str(amount)
        elif not screen or screen.startswith("END "):
            return None
        else:
            return "refused"
        screen = call.answer(typed)
    return None
