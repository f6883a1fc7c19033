"""USSD turns over HTTP against a floor on the same server: a bare route with two Redis commands.

A session has three turns: dial (the caller), pay (the device and what is due) and an amount (what
it pays for). Both applications are served by granian with two processes. The load comes from two
further processes on the same machine.

The load generator itself is slow: it uses a large part of the time of a turn, for the floor as for
the product. It hides about half of the gap: with a faster generator the ratio would be lower.
"""

from __future__ import annotations

import base64
import http.client
import multiprocessing
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import count
from urllib.parse import urlencode

from sqlalchemy import event, text

from bench.dataset import VENDING_KEYS, insert_dataset
from core.db.engine import make_engine, migrate
from core.unit import unit_opener
from gateway.payments.channel_table import channel_table
from gateway.ussd_menus.engine import Step, advance, start
from gateway.ussd_menus.menu import Menu
from gateway.ussd_menus.product import product_menu
from gateway.ussd_menus.session import EffectKey, UssdSession
from gateway.ussd_menus.turn import CallerContext
from operations.embedded.locations import free_port
from operations.embedded.services import Services
from operations.web_server import granian_command

PRODUCT = "gateway.rsgi:app"
_CONNECTIONS = 8
_SECONDS = 6.0
_START_SECONDS, _STOP_SECONDS = 60.0, 10.0
_ROUNDS = 3
_TURNS = ("", "1", "1*500")


def run(services: Services, devices: int) -> None:
    """Print turns a second, their ratio of the floor, and the SQL statements of each turn."""
    migrate(services.database_url, services.passwords)
    engine = make_engine(services.database_url)
    with engine.begin() as connection:
        if connection.execute(text("SELECT count(*) FROM market")).scalar_one() == 0:
            insert_dataset(connection, devices, datetime.now(UTC).date())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    rounds = sorted(_measure_round(services, devices) for _ in range(_ROUNDS))
    ratio, turns, floor = rounds[len(rounds) // 2]
    print(
        f"ussd: {devices} devices, {_CONNECTIONS} connections: {turns:.0f} turns/s,"
        f" {ratio:.2f} of the floor ({floor:.0f}/s)"
    )
    _print_statements(services.database_url)


def _measure_round(services: Services, devices: int) -> tuple[float, float, float]:
    with _serve_app("bench.floor:app", services) as port:
        floor = _turn_rate(port, "/", devices)
    with _serve_app(PRODUCT, services) as port:
        turns = _turn_rate(port, "/ussd/africastalking/bench", devices)
    print(f"  turns {turns:8.0f}/s   floor {floor:8.0f}/s   ratio {turns / floor:.2f}")
    return turns / floor, turns, floor


@contextmanager
def _serve_app(app: str, services: Services) -> Iterator[int]:
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
    command = (
        f"{sys.executable} -m granian --interface wsgi --workers 2 --blocking-threads 8 --no-ws"
        f" --host 127.0.0.1 --port {port} --no-access-log --log-level error {app}"
    ).split()
    if app == PRODUCT:
        command = granian_command(app, port, workers=2)
    server = subprocess.Popen(command, env=env)
    try:
        _wait_until_ready(port)
        yield port
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


def _turn_rate(port: int, path: str, devices: int) -> float:
    """Turns a second of all connections together."""
    with multiprocessing.Pool(2) as pool:
        halves = [(port, path, devices, half) for half in range(2)]
        return sum(pool.starmap(_drive_connections, halves))


def _drive_connections(port: int, path: str, devices: int, half: int) -> float:
    """Turns a second of half of the connections, in threads of one process."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_CONNECTIONS // 2) as pool:
        numbers = [half * _CONNECTIONS + thread for thread in range(_CONNECTIONS // 2)]
        done = sum(pool.map(lambda number: _run_sessions(port, path, devices, number), numbers))
    return done / _SECONDS


def _run_sessions(port: int, path: str, devices: int, number: int) -> int:
    """Play sessions for _SECONDS on one connection. Returns the number of turns."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    ends, done = time.monotonic() + _SECONDS, 0
    for session in count():
        customer = (number * 7919 + session * 104729) % devices + 1
        form = {
            "sessionId": f"b-{number}-{session}-{ends}",
            "serviceCode": "*384*96#",
            "phoneNumber": f"+2547{customer:08}",
            "networkCode": "63902",
        }
        for typed in _TURNS:
            connection.request("POST", path, urlencode(form | {"text": typed}), headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or not body.startswith(b"CON "):
                raise RuntimeError(f"{answer.status}: {body!r}")
            done += 1
        if time.monotonic() > ends:
            return done
    raise AssertionError("unreachable")


def _print_statements(database_url: str) -> None:
    """Print how many SQL statements each turn of the pay flow takes, without BEGIN and COMMIT."""
    engine = make_engine(database_url)
    open_unit, menu = unit_opener(engine, channels=channel_table(("daraja",))), product_menu()
    with open_unit():
        pass
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))

    def turn(play: Callable[[CallerContext], Step]) -> UssdSession:
        statements.clear()
        with CallerContext("+254700000002", open_unit) as context:
            step = play(context)
        screen = step.page.screen if step.page else "END"
        print(f"ussd: {screen:<16} {len(statements)} statements")
        return step.session

    session = turn(lambda context: start(menu, context, 156, EffectKey("bench")))
    for typed in ("1", "500"):
        session = turn(partial(_play_advance, menu, session, typed))


def _play_advance(menu: Menu, session: UssdSession, typed: str, context: CallerContext) -> Step:
    return advance(menu, session, typed, context)
