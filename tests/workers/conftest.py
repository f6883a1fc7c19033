"""A book with the cast, stand-in providers over HTTP, and the workers' runtime on both."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import create_engine

from core.clock import system_clock
from core.unit import unit_opener
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.payments.proof import Proofs
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from gateway.work_queues import WorkQueues
from operations.embedded.services import Services
from simulator.mobile_money.wallets import Payment, move_money
from tests.support.cast import AMINA, OPEN_SECRET, PROOF_SECRET, VENDING_KEYS, insert_cast
from tests.support.channels import CHANNELS
from tests.support.scenario import Scenario
from tests.support.standins import StandIns, stand_ins
from workers import jobs, reconciliation
from workers.runtime import Runtime
from workers.settings import ReconciliationSettings

# No server answers there: these tests are not about callbacks of the stand-ins.
NOWHERE = "http://127.0.0.1:9"


@dataclass
class WorkerScenario(Scenario):
    """The scenario at the real time, with the stand-in providers that the workers call."""

    standins: StandIns = field(kw_only=True)

    def provider_moved(
        self, receipt: str, account: str, amount_minor: int = 500_00, minutes_ago: int = 0
    ) -> None:
        """Money the provider moved and never told us of."""
        at = self.now() - timedelta(minutes=minutes_ago)
        with self.standins.runtime.engine.begin() as connection:
            move_money(connection, Payment(receipt, "600123", AMINA, account, amount_minor, at))

    def cases(self) -> list[tuple[str, bool]]:
        return self.rows("SELECT kind, closed_at IS NULL FROM cases ORDER BY id")

    def refunds(self) -> list[tuple[str, str, int]]:
        return self.rows("SELECT state, provider_code, attempts FROM refunds")


@pytest.fixture
def database_url(simulated_database_url: str) -> str:
    """The database that the stand-in providers use, too."""
    return simulated_database_url


@pytest.fixture
def scenario(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WorkerScenario]:
    engine = create_engine(database_url, pool_size=10)
    with engine.begin() as connection:
        insert_cast(connection, system_clock().date())
    with stand_ins(database_url, NOWHERE, "demo") as standins:
        scenario = WorkerScenario(engine, start=None, standins=standins)
        work_queues = WorkQueues(redis_url)
        runtime = Runtime(
            open_unit=unit_opener(
                engine, scenario.now, channels=CHANNELS, after_commit=work_queues.wake
            ),
            open_secret=OPEN_SECRET,
            daraja=DarajaClient(
                DarajaSettings(
                    standins.url,
                    "consumer",
                    "secret",
                    "600123",
                    "pass",
                    f"{NOWHERE}/stk",
                    Proofs(PROOF_SECRET),
                    "dialwatt",
                    "c2VjcmV0",
                )
            ),
            sender=AfricasTalkingSender(SmsSettings("jua", "at-key", None, standins.url)),
            work_queues=work_queues,
        )
        for module in (jobs, reconciliation):
            monkeypatch.setattr(module, "runtime", lambda: runtime)
        yield scenario
    engine.dispose()


@pytest.fixture
def redis_url(services: Services, redis_client: Redis) -> str:
    """An empty Valkey, with the rights of a worker."""
    redis_client.flushdb()
    return services.redis_url_of("worker")


@pytest.fixture
def settings(database_url: str, redis_url: str, scenario: WorkerScenario) -> dict[str, str]:
    """The environment of real worker processes on this book."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DARAJA_ENDPOINT_KEY": "demo",
        "PUBLIC_URL": NOWHERE,
        "PROOF_SECRET": PROOF_SECRET,
        "DEVICE_KEY_SECRET": "1:" + base64.b64encode(bytes(32)).decode(),
        "PIN_PEPPER": "pepper",
        "AT_USERNAME": "jua",
        "AT_API_KEY": "at-key",
        "AT_BASE_URL": scenario.standins.url,
        "DARAJA_BASE_URL": scenario.standins.url,
        "DARAJA_CONSUMER_KEY": "consumer",
        "DARAJA_CONSUMER_SECRET": "secret",
        "DARAJA_SHORTCODE": "600123",
        "DARAJA_PASSKEY": "pass",
        **VENDING_KEYS,
    }


@pytest.fixture
def pulling(monkeypatch: pytest.MonkeyPatch) -> ReconciliationSettings:
    """The list is asked for every ten minutes; nothing goes back by itself."""
    chosen = ReconciliationSettings(timedelta(minutes=10), None)
    monkeypatch.setattr(reconciliation, "settings", lambda: chosen)
    return chosen
