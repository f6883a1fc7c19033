"""Keeping a set of child processes running until a signal stops them.

A child that ends is started again: workers end when Redis does, and any process may be killed.
Supervision runs in the main thread and has no thread of its own.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from operations.embedded.processes import Process

CHECK_EVERY_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
LONG_RUN_SECONDS = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class _Supervised:
    """One process and its next restart. `due_at` is on the monotonic clock; None while it runs."""

    process: Process
    pause_seconds: float = FIRST_PAUSE_SECONDS
    due_at: float | None = None

    def check(self) -> None:
        """Start the process again, where it has ended and its pause is over."""
        if self.process.running:
            return
        if self.due_at is None:
            self.due_at = time.monotonic() + self._next_pause()
        elif time.monotonic() >= self.due_at:
            self.due_at = None
            self.process.start()

    def _next_pause(self) -> float:
        """Report the end, and return the pause before the restart in seconds: it doubles after each
        short run, and is short again after a long one."""
        pause = FIRST_PAUSE_SECONDS if self._ran_long() else self.pause_seconds
        self.pause_seconds = min(2 * pause, LONGEST_PAUSE_SECONDS)
        code = self.process.end_group()
        print(f"{self.process.name} ended ({code}), starting it again", file=sys.stderr, flush=True)
        return pause

    def _ran_long(self) -> bool:
        return time.monotonic() - self.process.started_at > LONG_RUN_SECONDS


def supervise(
    processes: Sequence[Process],
    *,
    services: Sequence[Process] = (),
    announce: Callable[[], bool] = lambda: True,
) -> int:
    """Keep `services` and the processes that use them running until SIGINT, SIGTERM or SIGHUP, then
    stop all processes at once, and after them the services.

    What runs already is taken over. `announce` says that all are up: once all have been started, it
    is called with every check until it returns True.
    Returns an exit code: 0 where all stopped in time, 1 where one had to be killed. A second signal
    changes nothing. Raises what `Process.start` raises, after stopping the others.
    """
    everything = [*services, *processes]
    stopping = threading.Event()
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in STOP_SIGNALS}
    try:
        for process in everything:
            if process.child is None:
                process.start()
        is_announced = announce()
        supervised = [_Supervised(process) for process in everything]
        while not stopping.wait(CHECK_EVERY_SECONDS):
            for process_state in supervised:
                process_state.check()
            is_announced = is_announced or announce()
    finally:
        stopped_in_time = [*_stop(processes), *_stop(services)]
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if all(stopped_in_time) else 1


def _stop(processes: Sequence[Process]) -> list[bool]:
    """Stop them all at once, and return which of them stopped in time."""
    for process in processes:
        process.ask_to_stop()
    return [process.stop() for process in processes]
