"""The gateway that journeys talk to, and the parts around it that their verbs act on."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from core.unit import OpenUnit
from gateway.limits import SerialGuesses
from simulator.runtime import SimulatorRuntime
from tests.support.journeys import JourneySetup, Stop
from tests.support.standins import StandIns
from workers import jobs, vends


@dataclass
class RunningGateway:
    """What the verbs of a journey act on. `url` is where the gateway and the phones are served."""

    url: str
    providers: StandIns
    open_unit: OpenUnit
    database: Stop
    guesses: SerialGuesses
    people: Mapping[str, str]
    setup: Callable[[str], JourneySetup] = field(init=False)
    read: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sent: Iterator[int] = field(default_factory=count)
    code: str = ""

    @property
    def simulation(self) -> SimulatorRuntime:
        return self.providers.runtime

    def number(self, person: str) -> str:
        return self.people.get(person, person)

    def work(self, stopped: bool) -> None:
        """Let callbacks arrive and run the workers' jobs; `stopped` ends each job once before."""
        self.providers.settled()
        for job in (jobs.prompt_payers, jobs.apply_payments, vends.ask_vendors, jobs.send_sms):
            if stopped:
                with self.database.here():
                    job()
            job()

    def unread(self, name: str, texts: list[str]) -> list[str]:
        """The SMS of a phone that the journey has not read yet."""
        left = list(texts)
        for read in self.read[name]:
            left.remove(read)
        return left

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let the workers run by themselves, as they do in `make run`."""
        over = threading.Event()

        def until_over() -> None:
            while not over.wait(0.05):
                self.work(stopped=False)

        thread = threading.Thread(target=until_over)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
