"""USSD turns over HTTP against the floor of the same server: a bare route with two Redis trips.

A session has three turns: dial (who is calling), pay (the device and what is due), an amount (what
the money will do). Both are served by granian with two processes; the load comes from another.
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
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from urllib.parse import urlencode

from sqlalchemy import event, text

from bench.dataset import VENDING_KEYS, insert_dataset
from core.db.engine import make_engine, migrate
from core.unit import unit_opener
from gateway.payments.channel_table import channel_table
from gateway.ussd_menus.engine import advance, start
from gateway.ussd_menus.product import product_menu
from gateway.ussd_menus.turn import CallerContext
from operations.embedded.locations import free_port
from operations.embedded.services import Services

_LANES = 8
_SECONDS = 6.0
_ROUNDS = 3
_TURNS = ("", "1", "1*500")


def run(services: Services, devices: int) -> None:
    """Print turns a second against the floor, and the round trips of each turn."""
    migrate(services.database_url)
    engine = make_engine(services.database_url)
    with engine.begin() as connection:
        if connection.execute(text("SELECT count(*) FROM market")).scalar_one() == 0:
            insert_dataset(connection, devices, datetime.now(UTC).date())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    rounds = sorted(_round(services, devices) for _ in range(_ROUNDS))
    ratio, turns, floor = rounds[len(rounds) // 2]
    print(
        f"ussd: {devices} devices, {_LANES} lanes: {turns:.0f} turns/s,"
        f" {ratio:.2f} of the floor ({floor:.0f}/s)"
    )
    _round_trips(services.database_url)


def _round(services: Services, devices: int) -> tuple[float, float, float]:
    with _served("bench.floor:app", services) as port:
        floor = _rate(port, "/", devices)
    with _served("gateway.wsgi:app", services) as port:
        turns = _rate(port, "/ussd/africastalking/bench", devices)
    print(f"  turns {turns:8.0f}/s   floor {floor:8.0f}/s   ratio {turns / floor:.2f}")
    return turns / floor, turns, floor


@contextmanager
def _served(app: str, services: Services) -> Iterator[int]:
    """The application under granian, two processes, on a free port."""
    port = free_port()
    env = os.environ | {
        "DATABASE_URL": services.database_url,
        "REDIS_URL": services.redis_url,
        "CALLBACK_KEY": "bench",
        "DARAJA_SHORTCODE": "600123",
        "PIN_PEPPER": "bench",
        "DEVICE_KEY_SECRET": base64.b64encode(bytes(32)).decode(),
        **VENDING_KEYS,
    }
    command = (
        f"{sys.executable} -m granian --interface wsgi --workers 2 --blocking-threads 8 --no-ws"
        f" --host 127.0.0.1 --port {port} --no-access-log --log-level error {app}"
    )
    server = subprocess.Popen(command.split(), env=env)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the server does not answer")


def _rate(port: int, path: str, devices: int) -> float:
    """Turns a second of all lanes together."""
    with multiprocessing.Pool(2) as pool:
        lanes = [(port, path, devices, lane) for lane in range(2)]
        return sum(pool.starmap(_drive, lanes))


def _drive(port: int, path: str, devices: int, lane: int) -> float:
    """Half of the lanes, in threads of one process."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_LANES // 2) as pool:
        numbers = [lane * _LANES + thread for thread in range(_LANES // 2)]
        done = sum(pool.map(lambda number: _sessions(port, path, devices, number), numbers))
    return done / _SECONDS


def _sessions(port: int, path: str, devices: int, lane: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    ends, done = time.monotonic() + _SECONDS, 0
    for number in count():
        customer = (lane * 7919 + number * 104729) % devices + 1
        form = {
            "sessionId": f"b-{lane}-{number}-{ends}",
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


def _round_trips(database_url: str) -> None:
    """Statements of each turn of the pay flow, with BEGIN and COMMIT."""
    engine = make_engine(database_url)
    open_unit, menu, sent = (
        unit_opener(engine, channels=channel_table(("daraja",))),
        product_menu(),
        [0],
    )
    with open_unit():
        pass
    event.listen(engine, "before_cursor_execute", lambda *_: sent.__setitem__(0, sent[0] + 1))

    def turn(play: object) -> object:
        sent[0] = 0
        with CallerContext("+254700000002", open_unit) as context:
            step = play(context)  # type: ignore[operator]
        print(f"ussd: {step.page.screen:<16} {sent[0]} statements")
        return step.session

    session = turn(lambda context: start(menu, context, 156))
    for typed in ("1", "500"):
        session = turn(
            lambda context, typed=typed, session=session: advance(menu, session, typed, context)
        )
