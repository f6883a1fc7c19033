"""The server of the web processes, granian, and its limits: the same in production, the embedded
set-up and the trials."""

from __future__ import annotations

import resource
import sys
from typing import Any

# On a stop, requests that are being answered have this long to finish.
DRAIN_S = 20
# A connection that sends no whole request head for this long is closed: a new one, and one that is
# kept open between requests.
HEAD_S = 15
# Open connections of one process; more wait in the kernel's queue. One costs a file and some 10 kB.
CONNECTIONS = 8192


def granian_options() -> dict[str, Any]:
    """The options of `granian.Granian` that limit connections."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings

    return {
        "interface": Interfaces.RSGI,
        "http": HTTPModes.http1,
        "http1_settings": HTTP1Settings(header_read_timeout=HEAD_S * 1000),
        "backlog": CONNECTIONS,
        "backpressure": CONNECTIONS,
        "websockets": False,
        "workers_kill_timeout": DRAIN_S,
    }


def granian_command(target: str, port: int, workers: int) -> list[str]:
    """The command that serves `target` on loopback, within the same limits."""
    return (
        f"{sys.executable} -m granian --interface rsgi --http 1 --host 127.0.0.1 --port {port}"
        f" --workers {workers} --no-ws --http1-header-read-timeout {HEAD_S * 1000}"
        f" --backlog {CONNECTIONS} --backpressure {CONNECTIONS} --workers-kill-timeout {DRAIN_S}"
        f" --no-access-log --log-level error {target}"
    ).split()


def allow_open_files() -> None:
    """Let this process and its children open as many files as they may: connections are files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
