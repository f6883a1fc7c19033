"""One run: people pay while things are struck, then peace, then the verdict."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from torture.checks import facts, find_violations, wait_until_settled
from torture.deployment import Deployment
from torture.payers import Payers
from torture.provider_faults import clear_faults, inject_faults
from torture.workload import Workload

_LOOK_EVERY_S = 0.02


@dataclass(slots=True)
class Report:
    """`wrong` is empty when the run has passed."""

    workload: Workload
    struck: Counter[str]
    facts: dict[str, int] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def table(self) -> str:
        """All of it as lines of two columns."""
        rows = {"seed": self.workload.seed} | dict(self.facts)
        rows |= {f"struck: {what}": n for what, n in sorted(self.struck.items())}
        rows |= {f"seconds, {what}": round(n, 1) for what, n in self.seconds.items()}
        lines = [f"{what:<52}{n:>12}" for what, n in rows.items()]
        lines += [f"WRONG {what}: {how}" for what, how in self.wrong.items()]
        return "\n".join([*lines, "FAILED" if self.wrong else "passed: 0 lost, 0 twice"])


def run(
    deployment: Deployment,
    workload: Workload,
    say: Callable[[str], None],
    *,
    money_only: bool = False,
) -> Report:
    """Everything, on a deployment that is up. `money_only` does not wait for texts and refunds."""
    began = time.monotonic()
    report = Report(workload, Counter())
    payers = Payers(deployment, workload)
    inject_faults(deployment.settings["DARAJA_BASE_URL"], workload.seed)
    payers.start()
    try:
        _strike(deployment, workload, payers, report.struck, say)
        payers.wait()
        report.seconds["paying and killing"] = time.monotonic() - began
        clear_faults(deployment.settings["DARAJA_BASE_URL"])
        quiet_from = time.monotonic()
        unrest = wait_until_settled(deployment, workload.patience_s, money_only=money_only)
        report.seconds["until all was at rest"] = time.monotonic() - quiet_from
    finally:
        payers.stop()
    report.struck += payers.tally
    report.facts = facts(deployment)
    report.wrong = {f"not at rest: {what}": str(n) for what, n in unrest.items()} | find_violations(
        deployment
    )
    return report


def _strike(
    deployment: Deployment,
    workload: Workload,
    payers: Payers,
    struck: Counter[str],
    say: Callable[[str], None],
) -> None:
    """Each blow when its payment has been made; the main thread does it, as it owns the children"""
    dice = random.Random(workload.seed + 1)
    workers = [name for name in deployment.processes if name.startswith(("worker", "schedule"))]
    blow = {
        "worker": lambda: deployment.kill(dice.choice(workers)),
        "web": lambda: deployment.kill("web"),
        "redis_flush": deployment.flush_redis,
        "redis_kill": deployment.kill_redis,
        "postgres": deployment.kill_postgres,
    }
    for number, (after, what) in enumerate(workload.kill_schedule(), start=1):
        while payers.made < after:
            payers.check()
            time.sleep(_LOOK_EVERY_S)
        blow[what]()
        struck[what] += 1
        if number % 25 == 0:
            say(f"{payers.made} payments made, {sum(struck.values())} kill_schedule")
