"""Whatever a caller holds (a connection, a body, a row, Redis), others are answered as ever.

Times are those of a caller on the same machine, medians of several, so that a busy machine fails
nothing.
"""

from __future__ import annotations

import json
import selectors
import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from functools import partial
from itertools import count
from zoneinfo import ZoneInfo

import psycopg
import pytest

from attack.deployment import Answer, Deployment
from operations.web_server import HEAD_S

JUMA, AMINA, BARAKA, CHIDI = (
    *("+254711000111", "+254722000001"),
    *("+254722000002", "+254722000003"),
)
METER, KIT = "37000100018", "LAMP3-1001"
PIN = "4321"
_HASTE_S = 0.1
_ids = count(1)


def dial(deployment: Deployment, msisdn: str, text: str = "", session: str = "") -> Answer:
    form = {
        "sessionId": session or f"waits{next(_ids)}",
        "serviceCode": "*384*96#",
        "phoneNumber": msisdn,
        "networkCode": "63902",
        "text": text,
    }
    return deployment.post("/ussd/africastalking/demo", form)


def confirm(deployment: Deployment, account: str, receipt: str = "") -> Answer:
    body = {
        "TransactionType": "Pay Bill",
        "TransID": receipt or f"WAITS{next(_ids):05}",
        "TransTime": datetime.now(ZoneInfo("Africa/Nairobi")).strftime("%Y%m%d%H%M%S"),
        "TransAmount": "10.00",
        "BusinessShortCode": "600123",
        "BillRefNumber": account,
        "MSISDN": "2547 ***** 126",
        "FirstName": "JOHN",
    }
    kind = {"Content-Type": "application/json"}
    path = "/payments/daraja/demo/confirmation"
    return deployment.ask("POST", path, json.dumps(body).encode(), kind)


def typical(ask: Callable[[], Answer], times: int = 11) -> float:
    """The median seconds of an answer that is a good one."""
    answers = [ask() for _ in range(times)]
    assert {answer.status for answer in answers} == {200}, answers
    return statistics.median(answer.seconds for answer in answers)


CALLERS: dict[str, Callable[[Deployment], Answer]] = {
    "turn": lambda deployment: dial(deployment, AMINA),
    "payment": lambda deployment: confirm(deployment, METER),
    "sign of life": lambda deployment: deployment.get("/healthz"),
}


@pytest.fixture(scope="module", autouse=True)
def idle(deployment: Deployment) -> Iterator[list[socket.socket]]:
    """Connections that fall silent before all else: half of them new, half after an answer."""
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        callers = [
            stack.enter_context(socket.create_connection(("127.0.0.1", deployment.port)))
            for _ in range(20)
        ]
        for caller in callers[:10]:
            caller.sendall(asked)
            assert b" 200 " in caller.recv(1000)
        yield callers


@pytest.fixture
def quiet(deployment: Deployment) -> dict[str, float]:
    """How long each answer takes before."""
    return {name: typical(partial(ask, deployment)) for name, ask in CALLERS.items()}


@pytest.fixture
def trickling(deployment: Deployment, scale: float, quiet: object) -> Iterator[int]:
    """Connections that send a form for the console and a confirmation, a byte a second; those that
    the server closes are opened again."""
    ended = threading.Event()
    wanted = max(100, int(1000 * scale))
    thread = threading.Thread(target=_trickle, args=(deployment.port, wanted, ended))
    thread.start()
    time.sleep(3)
    yield wanted
    ended.set()
    thread.join()


_HEADS = [
    b"POST /console/login HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n",
    b"POST /payments/daraja/demo/confirmation HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n",
]


def _trickle(port: int, wanted: int, ended: threading.Event) -> None:
    with ExitStack() as stack, selectors.DefaultSelector() as closed:
        while not ended.wait(1):
            for key, _ in closed.select(0):
                closed.unregister(key.fileobj)
            for number in range(wanted - len(closed.get_map())):
                caller = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
                caller.sendall(_HEADS[number % len(_HEADS)])
                closed.register(caller, selectors.EVENT_READ)
            for key in list(closed.get_map().values()):
                _send_a_byte(key.fileobj)


def _send_a_byte(caller: object) -> None:
    assert isinstance(caller, socket.socket)
    with suppress(OSError):
        caller.sendall(b"a")


def test_slow_bodies_delay_nobody(
    deployment: Deployment, quiet: dict[str, float], trickling: int
) -> None:
    during = {name: typical(partial(ask, deployment)) for name, ask in CALLERS.items()}
    late = {name for name in CALLERS if during[name] >= max(_HASTE_S, 3 * quiet[name])}
    assert late == set(), (quiet, during)


def test_a_slow_body_is_cut_and_told(deployment: Deployment) -> None:
    with socket.create_connection(("127.0.0.1", deployment.port), timeout=30) as caller:
        caller.sendall(_HEADS[0] + b"form")
        assert caller.recv(100).startswith(b"HTTP/1.1 408")


def test_idle_connections_are_closed(idle: list[socket.socket]) -> None:
    for caller in idle:
        caller.settimeout(HEAD_S + 30)
        assert caller.recv(1) == b""


@contextmanager
def held(deployment: Deployment, query: str, *values: str) -> Iterator[None]:
    """Rows that one transaction locks as strictly as there is."""
    with psycopg.connect(deployment.services.conninfo) as other:
        assert other.execute(query.encode(), values).fetchall()
        yield
        other.rollback()


def test_the_held_row_of_an_agent_delays_no_other_caller_and_nothing_is_promised(
    deployment: Deployment,
) -> None:
    sessions = [f"held{next(_ids)}" for _ in range(40)]
    text = f"3*{METER}*200*1"
    for session in sessions:
        assert "PIN" in dial(deployment, JUMA, text, session).text
    before = deployment.rows("SELECT count(*) FROM payments WHERE source = 'cash'")
    locked = "SELECT id FROM agents WHERE msisdn = %s FOR UPDATE"
    with held(deployment, locked, JUMA), ThreadPoolExecutor(len(sessions)) as pool:
        typed = [
            pool.submit(dial, deployment, JUMA, f"{text}*{PIN}", session) for session in sessions
        ]
        assert typical(lambda: dial(deployment, AMINA)) < 3 * _HASTE_S
        assert typical(lambda: confirm(deployment, METER)) < 3 * _HASTE_S
        answers = [answer.result().text for answer in typed]

    assert {answer[:19] for answer in answers} <= {"END We are busy jus", "END This takes a li"}
    assert deployment.rows("SELECT count(*) FROM payments WHERE source = 'cash'") == before


def test_the_held_row_of_a_customer_delays_no_payment_or_text_of_another(
    deployment: Deployment,
) -> None:
    locked = (
        "SELECT c.id FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id"
        " WHERE msisdn = %s FOR UPDATE OF c"
    )

    def text_in() -> Answer:
        form = {"id": f"waits{next(_ids)}", "from": CHIDI, "text": "BAL", "to": "22141"}
        return deployment.post("/sms/africastalking/demo/inbound", form)

    with held(deployment, locked, BARAKA), ThreadPoolExecutor(60) as pool:
        stuck = [pool.submit(confirm, deployment, KIT) for _ in range(60)]
        assert typical(lambda: confirm(deployment, METER)) < 3 * _HASTE_S
        assert typical(text_in) < 3 * _HASTE_S
        assert typical(lambda: dial(deployment, AMINA)) < 3 * _HASTE_S
        assert {answer.result().status for answer in stuck} <= {200, 503}
    deployment.wait_until(lambda: confirm(deployment, KIT).status == 200, "still not booked")


def test_a_customer_whose_row_a_worker_holds_is_booked_at_once(deployment: Deployment) -> None:
    locked = (
        "SELECT c.id FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id"
        " WHERE msisdn = %s FOR NO KEY UPDATE OF c"
    )
    with held(deployment, locked, BARAKA):
        assert typical(lambda: confirm(deployment, KIT)) < _HASTE_S


@pytest.fixture
def hung_redis(deployment: Deployment) -> Iterator[None]:
    valkey = deployment.services.valkey.child
    assert valkey is not None
    valkey.send_signal(signal.SIGSTOP)
    yield
    valkey.send_signal(signal.SIGCONT)
    deployment.wait_until(lambda: dial(deployment, AMINA).text.startswith("CON"), "no menu")


def test_a_hung_redis_costs_a_callback_a_tenth_of_a_second(
    deployment: Deployment, hung_redis: None
) -> None:
    first = [confirm(deployment, METER) for _ in range(4)]
    assert {answer.status for answer in first} == {200}
    assert min(answer.seconds for answer in first) < 2 * _HASTE_S
    assert typical(lambda: confirm(deployment, METER)) < _HASTE_S
    assert typical(lambda: dial(deployment, AMINA)) < _HASTE_S
