"""The size of a run: read from the environment, full size by default."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

_SCALED = (
    "payments",
    "worker_kills",
    "web_kills",
    "redis_flushes",
    "redis_kills",
    "postgres_kills",
    "collections",
)


@dataclass(frozen=True, slots=True)
class Workload:
    """How many payments, kills, people and processes.

    `collections` is how many an agent makes from the USSD menu; two people besides share one phone.
    `seed` decides who pays what and when which process is killed. `patience_s` is how many seconds
    the system may take after the last payment until nothing is pending.
    """

    seed: int
    payments: int = 20_000
    worker_kills: int = 300
    web_kills: int = 10
    redis_flushes: int = 20
    redis_kills: int = 5
    postgres_kills: int = 10
    customers: int = 300
    payers: int = 8
    agents: int = 3
    collections: int = 60
    workers: int = 2
    patience_s: int = 420
    pull_every_s: int = 10

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Workload:
        """Each field from TORTURE_<NAME>, such as TORTURE_PAYMENTS=2000.

        TORTURE_SCALE=0.1 takes a tenth of the payments and kills that are not named.
        """
        scale = float(environment.get("TORTURE_SCALE", "1"))
        full_size = cls(seed=random.randrange(10**6))
        scaled = {name: max(1, round(getattr(full_size, name) * scale)) for name in _SCALED}
        given = {
            field.name: int(environment[f"TORTURE_{field.name.upper()}"])
            for field in fields(cls)
            if f"TORTURE_{field.name.upper()}" in environment
        }
        return replace(full_size, **(scaled | given))

    def kill_schedule(self) -> list[tuple[int, str]]:
        """(number of payments after which it happens, kind of kill), in order."""
        rng = random.Random(self.seed)
        counts = {
            "worker": self.worker_kills,
            "web": self.web_kills,
            "redis_flush": self.redis_flushes,
            "redis_kill": self.redis_kills,
            "postgres": self.postgres_kills,
        }
        return sorted(
            (rng.randrange(1, max(self.payments, 2)), kind)
            for kind, count in counts.items()
            for _ in range(count)
        )
