"""Keeps a set of child processes running until somebody says stop.

A child that ends is started again: workers leave when Redis does, and anything may be killed. It
runs in the main thread, without threads of its own, and does nothing else: what the children are is
its caller's business.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from operations.embedded.processes import Process

LOOK_EVERY_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
SETTLED_SECONDS = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class _Watch:
    """One process and its restarts. `due_at` is on the monotonic clock; None while it runs."""

    process: Process
    pause_seconds: float = FIRST_PAUSE_SECONDS
    due_at: float | None = None

    def look(self) -> None:
        if self.process.running:
            return
        if self.due_at is None:
            self.due_at = time.monotonic() + self._next_pause()
        elif time.monotonic() >= self.due_at:
            self.due_at = None
            self.process.start()

    def _next_pause(self) -> float:
        """Short after a long life, doubling after each short one."""
        pause = FIRST_PAUSE_SECONDS if self._settled() else self.pause_seconds
        self.pause_seconds = min(2 * pause, LONGEST_PAUSE_SECONDS)
        code = self.process.end_group()
        print(f"{self.process.name} ended ({code}), starting it again", file=sys.stderr, flush=True)
        return pause

    def _settled(self) -> bool:
        return time.monotonic() - self.process.started_at > SETTLED_SECONDS


def supervise(processes: Sequence[Process], *, on_start: Callable[[], None] = lambda: None) -> int:
    """Keep all running until SIGINT, SIGTERM or SIGHUP, then stop them, last one first.

    Those already started are taken over. `on_start` is called once, when all have been started. The
    result is an exit code: 0 when all went by themselves, 1 when one had to be killed. Further
    signals change nothing: every process has its grace time and no more. Raises what
    `Process.start` raises, after stopping the rest.
    """
    stopping = threading.Event()
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in STOP_SIGNALS}
    try:
        for process in processes:
            if process.child is None:
                process.start()
        on_start()
        watches = [_Watch(process) for process in processes]
        while not stopping.wait(LOOK_EVERY_SECONDS):
            for watch in watches:
                watch.look()
    finally:
        went = [process.stop() for process in reversed(processes)]
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if all(went) else 1
