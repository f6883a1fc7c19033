"""What a job does in its time: a step repeated, or calls to providers kept under way.

A job ends when nothing is left or its shift is over; then it has its queue woken again, so that no
job keeps a worker for long and a stop never waits for a backlog.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from core.errors import Refused
from core.unit import OpenUnit, Unit

log = logging.getLogger(__name__)

Record = Callable[[Unit], None]


SHIFT_S = 10.0
# So many calls of one kind at the same time: they wait for the network.
CALLS_AT_ONCE = 8
# While calls are under way, new rows are looked for this often.
_LOOK_EVERY_S = 0.25
_DUE_AGAIN = "an item failed; it is due again when its claim ends"


@dataclass(slots=True)
class Shift:
    """The time of one job; `is_cut_short` once something was left for lack of it."""

    seconds: float = SHIFT_S
    began: float = field(default_factory=time.monotonic)
    is_cut_short: bool = False

    def has_time(self, shifts: int = 1) -> bool:
        """Whether the shift, or so many of its length, is not over; if it is, work is left."""
        if time.monotonic() - self.began < self.seconds * shifts:
            return True
        self.is_cut_short = True
        return False


def drain(step: Callable[[], int], shift: Shift) -> None:
    """Repeat `step`, at least once, until it finds nothing to do or the shift is over."""
    while step() and shift.has_time():
        pass


def run_each(*steps: Callable[[], object]) -> None:
    """Run every step, also when one before it fails.

    Raises ExceptionGroup with the failures at the end, so that the job counts as failed; Refused
    at once, as no step can work without a market.
    """
    failures: list[Exception] = []
    for step in steps:
        try:
            step()
        except Refused:
            raise
        except Exception as error:  # noqa: BLE001  raised below
            failures.append(error)
    if failures:
        raise ExceptionGroup("steps of a job failed", failures)


@dataclass(frozen=True, slots=True)
class Lane:
    """Calls to a provider, at most `slots` at the same time, so that no lane takes another's.

    * `claim` claims items, in a transaction that is committed before any is called for.
    * `call` calls the provider for one, with no transaction open; it returns what to record.
    * `record` records the answers that came since it was last asked, in one commit; where that
      fails, each is recorded in a commit of its own. Without it each answer is a function of the
      Unit and always gets its own: together they would lock rows out of order.
    * `shifts`: for so many shifts it still claims, while calls of other lanes end.
    """

    claim: Callable[[Unit, int], Sequence[Any]]
    call: Callable[[Any], Any]
    slots: int = CALLS_AT_ONCE
    shifts: int = 1
    record: Callable[[Unit, Sequence[Any]], None] | None = None

    def is_open(self, shift: Shift) -> bool:
        """Whether it still claims."""
        return shift.has_time(self.shifts)


def keep_calling(open_unit: OpenUnit, lanes: Sequence[Lane], shift: Shift) -> None:
    """Claim and call until nothing is left or the shift is over, and all calls have ended.

    An item that fails unexpectedly is logged and is due again when its claim ends; the other items
    keep their results. Raises what a claim raised, once the calls under way are recorded.
    """
    calls: dict[Future[Any], Lane] = {}
    failed: Exception | None = None
    open_lanes = list(lanes)
    with ThreadPoolExecutor(sum(lane.slots for lane in lanes)) as pool:
        while open_lanes or calls:
            try:
                for lane in open_lanes:
                    claimed = _claim(open_unit, lane, list(calls.values()).count(lane))
                    calls |= {pool.submit(lane.call, item): lane for item in claimed}
            except Exception as error:  # noqa: BLE001  raised below
                failed = error
            if not calls:
                break
            ended = wait(calls, _LOOK_EVERY_S, FIRST_COMPLETED).done
            for lane in lanes:
                _record(open_unit, lane, [call for call in ended if calls[call] is lane])
            calls = {call: lane for call, lane in calls.items() if call not in ended}
            open_lanes = [lane for lane in lanes if not failed and lane.is_open(shift)]
    if failed is not None:
        raise failed


def _claim(open_unit: OpenUnit, lane: Lane, under_way: int) -> Sequence[Any]:
    if under_way >= lane.slots:
        return ()
    with open_unit() as unit:
        return lane.claim(unit, lane.slots - under_way)


def _record(open_unit: OpenUnit, lane: Lane, ended: Sequence[Future[Any]]) -> None:
    answers = []
    for call in ended:
        try:
            answers.append(call.result())
        except Exception:
            log.exception(_DUE_AGAIN)
    if lane.record is None:
        for answer in answers:
            _record_alone(open_unit, lane, answer)
        return
    try:
        _commit(open_unit, lane, answers)
    except Exception:
        log.exception("answers could not be recorded together" if answers[1:] else _DUE_AGAIN)
        for answer in answers if answers[1:] else ():
            _record_alone(open_unit, lane, answer)


def _record_alone(open_unit: OpenUnit, lane: Lane, answer: Any) -> None:
    try:
        _commit(open_unit, lane, [answer])
    except Exception:
        log.exception(_DUE_AGAIN)


def _commit(open_unit: OpenUnit, lane: Lane, answers: Sequence[Any]) -> None:
    if answers:
        with open_unit() as unit:
            if lane.record is not None:
                return lane.record(unit, answers)
            for record in answers:
                record(unit)
