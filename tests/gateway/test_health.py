"""Life, readiness and figures, on real services in good and bad states."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from rq.utils import utcformat

from core.db.payments import hold
from core.db.schema import known_revisions
from gateway.app import create_app
from gateway.heartbeat import HEARTBEAT_MAX_AGE, record_heartbeat
from gateway.work_queues import QUEUES
from tests.gateway.conftest import KEY, Web
from tests.gateway.payments.bodies import c2b
from tests.support.builders import insert_sms
from tests.support.local_client import LocalClient
from tests.support.scenario import Scenario
from tests.support.standins import closed_port_url


@pytest.fixture
def worker(redis: Redis) -> Callable[..., SimpleWorker]:
    """Workers that were born just now, beside a schedule that lives."""
    record_heartbeat(redis, datetime.now(UTC))

    def born(*queues: str) -> SimpleWorker:
        worker = SimpleWorker(list(queues), connection=redis, serializer=JSONSerializer)
        cast(Any, worker).register_birth()
        return worker

    return born


def ready(web: Web) -> tuple[int, dict[str, Any]]:
    answer = web.client.get("/readyz")
    assert answer.json is not None
    return answer.status_code, answer.json


def test_it_lives(web: Web) -> None:
    answer = web.client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_it_is_ready_with_everything_in_its_place(web: Web, worker: Any) -> None:
    worker(*QUEUES)
    status, found = ready(web)
    assert status == 200
    assert found["ready"] is True
    assert {name for name in found if name != "ready"} == {
        "database",
        "schema",
        "providers",
        "redis",
        "worker",
        "schedule",
        "oldest_waiting_payment",
        "oldest_waiting_text",
    }
    assert found["worker"]["alive"] == 1
    assert found["oldest_waiting_payment"] == {"ok": True, "age_s": None}


def test_every_queue_needs_a_worker(web: Web, worker: Any) -> None:
    assert ready(web)[0] == 503
    worker("payments")
    status, found = ready(web)
    assert (status, found["worker"]["unserved"]) == (503, list(QUEUES[1:]))
    others = worker(*QUEUES[1:])
    assert ready(web)[0] == 200
    others.register_death()
    status, found = ready(web)
    assert (status, found["worker"]["ok"]) == (503, False)


def test_a_worker_killed_outright_is_missed(web: Web, worker: Any, redis: Redis) -> None:
    killed = worker(*QUEUES)
    long_ago = datetime.now(UTC) - HEARTBEAT_MAX_AGE - timedelta(seconds=1)
    redis.hset(killed.key, "last_heartbeat", utcformat(long_ago))
    status, found = ready(web)
    assert (status, found["worker"]["ok"], found["worker"]["alive"]) == (503, False, 0)
    assert found["worker"]["age_s"] >= HEARTBEAT_MAX_AGE.total_seconds()


def test_the_schedule_is_missed(web: Web, worker: Any, redis: Redis) -> None:
    worker(*QUEUES)
    record_heartbeat(redis, datetime.now(UTC) - HEARTBEAT_MAX_AGE - timedelta(seconds=1))
    status, found = ready(web)
    assert (status, found["schedule"]["ok"]) == (503, False)
    redis.flushdb()
    assert ready(web)[1]["schedule"] == {"ok": False, "age_s": None}


@pytest.mark.parametrize(
    ("at", "ok"), [(known_revisions()[-1], True), ("0001", False), ("9999", True)]
)
def test_the_schema_must_be_ours_or_newer(
    web: Web, scenario: Scenario, worker: Any, at: str, ok: bool
) -> None:
    """Newer is the next release's, rolling out beside us; migrations only expand."""
    worker(*QUEUES)
    with scenario.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = %s", (at,))
    status, found = ready(web)
    assert (status == 200, found["schema"]) == (ok, {"ok": ok, "at": at})


@pytest.mark.parametrize(("age_s", "status"), [(60, 200), (3600, 503)])
def test_a_payment_must_not_wait_long(
    web: Web, scenario: Scenario, worker: Any, age_s: int, status: int
) -> None:
    worker(*QUEUES)
    web.daraja("confirmation", c2b())
    with scenario.engine.begin() as connection:
        received_at = datetime.now(UTC) - timedelta(seconds=age_s)
        connection.exec_driver_sql("UPDATE payments SET received_at = %s", (received_at,))
    found_status, found = ready(web)
    assert found_status == status
    assert found["oldest_waiting_payment"]["age_s"] >= age_s


def test_money_that_is_held_on_purpose_waits_for_a_person_and_makes_nobody_unready(
    web: Web, scenario: Scenario, worker: Any
) -> None:
    worker(*QUEUES)
    web.daraja("confirmation", c2b())
    with scenario.engine.begin() as connection:
        long_ago = datetime.now(UTC) - timedelta(days=3)
        connection.exec_driver_sql("UPDATE payments SET received_at = %s", (long_ago,))
        payment_id = connection.exec_driver_sql("SELECT id FROM payments").scalar_one()
        hold(connection, payment_id, "not on the provider's statement")
    assert ready(web)[0] == 200


def test_a_text_must_not_wait_for_days(web: Web, scenario: Scenario, worker: Any) -> None:
    worker(*QUEUES)
    with scenario.engine.begin() as connection:
        insert_sms(connection, created_at=datetime.now(UTC) - timedelta(hours=1))
    assert ready(web)[0] == 200
    with scenario.engine.begin() as connection:
        insert_sms(connection, created_at=datetime.now(UTC) - timedelta(days=2))
    assert ready(web)[0] == 503


def test_services_that_are_away_are_named(environment: dict[str, str], worker: Any) -> None:
    worker(*QUEUES)
    nowhere = closed_port_url().removeprefix("http://")
    for name, url, check in (
        ("DATABASE_URL", f"postgresql+psycopg://no-user@{nowhere}/none", "database"),
        ("REDIS_URL", f"redis://{nowhere}", "redis"),
    ):
        app = create_app(environment | {name: url})
        status, found = ready(Web(LocalClient(app)))
        assert (status, found[check]) == (503, {"ok": False})
        assert LocalClient(app).get("/healthz").status_code == 200
        assert LocalClient(app).get("/metrics").status_code == 200
        app.close()


def test_an_endpoint_says_try_later_while_the_database_is_away(environment: dict[str, str]) -> None:
    nowhere = closed_port_url().removeprefix("http://")
    app = create_app(environment | {"DATABASE_URL": f"postgresql+psycopg://no@{nowhere}/none"})
    web = Web(LocalClient(app))
    answer = web.daraja("confirmation", c2b())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert web.daraja("validation", c2b()).json == {
        "ResultCode": "C2B00016",
        "ResultDesc": "Rejected",
    }
    app.close()


def test_an_endpoint_needs_no_redis(environment: dict[str, str], scenario: Scenario) -> None:
    nowhere = closed_port_url().removeprefix("http://")
    app = create_app(environment | {"REDIS_URL": f"redis://{nowhere}"})
    answer = Web(LocalClient(app)).daraja("confirmation", c2b())
    assert (answer.status_code, answer.json) == (200, {"ResultCode": 0, "ResultDesc": "Accepted"})
    assert scenario.rows("SELECT count(*) FROM payments") == [(1,)]
    app.close()


def test_figures_are_the_same_whichever_process_is_asked(
    web: Web, environment: dict[str, str], worker: Any
) -> None:
    worker(*QUEUES)
    web.daraja("confirmation", c2b())
    other = create_app(environment)
    for client in (web.client, LocalClient(other)):
        answer = client.get("/metrics")
        assert answer.mimetype == "text/plain"
        lines = answer.text.splitlines()
        assert (
            'dialwatt_callbacks_total{endpoint="daraja_confirmation",outcome="booked"} 1.0' in lines
        )
        assert 'dialwatt_check_ok{check="database"} 1.0' in lines
        assert "dialwatt_workers_alive 1.0" in lines
        assert any(line.startswith("dialwatt_age_seconds{") for line in lines)
    other.close()


def test_screens_of_ussd_are_among_the_figures(web: Web) -> None:
    called = {
        "sessionId": "s1",
        "serviceCode": "*384*96#",
        "phoneNumber": "+254711000001",
        "networkCode": "63902",
        "text": "",
    }
    ended = {"sessionId": "s1", "phoneNumber": "+254711000001", "status": "Incomplete"}
    assert web.client.post(f"/ussd/africastalking/{KEY}", data=called).status_code == 200
    assert web.client.post(f"/ussd/africastalking/{KEY}/events", data=ended).status_code == 200

    lines = web.client.get("/metrics").text.splitlines()

    assert 'dialwatt_ussd_screens_total{event="shown",screen="home.customer"} 1.0' in lines
    assert 'dialwatt_ussd_ends_total{outcome="Incomplete",screen="home.customer"} 1.0' in lines
