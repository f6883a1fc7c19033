"""Claim and drain: a job repeats one step until nothing waits, each step in its own commit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from core.unit import OpenUnit, Unit

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

    No database transaction is open while the network is asked. `call` returns what to record.
    """
    with open_unit() as unit:
        items = claim(unit)
    if not items:
        return 0
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        for record in pool.map(call, items):
            with open_unit() as unit:
                record(unit)
    return len(items)
