"""Who acts when somebody uses the command line: the name that goes into the audit log."""

from __future__ import annotations

import getpass
import os


def operator() -> str:
    """Like "wanjiru (command line)"; a container's user may have a number only."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"user {os.getuid()}"
    return f"{name} (command line)"
