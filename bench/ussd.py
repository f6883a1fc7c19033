"""USSD turns over HTTP against a floor on the same server: a bare route with two Redis commands.

Three walks of three turns: the floor's; one of a menu that reads nothing (`bench.plain`); and the
product's dial, pay, amount with its preview. All are served by granian with two processes, the
menus by the entry of production with its guards, deadline and counters. Rounds are interleaved, and
one in which others used the processors is marked. The load comes from a process of its own.
"""

from __future__ import annotations

import base64
import os
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from sqlalchemy import text

from bench.dataset import VENDING_KEYS, insert_dataset
from bench.load import Load, Plan, drive
from bench.processors import busy_s, used_s
from core.db.engine import make_engine, migrate
from operations.embedded.locations import free_port
from operations.embedded.services import Services
from operations.web_server import granian_command

FLOOR, PLAIN, PRODUCT = "bench.floor:app", "bench.plain:app", "gateway.rsgi:app"
_PROCESSES = 2
_CALLERS = 8
_SECONDS, _WARM_SECONDS = 4.0, 1.0
_ROUNDS = 3
_WALKS_EACH = 1_000
_START_SECONDS, _STOP_SECONDS = 60.0, 10.0
# A round in which strangers used more of the processors than this is marked as disturbed.
_STRANGERS = 0.2
_WALKS = {
    FLOOR: ("/", (("", b"xxx"), ("1", b"xxx"), ("1*500", b"xxx"))),
    PLAIN: (
        "/ussd/africastalking/bench",
        (("", b"Welcome"), ("1", b"amount"), ("1*500", b"{n}")),
    ),
    PRODUCT: (
        "/ussd/africastalking/bench",
        (("", b"Hello Name{n}\n"), ("1", b"Due now"), ("1*500", b"Pay KES 500")),
    ),
}


@dataclass(frozen=True, slots=True)
class Served:
    """An application that is served."""

    pid: int
    port: int


@dataclass(frozen=True, slots=True)
class Measured:
    """One application in one round. Processor times are microseconds a turn."""

    load: Load
    server_us: float
    postgres_us: float
    redis_us: float
    strangers: float


def run(services: Services, devices: int) -> dict[str, Any]:
    """Print and return the rates, their ratios of the floor, and what is right under load."""
    migrate(services.database_url, services.passwords)
    engine = make_engine(services.database_url)
    with engine.begin() as connection:
        if connection.execute(text("SELECT count(*) FROM market")).scalar_one() == 0:
            insert_dataset(connection, devices, datetime.now(UTC).date())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    rounds = [
        {app: _measure(services, app, devices) for app in (FLOOR, PLAIN, PRODUCT)}
        for _ in range(_ROUNDS)
    ]
    ratios = {
        app: statistics.median(each[app].load.rate / each[FLOOR].load.rate for each in rounds)
        for app in (PLAIN, PRODUCT)
    }
    disturbed = sum(max(m.strangers for m in each.values()) > _STRANGERS for each in rounds)
    print(
        f"ussd: {devices} devices, {_CALLERS} connections: a menu that reads nothing"
        f" {ratios[PLAIN]:.2f} of the floor, dial, pay, amount {ratios[PRODUCT]:.2f};"
        f" {disturbed} of {_ROUNDS} rounds disturbed by strangers"
    )
    top = statistics.median(each[PRODUCT].load.rate for each in rounds)
    return {
        "devices": devices,
        "connections": _CALLERS,
        "ratios": ratios,
        "disturbed": disturbed,
        "rounds": [{app: asdict(m) for app, m in each.items()} for each in rounds],
        "half": asdict(_at_half(services, devices, top)),
        "right": {
            f"{'doubled' if doubled else 'single'}": asdict(_walks(services, devices, doubled))
            for doubled in (False, True)
        },
    }


def _plan(app: str, port: int, devices: int, callers: int = _CALLERS, **how: Any) -> Plan:
    path, walk = _WALKS[app]
    return Plan(port, path, walk, callers, devices, **how)


def _measure(services: Services, app: str, devices: int) -> Measured:
    _forget_sessions(services)
    with _serve_app(app, services) as served:
        drive(_plan(app, served.port, devices, seconds=_WARM_SECONDS))
        _forget_sessions(services)
        children = [process.child for process in services.processes]
        groups = [served.pid, *(child.pid for child in children if child is not None)]
        before, all_before = [used_s(pid) for pid in groups], busy_s()
        load = drive(_plan(app, served.port, devices, seconds=_SECONDS))
        used = [used_s(pid) - was for pid, was in zip(groups, before, strict=True)]
        busy = busy_s() - all_before
    strangers = (busy - sum(used)) / load.seconds - load.cpu_share
    server, postgres, redis = (1e6 * each / load.turns for each in used)
    print(
        f"  {app:18} {load.rate:7.0f}/s  p50 {load.p50_ms:5.2f} p99 {load.p99_ms:6.2f} ms "
        f" us a turn: server {server:5.0f} postgres {postgres:5.0f} redis {redis:4.0f} "
        f" wrong {load.wrong}, load {load.cpu_share:.2f}, strangers {strangers:.2f}"
    )
    return Measured(load, server, postgres, redis, strangers)


def _at_half(services: Services, devices: int, top: float) -> Load:
    """The product at half of its top rate."""
    _forget_sessions(services)
    with _serve_app(PRODUCT, services) as served:
        drive(_plan(PRODUCT, served.port, devices, seconds=_WARM_SECONDS))
        _forget_sessions(services)
        load = drive(_plan(PRODUCT, served.port, devices, seconds=_SECONDS, rate=top / 2))
    print(f"ussd: at half of the top rate ({load.rate:.0f}/s) p99 {load.p99_ms:.2f} ms")
    return load


def _walks(services: Services, devices: int, doubled: bool, callers: int = 16) -> Load:
    """1 000 walks of each of 16 callers; where they are doubled every callback comes twice."""
    _forget_sessions(services)
    with _serve_app(PRODUCT, services) as served:
        load = drive(
            _plan(PRODUCT, served.port, devices, callers, walks=_WALKS_EACH, doubled=doubled)
        )
    how = "every callback twice" if doubled else "every callback once"
    print(f"ussd: {load.turns} turns of {callers} callers, {how}: {load.wrong} wrong or missing")
    return load


def _forget_sessions(services: Services) -> None:
    """Else a caller who comes again is asked whether to go on."""
    with Redis.from_url(services.redis_url) as redis:
        redis.flushdb()


@contextmanager
def _serve_app(app: str, services: Services) -> Iterator[Served]:
    """The application under granian, two processes, on a free port."""
    port = free_port()
    env = os.environ | {
        **services.settings_of("web"),
        "USSD_AGGREGATORS": "africastalking",
        "USSD_AFRICASTALKING_ENDPOINT_KEY": "bench",
        "DARAJA_ENDPOINT_KEY": "bench",
        "PROOF_SECRET": "a secret of the bench",
        "DARAJA_SHORTCODE": "600123",
        "PIN_PEPPER": "bench",
        "DEVICE_KEY_SECRET": base64.b64encode(bytes(32)).decode(),
        **VENDING_KEYS,
    }
    command = granian_command(app, port, workers=_PROCESSES)
    if app == FLOOR:
        # A web process may not touch the floor's keys.
        env["REDIS_URL"] = services.redis_url
        command = (
            f"{sys.executable} -m granian --interface wsgi --workers {_PROCESSES}"
            f" --blocking-threads 1 --no-ws --host 127.0.0.1 --port {port} --no-access-log"
            f" --log-level error {app}"
        ).split()
    server = subprocess.Popen(command, env=env)
    try:
        _wait_until_ready(port)
        yield Served(server.pid, port)
    finally:
        server.terminate()
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(port: int) -> None:
    ends = time.monotonic() + _START_SECONDS
    while time.monotonic() < ends:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the server does not answer")
