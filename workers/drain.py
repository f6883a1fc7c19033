"""Claim and drain: a job repeats one step until nothing waits, each step in its own commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from rq.timeouts import BaseTimeoutException

from core.unit import OpenUnit, Unit

log = logging.getLogger(__name__)

Item = TypeVar("Item")

# Provider calls wait on the network, not on us; this many wait at once.
CALLS_AT_ONCE = 8


def drain(step: Callable[[], int]) -> int:
    """Repeat `step` until it finds nothing; returns how much it did in all."""
    total = 0
    while done := step():
        total += done
    return total


def claim_and_call(
    open_unit: OpenUnit,
    claim: Callable[[Unit], Sequence[Item]],
    call: Callable[[Item], Callable[[Unit], None]],
) -> int:
    """One step of work that needs a provider: claim and commit, call, record and commit.

    No database transaction is open while the network is asked. `call` returns what to record. What
    breaks with one item is logged and left to that item's lease: the others' calls were made.
    """
    with open_unit() as unit:
        items = claim(unit)
    if not items:
        return 0
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        for calling in [pool.submit(call, item) for item in items]:
            try:
                record = calling.result()
                with open_unit() as unit:
                    record(unit)
            except BaseTimeoutException:
                raise
            except Exception:
                log.exception("a claimed row was left to its lease")
    return len(items)
