"""`python -m torture`: one run at the size the environment asks for; exit code 0 if it passed."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from functools import partial

from tests.support.services import folder_in_reach
from torture.run import run
from torture.sizes import Sizes
from torture.stage import stage


def main() -> int:
    """Print the seed at once, and the table at the end. A failed run leaves its log behind."""
    logging.disable(logging.WARNING)
    sizes = Sizes.from_environment(os.environ)
    say = partial(print, flush=True)
    say(f"torture: seed {sizes.seed} (TORTURE_SEED={sizes.seed} repeats it), {sizes}")
    began = time.monotonic()
    with folder_in_reach() as folder, stage(folder, sizes) as up:
        report = run(up, sizes, say)
        report.seconds["in all"] = time.monotonic() - began
        say(report.table())
        if report.wrong:
            shutil.copy(folder / "processes.log", "var/torture.log")
            say("what the processes said: var/torture.log")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
