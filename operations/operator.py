"""The operator at the command line: the name that goes into the audit log."""

from __future__ import annotations

import getpass
import os


def operator_name() -> str:
    """Return a name like "wanjiru (command line)"; "user 1000" for a user without a name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"user {os.getuid()}"
    return f"{name} (command line)"
