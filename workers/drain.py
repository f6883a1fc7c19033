"""Claim and drain: a job repeats one step until nothing waits, each step in its own commit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from core.errors import Refused
from core.unit import OpenUnit, Unit

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Record = Callable[[Unit], None]

# So many calls to providers at the same time: they wait for the network.
CALLS_AT_ONCE = 8


def drain(step: Callable[[], int]) -> None:
    """Repeat `step` until it finds nothing to do."""
    while step():
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


def claim_call_record(
    open_unit: OpenUnit,
    claim: Callable[[Unit], Sequence[Item]],
    call: Callable[[Item], Record],
) -> int:
    """One step of work that calls a provider; returns how many items were claimed.

    1. Claim items, and commit.
    2. Call the provider for each, with no database transaction open. `call` returns what to record.
    3. Record each result in a commit of its own.

    An item that fails unexpectedly is logged and is due again when its claim ends; the other items
    keep their results.
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
        log.exception("an item failed; it is due again when its claim ends")
