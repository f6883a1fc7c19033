"""Child processes that never outlive the set-up they belong to.

A `Process` is one child in a process group of its own. On Linux the kernel ends it with the thread
that started it, so it has to be started by a thread that stays. What is left of an earlier run is
stopped before the child starts again.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT
CHECK_EVERY_SECONDS = 0.1


class AlreadyRunning(Exception):
    """The lock of the process is held by an earlier run that does not stop."""


@dataclass
class Process:
    """One child: how to start and stop it and, once it is started, its state.

    `run_as` is (uid, gid). `output` is a file to append to; None shares the output of this process.
    The `lock` file is locked by the child and by all that it forks: while it is locked, something
    of the child still runs. `stale` are files that a crash leaves behind; they are removed once the
    lock is free.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    run_as: tuple[int, int] | None = None
    output: Path | None = None
    lock: Path | None = None
    stale: Sequence[Path] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 15.0
    child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    is_asked_to_stop: bool = field(default=False, init=False)

    @property
    def running(self) -> bool:
        """Whether the child runs now."""
        return self.child is not None and self.child.poll() is None

    def start(self) -> None:
        """Start the child. Raises AlreadyRunning where an earlier run does not stop, OSError where
        the program cannot be started."""
        lock = _take_lock(self) if self.lock else None
        for path in self.stale:
            path.unlink(missing_ok=True)
        output = os.open(self.output, APPEND, 0o600) if self.output else None
        uid, gid = self.run_as or (None, None)
        try:
            self.child = subprocess.Popen(
                [*_tied_to_this_thread(self.stop_signal), *self.argv],
                env=self.env,
                cwd=self.cwd,
                user=uid,
                group=gid,
                extra_groups=[] if self.run_as else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[lock] if lock is not None else [],
                start_new_session=True,
            )
            self.started_at, self.is_asked_to_stop = time.monotonic(), False
            if lock is not None:
                os.pwrite(lock, f"{self.child.pid:<20}\n".encode(), 0)
        finally:
            if lock is not None:
                os.close(lock)
            if output is not None:
                os.close(output)

    def ask_to_stop(self) -> None:
        """Send the stop signal once: a worker would take a second one for an order to drop its
        job."""
        if self.child is not None and self.running and not self.is_asked_to_stop:
            self.child.send_signal(self.stop_signal)
            self.is_asked_to_stop = True

    def stop(self) -> bool:
        """Stop the child, and kill its group after the grace time. Returns whether it stopped in
        time."""
        if self.child is None:
            return True
        self.ask_to_stop()
        try:
            self.child.wait(self.grace_seconds)
        except subprocess.TimeoutExpired:
            return False
        finally:
            self.end_group()
        return True

    def end_group(self) -> int:
        """Kill what is left of its group, such as the workers of a dead web server.

        Returns the exit code of the child.
        """
        if self.child is None:
            return 0
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.child.pid, signal.SIGKILL)
        return self.child.wait()


def _tied_to_this_thread(with_signal: signal.Signals) -> list[str]:
    """A command prefix: the kernel then ends the child with the thread that starts it (Linux)."""
    setpriv = _setpriv()
    return [setpriv, f"--pdeathsig={with_signal.name.removeprefix('SIG')}"] if setpriv else []


@cache
def _setpriv() -> str | None:
    """The path of setpriv (util-linux), where it is new enough to set death signals."""
    found = shutil.which("setpriv")
    if (
        found
        and subprocess.call([found, "--pdeathsig=TERM", "true"], stderr=subprocess.DEVNULL) == 0
    ):
        return found
    return None


def _take_lock(process: Process) -> int:
    """Return the locked file, after stopping what holds it from an earlier run. Raises
    AlreadyRunning."""
    assert process.lock is not None
    lock = os.open(process.lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + process.grace_seconds
    asked = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not asked:
                asked = _ask_to_stop(os.pread(lock, 32, 0), process.stop_signal)
            if time.monotonic() > deadline:
                os.close(lock)
                raise AlreadyRunning(f"{process.name} of an earlier run does not stop") from None
            time.sleep(CHECK_EVERY_SECONDS)
        else:
            return lock


def _ask_to_stop(written_pid: bytes, with_signal: signal.Signals) -> bool:
    if not written_pid.strip().isdigit():
        return False
    with suppress(ProcessLookupError):
        os.kill(int(written_pid), with_signal)
    return True
