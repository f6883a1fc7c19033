"""Whether a process still runs, as a test sees it."""

import os
from pathlib import Path


def is_running(pid: int) -> bool:
    """False also for a dead process whose parent has not collected it yet."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self").exists():
        return True
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
