"""One scenario for all tests: the cast on a database, a clock, and what tests do most."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, text

from core.db.invariants import LEDGER, offenders
from core.payment import PaymentNotice
from core.pin import Pins
from core.unit import Unit, unit_opener
from core.usecases.payments.apply import apply_payments
from core.usecases.payments.record import record_payment
from tests.support.cast import OPEN_SECRET, PEPPER, insert_cast
from tests.support.channels import CHANNELS
from tests.support.kept_rows import KeptRows, transaction_id_of

ACCOUNT = "daraja:600123"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
# What an endpoint may leave behind: none of it after a refusal.
TRACES = ("payments", "journal_entries", "sms", "inbound_sms", "delivery_reports", "prompts")


@dataclass
class Scenario:
    """A database with the cast of the tests, seen at an instant.

    `start` is the instant of Units, or None for the real clock; `ahead` moves it. Amounts are in
    minor units.
    """

    engine: Engine
    ahead: timedelta = timedelta(0)
    start: datetime | None = NOW

    def now(self) -> datetime:
        return (self.start or datetime.now(UTC)) + self.ahead

    def open_unit(self) -> AbstractContextManager[Unit]:
        return unit_opener(self.engine, self.now, Pins(PEPPER), CHANNELS)()

    def url(self) -> str:
        return self.engine.url.render_as_string(hide_password=False)

    def rows(self, sql: str, **values: object) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]

    def run(self, sql: str, **values: object) -> None:
        """Execute a statement and commit it."""
        with self.engine.begin() as connection:
            connection.execute(text(sql), values)

    def pay(self, receipt: str, account: str, amount_minor: int = 100_00, **changed: Any) -> int:
        """Book a payment as a callback would; its id."""
        values: dict[str, Any] = {
            "provider_account": ACCOUNT,
            "receipt": receipt,
            "source": "c2b",
            "amount_minor": amount_minor,
            "currency": "KES",
            "account": account,
            "payer_kind": "none",
            "payer": None,
            "paid_at": self.now(),
        }
        with self.open_unit() as unit:
            return record_payment(unit, PaymentNotice(**(values | changed))).payment_id

    def apply(self) -> None:
        """Apply whatever waits."""
        with self.open_unit() as unit:
            while apply_payments(unit, OPEN_SECRET):
                pass

    def device_id(self, serial: str) -> int:
        return int(self.rows("SELECT id FROM devices WHERE serial = :serial", serial=serial)[0][0])

    def account_of(self, msisdn: str) -> str:
        """The account reference of the customer with that number."""
        [(account,)] = self.rows(
            "SELECT account FROM customers c JOIN customer_msisdns m ON m.customer_id = c.id"
            " WHERE msisdn = :msisdn",
            msisdn=msisdn,
        )
        return str(account)

    def traces(self) -> dict[str, int]:
        """How many rows there are in each table that an endpoint may write to."""
        return {table: self.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TRACES}

    def states(self) -> list[object]:
        """The payments' states, in order."""
        return [row[0] for row in self.rows("SELECT state FROM payments ORDER BY id")]

    def balances(self) -> dict[str, int]:
        """Every account that is not zero, debits minus credits."""
        return dict(
            self.rows(
                "SELECT account, CAST(sum(CASE side WHEN 'debit' THEN amount_minor"
                " ELSE -amount_minor END) AS bigint) AS held FROM postings GROUP BY account"
                " HAVING sum(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END) <> 0"
            )
        )

    def check_invariants(self) -> None:
        """Assert that every invariant of the ledger holds."""
        with self.open_unit() as unit:
            found = {
                name: offenders(unit.connection, sql, unit.now) for name, sql in LEDGER.items()
            }
        assert not any(found.values()), {name: what for name, what in found.items() if what}


_cast_of_this_process: list[KeptRows] = []


def make_scenario(engine: Engine) -> Scenario:
    """The cast on an empty, migrated database."""
    with engine.begin() as connection:
        if _cast_of_this_process:
            _cast_of_this_process[0].insert(connection)
        else:
            first = transaction_id_of(connection)
            insert_cast(connection, NOW.date())
            _cast_of_this_process.append(KeptRows.inserted_since(connection, first))
    return Scenario(engine)
