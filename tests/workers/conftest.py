"""A book with the cast, stand-in providers over HTTP, and the workers' runtime on both."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from core.clock import system_clock
from core.payment import PaymentNotice
from core.unit import unit_opener
from core.usecases.payments.record import record_payment
from gateway.payments.mpesa.client import DarajaClient
from gateway.payments.mpesa.settings import DarajaSettings
from gateway.sms.africastalking import AfricasTalkingSender, SmsSettings
from gateway.work_queues import WorkQueues
from tests.support.cast import OPEN_SECRET, VENDING_KEYS, insert_cast
from tests.support.channels import CHANNELS
from tests.support.standins import StandIns, stand_ins
from workers import jobs, reconciliation
from workers.runtime import Runtime

# Nobody answers there: what the stand-ins would call back is not what these tests are about.
NOWHERE = "http://127.0.0.1:9"


@dataclass
class Hands:
    """The clock that tests move, and the book they look into."""

    engine: object
    standins: StandIns
    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def rows(self, sql: str, **values: object) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def open_unit(self):
        return unit_opener(self.engine, self.now, channels=CHANNELS)()

    def pay(self, receipt: str, account: str, amount_minor: int = 100_00) -> None:
        """Book a payment as a callback would."""
        with self.open_unit() as unit:
            record_payment(
                unit,
                PaymentNotice(
                    "daraja:600123",
                    receipt,
                    "c2b",
                    amount_minor,
                    "KES",
                    account,
                    "none",
                    None,
                    unit.now,
                ),
            )


@pytest.fixture
def database_url(simulated_database_url):
    """Where the stand-ins keep their world, too."""
    return simulated_database_url


@pytest.fixture
def hands(database_url, redis_url, monkeypatch):
    engine = create_engine(database_url, pool_size=10)
    with engine.begin() as connection:
        insert_cast(connection, system_clock().date())
    with stand_ins(database_url, NOWHERE, "demo") as standins:
        hands, work_queues = Hands(engine, standins), WorkQueues(redis_url)
        runtime = Runtime(
            open_unit=unit_opener(
                engine, hands.now, channels=CHANNELS, after_commit=work_queues.wake
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
                    "dialwatt",
                    "c2VjcmV0",
                )
            ),
            sender=AfricasTalkingSender(SmsSettings("jua", "at-key", None, standins.url)),
            work_queues=work_queues,
        )
        for module in (jobs, reconciliation):
            monkeypatch.setattr(module, "runtime", lambda: runtime)
        yield hands
    engine.dispose()


@pytest.fixture
def settings(database_url, redis_url, hands):
    """The environment of real worker processes on this book."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CALLBACK_KEY": "demo",
        "PUBLIC_URL": NOWHERE,
        "DEVICE_KEY_SECRET": "1:" + base64.b64encode(bytes(32)).decode(),
        "PIN_PEPPER": "pepper",
        "AT_USERNAME": "jua",
        "AT_API_KEY": "at-key",
        "AT_BASE_URL": hands.standins.url,
        "DARAJA_BASE_URL": hands.standins.url,
        "DARAJA_CONSUMER_KEY": "consumer",
        "DARAJA_CONSUMER_SECRET": "secret",
        "DARAJA_SHORTCODE": "600123",
        "DARAJA_PASSKEY": "pass",
        **VENDING_KEYS,
    }
