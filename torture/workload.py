"""How much of everything: read from the environment, full size by default."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Workload:
    """`seed` decides who pays what and when who is killed; `patience_s` is how long the books may
    take to come to rest once the last payment is made."""

    seed: int
    payments: int = 20_000
    worker_kills: int = 300
    web_kills: int = 10
    redis_flushes: int = 20
    redis_kills: int = 5
    postgres_kills: int = 10
    customers: int = 300
    payers: int = 8
    workers: int = 3
    patience_s: int = 180
    pull_every_s: int = 10

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Workload:
        """TORTURE_<NAME>, such as TORTURE_PAYMENTS=2000. TORTURE_SCALE=0.1 takes a tenth of all
        that is not named."""
        scale = float(environment.get("TORTURE_SCALE", "1"))
        scaled = {"payments", "worker_kills", "web_kills", "redis_flushes"}
        scaled |= {"redis_kills", "postgres_kills"}
        chosen = {}
        for name, field in cls.__dataclass_fields__.items():
            given = environment.get(f"TORTURE_{name.upper()}")
            if given is not None:
                chosen[name] = int(given)
            elif name in scaled:
                chosen[name] = max(1, round(field.default * scale))
        return cls(**({"seed": random.randrange(10**6)} | chosen))

    def kill_schedule(self) -> list[tuple[int, str]]:
        """(after how many payments, what is struck), in order."""
        dice = random.Random(self.seed)
        counts = {
            "worker": self.worker_kills,
            "web": self.web_kills,
            "redis_flush": self.redis_flushes,
            "redis_kill": self.redis_kills,
            "postgres": self.postgres_kills,
        }
        return sorted(
            (dice.randrange(1, max(self.payments, 2)), what)
            for what, count in counts.items()
            for _ in range(count)
        )
