"""Texts a second that one worker process hands over to a provider whose answers take 200 ms.

The floor is a process of as many threads that only sends the same requests: no database, no order.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from multiprocessing.connection import Connection as Pipe
from typing import Any

from sqlalchemy import Engine, text

from bench.dataset import insert_dataset
from core.db.engine import make_engine, migrate
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from operations.embedded.services import Services

_ANSWER_S = 0.2
_THREADS = 88  # as many as the job has calls under way
_TEXTS = 6_000
_ROUNDS = 3


def run(services: Services) -> dict[str, Any]:
    """Print and return the rates of both and their ratio, the median of three rounds."""
    migrate(services.database_url, services.passwords)
    engine = make_engine(services.database_url)
    with engine.begin() as connection:
        if connection.execute(text("SELECT count(*) FROM market")).scalar_one() == 0:
            insert_dataset(connection, 100, datetime.now(UTC).date())
    here, there = multiprocessing.Pipe()
    provider = multiprocessing.Process(target=_serve, args=(there,), daemon=True)
    provider.start()
    url = f"http://127.0.0.1:{here.recv()}"
    try:
        rounds = sorted(_measure_round(services, engine, url) for _ in range(_ROUNDS))
    finally:
        provider.terminate()
        provider.join()
        engine.dispose()
    ratio, rate, floor = rounds[_ROUNDS // 2]
    print(f"texts: {rate:.0f}/s from one process, {ratio:.2f} of the floor ({floor:.0f}/s)")
    return {"texts_per_s": rate, "floor_per_s": floor, "ratio": ratio}


def _measure_round(services: Services, engine: Engine, url: str) -> tuple[float, float, float]:
    floor = _in_a_process(_send_only, {}, url)
    _insert_texts(engine)
    settings = {"AT_USERNAME": "bench", "AT_API_KEY": "bench", "DARAJA_SHORTCODE": "600123"}
    settings |= services.settings_of("worker") | {"AT_BASE_URL": url}
    rate = _in_a_process(_work, settings, url)
    print(f"  texts {rate:8.0f}/s   floor {floor:8.0f}/s   ratio {rate / floor:.2f}")
    return rate / floor, rate, floor


def _in_a_process(measure: Any, settings: dict[str, str], url: str) -> float:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=measure, args=(settings, url, there))
    process.start()
    seconds: float = here.recv()
    process.join()
    return _TEXTS / seconds


def _insert_texts(engine: Engine) -> None:
    """Reminders, receipts and a tenth of tokens, all due."""
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE sms, delivery_reports CASCADE"))
        connection.execute(
            text(
                "INSERT INTO sms (dedupe_key, kind, msisdn, body, segments, created_at,"
                " next_attempt_at) SELECT 'bench:' || n,"
                " CASE n % 3 WHEN 0 THEN 'reminder' ELSE 'receipt' END,"
                " '+2547' || lpad(n::text, 8, '0'), repeat('x', 150), 1, now(), now()"
                " FROM generate_series(1, :texts) n"
            ),
            {"texts": _TEXTS},
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE sms"))


def _work(settings: dict[str, str], _: str, done: Pipe) -> None:
    os.environ.update(settings | {"WORKER_QUEUES": "sms"})
    from workers.jobs import send_sms
    from workers.runtime import runtime

    with runtime().open_unit() as unit:
        left = text("SELECT count(*) FROM sms WHERE state <> 'sent'")
        assert unit.connection.execute(left).scalar_one() == _TEXTS
    began = time.perf_counter()
    while True:
        send_sms()
        with runtime().open_unit() as unit:
            if not unit.connection.execute(left).scalar_one():
                break
    done.send(time.perf_counter() - began)


def _send_only(_: dict[str, str], url: str, done: Pipe) -> None:
    sender = AfricasTalkingSender(SmsSettings("bench", "bench", None, url))
    began = time.perf_counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        for number in range(_TEXTS):
            pool.submit(sender.send, f"+2547{number:08}", "x" * 150)
    sender.close()
    done.send(time.perf_counter() - began)


def _serve(port: Pipe) -> None:
    """A provider that takes every text after `_ANSWER_S`."""
    asyncio.run(_listen(port))


async def _listen(port: Pipe) -> None:
    numbers = count(1)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = head.lower().partition(b"content-length:")[2].split(b"\r", 1)[0]
                await reader.readexactly(int(size))
                await asyncio.sleep(_ANSWER_S)
                writer.write(_taken(next(numbers)))
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=256)
    port.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _taken(number: int) -> bytes:
    recipient = {
        "statusCode": 101,
        "number": "+254700000000",
        "status": "Success",
        "cost": "KES 0.8000",
        "messageId": f"ATXid_{time.time_ns()}_{number}",
    }
    body = json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": [recipient]}}).encode()
    return (
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
