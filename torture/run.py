"""One run: people pay while processes are killed; then the kills stop and everything is checked."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from torture.agents import Agents
from torture.checks import collect_statistics, find_violations, wait_until_settled
from torture.deployment import Deployment
from torture.office import Office
from torture.payers import Payers
from torture.provider_faults import clear_faults, inject_faults
from torture.responders import Responders
from torture.statement import ingest_statement
from torture.workload import Workload

_POLL_SECONDS = 0.02
_LOG_EVERY_KILLS = 25


@dataclass(slots=True)
class Report:
    """The outcome of a run. `violations` is empty when it has passed."""

    workload: Workload
    events: Counter[str]
    statistics: dict[str, int] = field(default_factory=dict)
    violations: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def table(self) -> str:
        """Everything as lines of two columns; the last line says whether the run passed."""
        rows: dict[str, float] = {"seed": self.workload.seed}
        rows |= self.statistics
        rows |= {f"event: {name}": count for name, count in sorted(self.events.items())}
        rows |= {f"seconds, {name}": round(value, 1) for name, value in self.seconds.items()}
        lines = [f"{name:<52}{value:>12}" for name, value in rows.items()]
        lines += [f"WRONG {name}: {detail}" for name, detail in self.violations.items()]
        return "\n".join([*lines, "FAILED" if self.violations else "passed: 0 lost, 0 twice"])


def run(
    deployment: Deployment,
    workload: Workload,
    folder: Path,
    log: Callable[[str], None],
    *,
    money_only: bool = False,
) -> Report:
    """Run the workload on a started deployment; files go to `folder`. `money_only` does not wait
    for SMS and refunds."""
    started_at = time.monotonic()
    report = Report(workload, Counter())
    payers = Payers(deployment, workload)
    responders, agents = Responders(deployment, workload), Agents(deployment, workload)
    office = Office(deployment, workload)
    inject_faults(deployment.providers_url, workload.seed)
    payers.start()
    responders.start()
    agents.start()
    office.start()
    try:
        _kill_processes(deployment, workload, payers, report.events, log)
        payers.wait()
        agents.wait()
        office.stop()
        report.seconds["paying and killing"] = time.monotonic() - started_at
        clear_faults(deployment.providers_url)
        quiet_since = time.monotonic()
        pending = wait_until_settled(deployment, workload.patience_s, money_only=money_only)
        wrong = ingest_statement(deployment, workload, folder)
        report.seconds["until nothing was pending"] = time.monotonic() - quiet_since
    finally:
        payers.stop()
        responders.stop()
        office.stop()
    report.events += payers.events + responders.events + agents.events + office.events
    report.statistics = collect_statistics(deployment)
    report.violations = {f"still pending: {name}": str(count) for name, count in pending.items()}
    report.violations |= wrong | find_violations(deployment, agents.booked, agents.refused)
    return report


def _kill_processes(
    deployment: Deployment,
    workload: Workload,
    payers: Payers,
    events: Counter[str],
    log: Callable[[str], None],
) -> None:
    """Kill by the schedule. Runs in the main thread, because the processes are its children."""
    rng = random.Random(workload.seed + 1)
    workers = [name for name in deployment.processes if name.startswith(("worker", "schedule"))]
    kills: dict[str, Callable[[], None]] = {
        "worker": lambda: deployment.kill(rng.choice(workers)),
        "web": lambda: deployment.kill("web"),
        "redis_flush": deployment.flush_redis,
        "redis_kill": deployment.kill_redis,
        "postgres": deployment.kill_postgres,
    }
    for number, (after_payments, kind) in enumerate(workload.kill_schedule(), start=1):
        while payers.completed < after_payments:
            payers.raise_failure()
            time.sleep(_POLL_SECONDS)
        kills[kind]()
        events[f"kill of {kind}"] += 1
        if number % _LOG_EVERY_KILLS == 0:
            log(f"{payers.completed} payments made, {number} kills")
