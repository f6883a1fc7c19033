"""Supervised processes come back when they end, and all go when told to."""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from operations.embedded.processes import Process
from operations.embedded.supervision import supervise
from tests.support.liveness import is_running

# Each child writes its pid into the pipe when it starts, then waits for a signal.
CHILD = """
import os, signal, sys
os.write(int(sys.argv[1]), f"{os.getpid()}\\n".encode())
signal.pause()
"""
STUBBORN = (
    """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""
    + CHILD
)
# On the signal it meets another process, and ends once that came too.
MEETING = """
import os, signal, sys
def meet(*_):
    os.close(os.open({meeting!r}, {flag}))
    sys.exit(0)
signal.signal(signal.SIGTERM, meet)
"""
# On the signal it writes whether the process runs whose id is in the file.
LOOKING = """
import os, signal, sys
def look(*_):
    state = open(f"/proc/{{open({seen!r}).read()}}/stat").read().rsplit(")", 1)[1].split()[0]
    open({seen!r}, "w").write("ended" if state == "Z" else "running")
    sys.exit(0)
signal.signal(signal.SIGTERM, look)
"""
WITH_GRANDCHILD = (
    """
import os, signal, sys
if os.fork() == 0:
    os.write(int(sys.argv[1]), f"{os.getpid()}\\n".encode())
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pause()
"""
    + CHILD
)


class Stage:
    """A pipe that every child and grandchild holds open; its end means that all are gone."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "pids"
        os.mkfifo(self.path)
        self.reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.own_end = os.open(self.path, os.O_WRONLY)
        os.set_blocking(self.reader, True)
        self.lines = os.fdopen(self.reader)

    def process(self, name: str, program: str, grace_seconds: float = 15.0) -> Process:
        opened = f"import os, sys; sys.argv[1] = os.open({str(self.path)!r}, os.O_WRONLY)\n"
        argv = [sys.executable, "-c", opened + program, "?"]
        return Process(name=name, argv=argv, grace_seconds=grace_seconds)

    def next_pid(self) -> int:
        return int(self.lines.readline())

    def all_are_gone(self) -> bool:
        os.close(self.own_end)
        ended, _, _ = select.select([self.reader], [], [], 10)
        return bool(ended) and self.lines.read() == ""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.lines.close()


def play(
    processes: list[Process], action: Callable[[], object], services: Sequence[Process] = ()
) -> int:
    """The exit code of `supervise`, told to stop when `action` has ended."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  re-raised in the main thread below
            failed.append(error)
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=run)

    def begin() -> bool:
        thread.start()
        return True

    code = supervise(processes, services=services, announce=begin)
    thread.join()
    if failed:
        raise failed[0]
    return code


def test_all_go_when_told_to_and_the_exit_code_is_zero(stage: Stage) -> None:
    pids: list[int] = []
    processes = [stage.process("one", CHILD), stage.process("two", CHILD)]
    code = play(processes, lambda: pids.extend([stage.next_pid(), stage.next_pid()]))
    assert code == 0
    assert len(set(pids)) == 2
    assert not any(is_running(pid) for pid in pids)


def test_a_killed_process_comes_back_and_the_others_stay(stage: Stage) -> None:
    pids: list[int] = []

    def action() -> None:
        pids.append(stage.next_pid())
        os.kill(pids[0], signal.SIGKILL)
        pids.append(stage.next_pid())

    assert play([stage.process("worker", CHILD)], action) == 0
    assert pids[0] != pids[1]
    assert not is_running(pids[1])


def test_a_process_that_will_not_go_is_killed_and_the_exit_code_says_so(stage: Stage) -> None:
    pids: list[int] = []
    stubborn = stage.process("stubborn", STUBBORN, grace_seconds=0.2)
    assert play([stubborn], lambda: pids.append(stage.next_pid())) == 1
    assert not is_running(pids[0])


def test_all_are_told_before_one_is_waited_for(stage: Stage, tmp_path: Path) -> None:
    meeting = str(tmp_path / "meeting")
    os.mkfifo(meeting)
    programs = [MEETING.format(meeting=meeting, flag=flag) for flag in (os.O_RDONLY, os.O_WRONLY)]
    processes = [stage.process("worker", f"{program}{CHILD}", 5.0) for program in programs]

    assert play(processes, lambda: (stage.next_pid(), stage.next_pid())) == 0


def test_a_service_ends_after_what_uses_it(stage: Stage, tmp_path: Path) -> None:
    service = stage.process("service", CHILD)
    user = stage.process("worker", f"{LOOKING.format(seen=str(tmp_path / 'seen'))}{CHILD}")

    def write_whom_to_look_at() -> None:
        pids = {stage.next_pid(), stage.next_pid()}
        assert service.child is not None
        assert service.child.pid in pids
        (tmp_path / "seen").write_text(str(service.child.pid))

    assert play([user], write_whom_to_look_at, services=[service]) == 0
    assert (tmp_path / "seen").read_text() == "running"


def test_what_a_process_forked_goes_with_it(stage: Stage) -> None:
    processes = [stage.process("web", WITH_GRANDCHILD)]
    play(processes, lambda: (stage.next_pid(), stage.next_pid()))
    assert stage.all_are_gone()


def test_a_process_that_ends_before_all_are_up_comes_back_and_then_they_are(stage: Stage) -> None:
    web = stage.process("web", CHILD)
    killed: list[int] = []

    def announce() -> bool:
        """As of a web process that was killed before it served anything."""
        if not killed:
            killed.append(stage.next_pid())
            os.kill(killed[0], signal.SIGKILL)
        if web.child is None or web.child.pid == killed[0]:
            return False
        os.kill(os.getpid(), signal.SIGTERM)
        return True

    assert supervise([web], announce=announce) == 0
    assert not web.running


def test_the_signal_handlers_are_put_back(stage: Stage) -> None:
    before = signal.getsignal(signal.SIGTERM)
    play([stage.process("one", CHILD)], stage.next_pid)
    assert signal.getsignal(signal.SIGTERM) is before
