"""Life, readiness and metrics of the gateway: `/healthz`, `/readyz`, `/metrics`.

Ready means that a payment of now becomes a token soon: the database has our schema, Redis answers,
every queue has a worker, the schedule runs, and nothing has waited too long. A provider that takes
no calls is told and makes no process unready: no other of ours would reach it. A load balancer that
should keep taking payments while the workers are down uses `/healthz`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, Response, abort, jsonify, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from redis import Redis, RedisError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, system_clock
from core.db import messages, payments
from core.db.circuits import open_circuits
from core.db.schema import compare_revision
from core.db.work_queue import count_unsettled, count_waiting
from gateway.counters import EventCounters
from gateway.heartbeat import HEARTBEAT_MAX_AGE, last_heartbeat, live_workers
from gateway.ussd.drop_off import ends_on, screens_on
from gateway.work_queues import LOST_WAKES, QUEUES, REFUSED_JOBS

# What may wait, and for how many seconds at most. An SMS that its provider will not take is tried
# again for most of a day.
_OLDEST: dict[str, tuple[Callable[[Connection], datetime | None], float]] = {
    "payment": (payments.oldest_waiting, 300.0),
    "text": (messages.oldest_waiting, 86_400.0),
}
# The check of the circuits of providers.
_PROVIDERS = "providers"

# Names the set-up that answers, so that who started it can tell it from another on the same port.
INSTANCE_HEADER = "X-Dialwatt-Instance"


@dataclass(frozen=True, slots=True)
class Health:
    """The checks of /readyz. `redis` is a client that fails fast."""

    engine: Engine
    redis: Redis
    clock: Clock = system_clock

    def readiness(self) -> dict[str, dict[str, Any]]:
        """Every check with its `ok`, and ages in seconds (None: nothing waits, or not known)."""
        now = self.clock()
        return self._database(now) | self._redis(now)

    def _database(self, now: datetime) -> dict[str, dict[str, Any]]:
        try:
            with self.engine.connect() as connection:
                found = compare_revision(connection)
                revision, migrated = found.here, found.is_enough
                ages: dict[str, float | None] = dict.fromkeys(_OLDEST)
                away: dict[str, str] = {}
                if migrated:
                    away = {found.provider: found.code for found in open_circuits(connection)}
                    ages = {name: _age(now, ask(connection)) for name, (ask, _) in _OLDEST.items()}
            database = True
        except SQLAlchemyError:
            ages, database, migrated, revision = dict.fromkeys(_OLDEST), False, False, None
            away = {}
        waiting = {
            f"oldest_waiting_{name}": {
                "ok": migrated and (age is None or age <= _OLDEST[name][1]),
                "age_s": age,
            }
            for name, age in ages.items()
        }
        rest: dict[str, dict[str, Any]] = {
            "schema": {"ok": migrated, "at": revision},
            _PROVIDERS: {"ok": not away, "away": away},
        }
        return {"database": {"ok": database}} | rest | waiting

    def _redis(self, now: datetime) -> dict[str, dict[str, Any]]:
        try:
            workers = live_workers(self.redis, now)
            schedule_at = last_heartbeat(self.redis)
        except (RedisError, ValueError):  # ValueError: what stands there is none of ours
            gone = {"ok": False, "age_s": None}
            unknown = {"alive": 0, "unserved": list(QUEUES)}
            return {"redis": {"ok": False}, "worker": gone | unknown, "schedule": gone}
        unserved = [queue for queue in QUEUES if not workers.by_queue[queue]]
        worker = {
            "ok": not unserved,
            "alive": workers.alive,
            "unserved": unserved,
            "age_s": _age(now, workers.last_heartbeat),
        }
        schedule = {
            "ok": schedule_at is not None and now - schedule_at <= HEARTBEAT_MAX_AGE,
            "age_s": _age(now, schedule_at),
        }
        return {"redis": {"ok": True}, "worker": worker, "schedule": schedule}


def _age(now: datetime, since: datetime | None) -> float | None:
    return None if since is None else round(max((now - since).total_seconds(), 0.0), 1)


@dataclass(frozen=True, slots=True)
class _Collector:
    """Read at every scrape from what all processes share, so any web process gives all of it."""

    health: Health
    counters: EventCounters

    def collect(self) -> Iterator[Metric]:
        checks = self.health.readiness()
        up = GaugeMetricFamily(
            "dialwatt_check_ok", "Checks of /readyz, 1 is well", labels=["check"]
        )
        age = GaugeMetricFamily(
            "dialwatt_age_seconds",
            "Age of the oldest waiting row or last heartbeat",
            labels=["check"],
        )
        for name, check in checks.items():
            up.add_metric([name], float(check["ok"]))
            if check.get("age_s") is not None:
                age.add_metric([name], check["age_s"])
        yield from (up, age, *self._events(), *self._waiting(), *self._ussd())
        yield GaugeMetricFamily(
            "dialwatt_workers_alive", "Worker processes", value=checks["worker"]["alive"]
        )
        away = GaugeMetricFamily(
            "dialwatt_provider_away", "Providers whose circuit is open", labels=["provider"]
        )
        for provider in checks[_PROVIDERS]["away"]:
            away.add_metric([provider], 1.0)
        yield away

    def _waiting(self) -> Iterator[Metric]:
        """Nothing while the database is away: a zero would be a lie."""
        queues = GaugeMetricFamily("dialwatt_waiting", "Rows that wait, by queue", labels=["queue"])
        manual = GaugeMetricFamily(
            "dialwatt_unsettled", "What only a person settles", labels=["kind"]
        )
        with suppress(SQLAlchemyError), self.health.engine.connect() as connection:
            for family, counts in (
                (queues, count_waiting(connection)),
                (manual, count_unsettled(connection)),
            ):
                for name, count in counts.items():
                    family.add_metric([name], count)
        yield from (queues, manual)

    def _events(self) -> Iterator[Metric]:
        callbacks = CounterMetricFamily(
            "dialwatt_callbacks", "Callbacks by outcome", labels=["endpoint", "outcome"]
        )
        lost_wakes = CounterMetricFamily(
            "dialwatt_lost_wakes", "Wake-ups that did not reach Redis", labels=["queue"]
        )
        refused_jobs = CounterMetricFamily(
            "dialwatt_refused_jobs", "Jobs in Redis that are none of ours, refused by a worker"
        )
        with suppress(RedisError):
            for (source, outcome), count in self.counters.read().items():
                if source == LOST_WAKES:
                    lost_wakes.add_metric([outcome], count)
                elif source == REFUSED_JOBS:
                    refused_jobs.add_metric([], count)
                else:
                    callbacks.add_metric([source, outcome], count)
        yield from (callbacks, lost_wakes, refused_jobs)

    def _ussd(self) -> Iterator[Metric]:
        """Today's, so they start from zero at midnight UTC, as counters may."""
        screens = CounterMetricFamily(
            "dialwatt_ussd_screens", "USSD screens shown and answered", labels=["screen", "event"]
        )
        ends = CounterMetricFamily(
            "dialwatt_ussd_ends",
            "How USSD sessions ended, where told",
            labels=["screen", "outcome"],
        )
        today = self.health.clock().date()
        with suppress(RedisError):
            for family, counts in ((screens, screens_on), (ends, ends_on)):
                for labels, count in counts(self.health.redis, today).items():
                    family.add_metric(labels, count)
        yield from (screens, ends)


def watch(
    app: Flask,
    health: Health,
    counters: EventCounters,
    may_monitor: Callable[[Mapping[str, Any]], bool],
    instance: str = "",
) -> None:
    """Serve the three addresses on `app`. That it lives, and as which `instance`, everybody may
    know; the rest is for requests of which `may_monitor` holds."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(health, counters))

    def healthz() -> tuple[str, int, dict[str, str]]:
        return "ok\n", 200, {INSTANCE_HEADER: instance} if instance else {}

    def readyz() -> tuple[Response, int]:
        _check_sender()
        checks = health.readiness()
        ready = all(check["ok"] for name, check in checks.items() if name != _PROVIDERS)
        return jsonify({"ready": ready} | checks), 200 if ready else 503

    def metrics() -> Response:
        _check_sender()
        return Response(generate_latest(registry), content_type="text/plain; version=0.0.4")

    def _check_sender() -> None:
        if not may_monitor(request.environ):
            abort(403)

    for view in (healthz, readyz, metrics):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
