"""Claim and drain: a job repeats one step until nothing waits, each step in its own commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from core.unit import OpenUnit, Unit

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Record = Callable[[Unit], None]

# Provider calls wait on the network, not on us; this many wait at once.
CALLS_AT_ONCE = 8


def drain(step: Callable[[], int]) -> None:
    """Repeat `step` until it finds nothing to do."""
    while step():
        pass


def claim_call_record(
    open_unit: OpenUnit,
    claim: Callable[[Unit], Sequence[Item]],
    call: Callable[[Item], Record],
) -> int:
    """One step of work that needs a provider: claim and commit, call, record and commit.

    No database transaction is open while the network is asked. `call` returns what to record. An
    item that fails unexpectedly is logged and comes up again when its claim runs out;
    its neighbours keep their results.
    """
    with open_unit() as unit:
        items = claim(unit)
    if not items:
        return 0
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        for answer in [pool.submit(call, item) for item in items]:
            _record(open_unit, answer)
    return len(items)


def _record(open_unit: OpenUnit, answer: Future[Record]) -> None:
    try:
        record = answer.result()
        with open_unit() as unit:
            record(unit)
    except Exception:
        log.exception("an item could not be done; it comes up again")
