"""Hardening that the units of deploy/systemd count on holds in the running processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attack.deployment import Deployment


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _with_children(int(child))


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs the /proc of Linux")
def test_no_process_has_memory_that_is_written_and_run(deployment: Deployment) -> None:
    """`MemoryDenyWriteExecute=` would end one that has: no package may bring that back."""
    looked_at = 0
    for name, process in deployment.processes.items():
        assert process.child, name
        for pid in _with_children(process.child.pid):
            lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
            assert [line for line in lines if line.split()[1].startswith("rwx")] == [], name
            looked_at += bool(lines)
    assert looked_at > len(deployment.processes), "web has processes of its own"
