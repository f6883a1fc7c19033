"""Cut database connections (a restart, a failover, an administrator) cost no caller an answer: the
next callback is served on a new connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from core.db.engine import make_engine
from gateway.app import create_app
from gateway.payments.mpesa import callbacks
from tests.gateway.conftest import AMINA, KEY, Web
from tests.gateway.payments.bodies import c2b, pawapay_deposit, stk_ended
from tests.support.local_client import LocalClient
from tests.support.scenario import Scenario

Ask = Callable[[Web], TestResponse]

SCREEN = {
    "sessionId": "s1",
    "serviceCode": "*384*96#",
    "phoneNumber": AMINA,
    "networkCode": "63902",
    "text": "",
}
MTN = {"externalId": str(uuid4()), "status": "SUCCESSFUL"}
AIRTEL = {"transaction": {"id": uuid4().hex, "status_code": "TS"}}
ENDPOINTS: dict[str, Ask] = {
    "validation": lambda web: web.daraja("validation", c2b()),
    "confirmation": lambda web: web.daraja("confirmation", c2b(TransID=uuid4().hex[:10])),
    "stk": lambda web: web.daraja("stk", stk_ended(1032)),
    "mtn": lambda web: web.client.post(f"/payments/mtn/{KEY}", json=MTN),
    "airtel": lambda web: web.client.post(f"/payments/airtel/{KEY}", json=AIRTEL),
    "pawapay": lambda web: web.pawapay(pawapay_deposit(str(uuid4()), paid=True, amount="500")),
    "text": lambda web: web.post(
        "sms/africastalking", "inbound", data={"id": uuid4().hex, "from": AMINA, "text": "BAL"}
    ),
    "report": lambda web: web.post(
        "sms/africastalking", "delivery", data={"id": "ATXid_1", "status": "Success"}
    ),
    "screen": lambda web: web.client.post(
        f"/ussd/africastalking/{KEY}", data=SCREEN | {"sessionId": uuid4().hex}
    ),
    "console": lambda web: web.client.post(
        "/console/login", data={"login": "nobody@example.org", "password": "wrong"}
    ),
    "readiness": lambda web: web.client.get("/readyz"),
}


@pytest.fixture
def web(scenario: Scenario, environment: dict[str, str]) -> Iterator[Any]:
    app = create_app(environment | {"CONSOLE_SECRET": "0123456789abcdef" * 4})
    yield Web(LocalClient(app))
    app.close()


@pytest.fixture
def cut(scenario: Scenario) -> Callable[[], int]:
    """End every connection of the web process; how many there were."""
    outside = make_engine(scenario.url(), pool_size=0)

    def end_all() -> int:
        with outside.connect() as connection:
            ended = connection.exec_driver_sql(
                "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return int(ended.scalar_one())

    return end_all


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_the_next_callback_after_all_connections_were_cut_is_served(
    web: Web, cut: Callable[[], int], endpoint: str
) -> None:
    before = ENDPOINTS[endpoint](web)
    assert cut() > 0

    after = ENDPOINTS[endpoint](web)

    assert after.status_code == before.status_code
    if endpoint == "readiness":
        assert cast(Any, after.json)["database"] == {"ok": True}
    elif endpoint == "validation":  # each has a proof of its own
        assert cast(Any, after.json)["ResultCode"] == cast(Any, before.json)["ResultCode"]
    elif endpoint in ("confirmation", "screen"):
        assert after.text == before.text


def test_a_connection_cut_in_the_middle_books_nothing_and_the_repeat_is_booked(
    web: Web, scenario: Scenario, cut: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_before_the_commit(unit: Any, notice: Any) -> Any:
        recorded = record(unit, notice)
        cut()
        return recorded

    record = cast(Any, callbacks).record_payment
    with monkeypatch.context() as patched:
        patched.setattr(callbacks, "record_payment", cut_before_the_commit)
        assert web.daraja("confirmation", c2b()).status_code == 503
    assert scenario.traces()["payments"] == 0

    assert web.daraja("confirmation", c2b()).status_code == 200
    assert scenario.traces()["payments"] == 1
