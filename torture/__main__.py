"""`python -m torture`: one run, sized by the environment; exit code 0 if it passed."""

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
    """Print the seed at once and the report at the end. A failed run keeps its log."""
    logging.disable(logging.WARNING)
    workload = Workload.from_environment(os.environ)
    log = partial(print, flush=True)
    log(f"torture: seed {workload.seed} (TORTURE_SEED={workload.seed} repeats it), {workload}")
    started_at = time.monotonic()
    with folder_in_reach() as folder, start_deployment(folder, workload) as deployment:
        report = run(deployment, workload, folder, log)
        report.seconds["in all"] = time.monotonic() - started_at
        log(report.table())
        if report.violations:
            os.makedirs("var", exist_ok=True)
            shutil.copy(folder / "processes.log", "var/torture.log")
            log("log of the processes: var/torture.log")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
