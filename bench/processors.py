"""Processor time by process, from Linux's /proc: whose work a benchmark has measured."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def used_s(pid: int) -> float:
    """Processor seconds that a process and its descendants have used."""
    parents, used = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = stat.read_text().rpartition(")")[2].split()
            child = int(stat.parent.name)
            parents[child] = int(fields[1])
            used[child] = (int(fields[11]) + int(fields[12])) * _TICK_S
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(used.get(member, 0.0) for member in family)


def busy_s() -> float:
    """Processor seconds that anybody has used since this machine started."""
    user, nice, system, _, _, irq, softirq, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) * _TICK_S
