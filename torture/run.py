"""One run: people pay while things are struck, then peace, then the verdict."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from torture.faults import behave, misbehave
from torture.payers import Payers
from torture.sizes import Sizes
from torture.stage import Stage
from torture.verdict import facts, judge, wait_for_rest

_LOOK_EVERY_S = 0.02


@dataclass(slots=True)
class Report:
    """`wrong` is empty when the run has passed."""

    sizes: Sizes
    struck: Counter[str]
    facts: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def table(self) -> str:
        """All of it as lines of two columns."""
        rows = {"seed": self.sizes.seed} | dict(self.facts)
        rows |= {f"struck: {what}": n for what, n in sorted(self.struck.items())}
        rows |= {f"seconds, {what}": round(n, 1) for what, n in self.seconds.items()}
        lines = [f"{what:<52}{n:>12}" for what, n in rows.items()]
        lines += [f"WRONG {what}: {how}" for what, how in self.wrong.items()]
        return "\n".join([*lines, "FAILED" if self.wrong else "passed: 0 lost, 0 twice"])


def run(
    stage: Stage, sizes: Sizes, say: Callable[[str], None], *, money_only: bool = False
) -> Report:
    """Everything, on a stage that is up. `money_only` does not wait for texts and refunds."""
    began = time.monotonic()
    report = Report(sizes, Counter())
    payers = Payers(stage, sizes)
    misbehave(stage.settings["DARAJA_BASE_URL"], sizes.seed)
    payers.start()
    try:
        _strike(stage, sizes, payers, report.struck, say)
        payers.wait()
        report.seconds["paying and killing"] = time.monotonic() - began
        behave(stage.settings["DARAJA_BASE_URL"])
        quiet_from = time.monotonic()
        unrest = wait_for_rest(stage, sizes.patience_s, money_only=money_only)
        report.seconds["until all was at rest"] = time.monotonic() - quiet_from
    finally:
        payers.stop()
    report.struck += payers.tally
    report.facts = facts(stage)
    report.wrong = {f"not at rest: {what}": str(n) for what, n in unrest.items()} | judge(stage)
    return report


def _strike(
    stage: Stage, sizes: Sizes, payers: Payers, struck: Counter[str], say: Callable[[str], None]
) -> None:
    """Each blow when its payment has been made; the main thread does it, as it owns the children"""
    dice = random.Random(sizes.seed + 1)
    workers = [name for name in stage.processes if name.startswith(("worker", "schedule"))]
    blow = {
        "worker": lambda: stage.kill(dice.choice(workers)),
        "web": lambda: stage.kill("web"),
        "redis_flush": stage.flush_redis,
        "redis_kill": stage.kill_redis,
        "postgres": stage.kill_postgres,
    }
    for number, (after, what) in enumerate(sizes.blows(), start=1):
        while payers.made < after:
            payers.check()
            time.sleep(_LOOK_EVERY_S)
        blow[what]()
        struck[what] += 1
        if number % 25 == 0:
            say(f"{payers.made} payments made, {sum(struck.values())} blows")
