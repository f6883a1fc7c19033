"""The purge: rule after rule, in small batches, each in a commit of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.unit import OpenUnit
from core.usecases.people.purge import purge_step

_ROWS_A_BATCH = 1000
# So many rows of a rule in one run; what is left is for the next night.
_BATCHES_MAX = 1000


def purge_rules(
    open_unit: OpenUnit,
    days: Mapping[str, int],
    progress: Callable[[int], None] = lambda rows: None,
) -> dict[str, int]:
    """Purge by these rules, for each of which the days are given; returns how many rows, by rule.

    `progress` is told after every batch how many there were in all.
    """
    done = dict.fromkeys(days, 0)
    for name, kept_days in days.items():
        for _ in range(_BATCHES_MAX):
            with open_unit() as unit:
                rows = purge_step(unit, name, kept_days, _ROWS_A_BATCH)
            done[name] += rows
            progress(sum(done.values()))
            if rows < _ROWS_A_BATCH:
                break
    return done
