"""`python -m torture`: one run at the size the environment asks for; exit code 0 if it passed."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from functools import partial

from tests.support.services import folder_in_reach
from torture.deployment import start_deployment
from torture.run import run
from torture.workload import Workload


def main() -> int:
    """Print the seed at once, and the table at the end. A failed run leaves its log behind."""
    logging.disable(logging.WARNING)
    workload = Workload.from_environment(os.environ)
    say = partial(print, flush=True)
    say(f"torture: seed {workload.seed} (TORTURE_SEED={workload.seed} repeats it), {workload}")
    began = time.monotonic()
    with folder_in_reach() as folder, start_deployment(folder, workload) as up:
        report = run(up, workload, say)
        report.seconds["in all"] = time.monotonic() - began
        say(report.table())
        if report.wrong:
            shutil.copy(folder / "processes.log", "var/torture.log")
            say("what the processes said: var/torture.log")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
