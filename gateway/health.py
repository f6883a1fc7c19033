"""Whether this gateway lives, is ready, and how it does: `/healthz`, `/readyz`, `/metrics`.

Ready means that money which comes in now becomes a token soon: the database, Redis, a worker for
every queue, and nothing that has waited too long. A load balancer that should keep taking payments
while the workers are down asks `/healthz`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Response, jsonify
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis import Redis, RedisError
from rq import Worker
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, system_clock
from core.db import payments, texts
from gateway.ring import QUEUES
from gateway.tally import Tally
from gateway.ussd.drop_off import ends_on, screens_on

# What waits, and for how many seconds at most before something is wrong. A text that its provider
# will not take is tried for most of a day.
_OLDEST: dict[str, tuple[Callable[[Connection], datetime | None], float]] = {
    "payment": (payments.oldest_waiting, 300.0),
    "text": (texts.oldest_waiting, 86_400.0),
}


@dataclass(frozen=True, slots=True)
class Health:
    """What is asked. `redis` is an impatient client."""

    engine: Engine
    redis: Redis
    clock: Clock = system_clock

    def readiness(self) -> dict[str, dict[str, Any]]:
        """Every check with its `ok`, and ages in seconds (None: nothing waits, or nobody knows)."""
        now = self.clock()
        return self._database(now) | self._redis(now)

    def _database(self, now: datetime) -> dict[str, dict[str, Any]]:
        try:
            with self.engine.connect() as connection:
                ages = {name: _age(now, ask(connection)) for name, (ask, _) in _OLDEST.items()}
            database = True
        except SQLAlchemyError:
            ages, database = dict.fromkeys(_OLDEST), False
        waiting = {
            f"oldest_waiting_{name}": {
                "ok": database and (age is None or age <= _OLDEST[name][1]),
                "age_s": age,
            }
            for name, age in ages.items()
        }
        return {"database": {"ok": database}} | waiting

    def _redis(self, now: datetime) -> dict[str, dict[str, Any]]:
        try:
            workers = Worker.all(connection=self.redis)
        except RedisError:
            return {"redis": {"ok": False}, "worker": {"ok": False, "alive": 0, "age_s": None}}
        served = {queue for worker in workers for queue in worker.queue_names()}
        beats = [worker.last_heartbeat for worker in workers if worker.last_heartbeat]
        worker = {
            "ok": served.issuperset(QUEUES),
            "alive": len(workers),
            "age_s": _age(now, max(beats, default=None)),
        }
        return {"redis": {"ok": True}, "worker": worker}


def _age(now: datetime, since: datetime | None) -> float | None:
    return None if since is None else round(max((now - since).total_seconds(), 0.0), 1)


@dataclass(frozen=True, slots=True)
class _Collector:
    """Read at every scrape from what all processes share, so any web process gives all of it."""

    health: Health
    tally: Tally

    def collect(self) -> Iterator[Metric]:
        checks = self.health.readiness()
        up = GaugeMetricFamily(
            "dialwatt_check_ok", "Checks of /readyz, 1 is well", labels=["check"]
        )
        age = GaugeMetricFamily(
            "dialwatt_age_seconds", "Age of the oldest waiting row or latest beat", labels=["of"]
        )
        for name, check in checks.items():
            up.add_metric([name], float(check["ok"]))
            if check.get("age_s") is not None:
                age.add_metric([name], check["age_s"])
        yield from (up, age, self._answers(), *self._ussd())
        yield GaugeMetricFamily(
            "dialwatt_workers_alive", "Worker processes", value=checks["worker"]["alive"]
        )

    def _answers(self) -> Metric:
        answers = CounterMetricFamily(
            "dialwatt_answers", "What doors answered, and bells that were lost", labels=["of", "as"]
        )
        with suppress(RedisError):
            for labels, count in self.tally.read().items():
                answers.add_metric(labels, count)
        return answers

    def _ussd(self) -> Iterator[Metric]:
        """Today's, so they start from zero at midnight UTC, as counters may."""
        screens = CounterMetricFamily(
            "dialwatt_ussd_screens", "USSD screens shown and answered", labels=["screen", "was"]
        )
        ends = CounterMetricFamily(
            "dialwatt_ussd_ends", "How USSD sessions ended, where told", labels=["screen", "as"]
        )
        today = self.health.clock().date()
        with suppress(RedisError):
            for family, counts in ((screens, screens_on), (ends, ends_on)):
                for labels, count in counts(self.health.redis, today).items():
                    family.add_metric(labels, count)
        yield from (screens, ends)


def watch(app: Flask, health: Health, tally: Tally) -> None:
    """Serve the three addresses on `app`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(health, tally))

    def healthz() -> str:
        return "ok\n"

    def readyz() -> tuple[Response, int]:
        checks = health.readiness()
        ready = all(check["ok"] for check in checks.values())
        return jsonify({"ready": ready} | checks), 200 if ready else 503

    def metrics() -> Response:
        return Response(generate_latest(registry), content_type="text/plain; version=0.0.4")

    for view in (healthz, readyz, metrics):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
