"""Slow and empty providers, and forged jobs: payments are applied, tokens go out first."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from attack.deployment import Deployment
from tests.gateway.payments.bodies import c2b

METER = "37000100026"
REMINDERS = 10_000
SMS_TAKES_S = 9
# The provider has the request of a token's text by then; it takes SMS_TAKES_S to answer.
APPLIED_WITHIN_S, HANDED_OVER_WITHIN_S = 2.0, 3.0
_EAT = timezone(timedelta(hours=3))


@contextmanager
def fault(deployment: Deployment, name: str, value: object) -> Iterator[None]:
    """While the block runs, the SMS provider does that at every call."""
    url = f"{deployment.settings['AT_BASE_URL']}/_ctl/faults"
    body = {"provider": "africastalking", "name": name, "value": str(value)}
    head = {"Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), head), timeout=30)
    try:
        yield
    finally:
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE"), timeout=30)


@pytest.fixture
def reminders(deployment: Deployment, scale: float) -> Iterator[int]:
    """Reminders that wait for a worker."""
    count = int(REMINDERS * scale)
    deployment.rows(
        "INSERT INTO sms (dedupe_key, kind, msisdn, body, segments, created_at, next_attempt_at)"
        " SELECT 'reminder:attack:' || n, 'reminder.due_today', '+254722000001', 'Pay today', 1,"
        " now(), now() FROM generate_series(1, %s) n RETURNING 1",
        count,
    )
    yield count
    deployment.rows("DELETE FROM sms WHERE dedupe_key LIKE 'reminder:attack:%%' RETURNING %s", 1)


def pay(deployment: Deployment) -> str:
    """Confirm a payment as Safaricom does; its receipt."""
    receipt = f"Q{uuid.uuid4().hex[:9].upper()}"
    at = datetime.now(UTC).astimezone(_EAT).strftime("%Y%m%d%H%M%S")
    body = c2b(TransID=receipt, BillRefNumber=METER, TransAmount="200.00", TransTime=at)
    key = deployment.settings["DARAJA_ENDPOINT_KEY"].partition(",")[0]
    path = f"/payments/daraja/{key}/confirmation"
    assert deployment.ask("POST", path, json.dumps(body).encode()).status == 200
    return receipt


def seconds_until(deployment: Deployment, receipt: str, query: str) -> float:
    """How long after its payment was received this instant is there."""
    sql = (
        "SELECT extract(epoch FROM at - received_at) FROM"
        f" (SELECT received_at, ({query}) AS at FROM payments p WHERE receipt = %s) s"
        " WHERE at IS NOT NULL"
    )
    found: list[float] = []

    def is_there() -> bool:
        found[:] = [float(row[0]) for row in deployment.rows(sql, receipt)]
        return bool(found)

    deployment.wait_until(is_there, f"{receipt}: no {query}")
    return found[0]


APPLIED = "SELECT p.applied_at"
TOKEN_SENT = "SELECT max(sent_at) FROM sms WHERE payment_id = p.id AND token_id IS NOT NULL"


def under_way(deployment: Deployment) -> int:
    return int(deployment.rows("SELECT count(*) FROM sms WHERE state = 'sending'")[0][0])


def test_a_slow_sms_provider_delays_no_payment_and_no_token(
    deployment: Deployment, reminders: int, scale: float
) -> None:
    with fault(deployment, "delay_reply", SMS_TAKES_S):
        deployment.wait_until(lambda: under_way(deployment) >= 16, "no reminder is being sent")
        for _ in range(max(2, int(3 * scale))):  # each at another moment of the worker's jobs
            receipt = pay(deployment)
            assert seconds_until(deployment, receipt, APPLIED) < APPLIED_WITHIN_S
            taken_after_s = seconds_until(deployment, receipt, TOKEN_SENT)
            assert taken_after_s - SMS_TAKES_S < HANDED_OVER_WITHIN_S
        waiting = deployment.rows("SELECT count(*) FROM sms WHERE next_attempt_at IS NOT NULL")
        assert waiting[0][0] > reminders / 2
        ready = deployment.get("/readyz")
        assert ready.status == 200, ready.text


def away(deployment: Deployment) -> dict[str, str]:
    """The providers that take no calls, as /readyz names them."""
    found: dict[str, str] = json.loads(deployment.get("/readyz").text)["providers"]["away"]
    return found


def test_when_the_sms_account_is_filled_again_everything_that_waited_goes(
    deployment: Deployment,
) -> None:
    with fault(deployment, "refuse_number", 405):
        receipts = [pay(deployment) for _ in range(6)]
        for receipt in receipts:
            seconds_until(deployment, receipt, APPLIED)
        deployment.wait_until(lambda: "africastalking" in away(deployment), "no circuit opens")
        metric = 'dialwatt_provider_away{provider="africastalking"} 1.0'
        assert metric in deployment.get("/metrics").text
        ready = deployment.get("/readyz")
        assert ready.status == 200, ready.text
    for receipt in receipts:
        seconds_until(deployment, receipt, TOKEN_SENT)
    assert away(deployment) == {}
    cases = deployment.rows("SELECT closed_at IS NULL FROM cases WHERE kind = 'provider_away'")
    assert cases == [(False,)]


def test_what_the_web_process_can_put_into_redis_runs_nothing(deployment: Deployment) -> None:
    trace = deployment.folder / "owned"
    before = refused(deployment)
    with Redis.from_url(deployment.of_web()["REDIS_URL"]) as redis:
        for name in ("payments", "prompts", "sms", "vends", "reconciliation"):
            queue = Queue(name, connection=redis, serializer=JSONSerializer)
            queue.enqueue("os.system", f"touch {trace}")
            queue.enqueue("time.sleep", 60)
            redis.rpush(queue.key, "../" * 9, "no-such-job", b"\xff\xfe")
    receipt = pay(deployment)

    assert seconds_until(deployment, receipt, APPLIED) < APPLIED_WITHIN_S
    deployment.wait_until(lambda: refused(deployment) >= before + 8, "refused jobs do not count")
    assert not trace.exists()
    assert deployment.rows("SELECT count(*) > 0 FROM cases WHERE kind = 'foreign_job'") == [(True,)]


def refused(deployment: Deployment) -> float:
    lines = deployment.get("/metrics").text.splitlines()
    counts = [line.split()[1] for line in lines if line.startswith("dialwatt_refused_jobs_total ")]
    return float(counts[0]) if counts else 0.0


def test_a_worker_that_is_killed_in_a_job_delays_nothing_for_long(deployment: Deployment) -> None:
    deployment.processes["worker-payments"].end_group()
    receipt = pay(deployment)
    began = time.monotonic()
    deployment.start("worker-payments")
    seconds_until(deployment, receipt, APPLIED)
    assert time.monotonic() - began < 15
