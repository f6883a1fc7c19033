"""Tables that are cut by months: keys hold over all months, a missing month loses no row, and texts
go by months."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from core.db.engine import make_engine, migrate
from core.db.messages import insert_sms
from core.db.months import MONTHLY, make_month, make_months, missing_months
from core.db.payments import insert_payment
from core.usecases.people.purge import purge_step
from tests.support.cast import AMINA, METER
from tests.support.scenario import Scenario, make_scenario

_OLD = 2401 * 10**10  # January 2024


@pytest.fixture
def monthly(fresh_database_url: str) -> Iterator[Scenario]:
    """The cast on a database whose months may be changed."""
    engine = make_engine(fresh_database_url)
    yield make_scenario(engine)
    engine.dispose()


def _is_in(scenario: Scenario, table: str) -> list[str]:
    """The tables that hold the rows of one that is cut by months."""
    found = scenario.rows(f"SELECT DISTINCT tableoid::regclass::text FROM {table} ORDER BY 1")
    return [name for (name,) in found]


def _drop_months(engine: Engine) -> None:
    """As if this month and the next ones had never been made."""
    with engine.begin() as connection:
        for table, part in connection.execute(
            text(
                "SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_inherits"
                " WHERE inhparent::regclass::text = ANY(:tables)"
                " AND inhrelid::regclass::text !~ 'default'"
            ),
            {"tables": list(MONTHLY)},
        ).all():
            connection.exec_driver_sql(f"ALTER TABLE {table} DETACH PARTITION {part}")
            connection.exec_driver_sql(f"DROP TABLE {part} CASCADE")


def test_an_id_begins_with_the_month_in_which_it_was_written(scenario: Scenario) -> None:
    month = f"{datetime.now(UTC):%y%m}"
    scenario.pay("OK1", METER, 500_00)
    scenario.apply()

    for table, column in MONTHLY.items():
        assert scenario.rows(f"SELECT min({column}) / 10000000000 FROM {table}") == [(int(month),)]
        assert _is_in(scenario, table) == [f"{table}_{month}"]


def test_a_row_whose_month_is_missing_is_written_and_moves_when_the_month_is_made(
    fresh_database_url: str,
) -> None:
    engine = make_engine(fresh_database_url)
    _drop_months(engine)
    monthly = make_scenario(engine)
    monthly.pay("OK1", METER, 500_00)
    monthly.apply()
    with monthly.engine.begin() as connection:
        lacking = missing_months(connection)
    assert [f"rows of {table} have no month" for table in sorted(MONTHLY)] == lacking[
        -len(MONTHLY) :
    ]
    before = {table: monthly.rows(f"SELECT * FROM {table}") for table in MONTHLY}

    migrate(monthly.url())

    with monthly.engine.begin() as connection:
        assert missing_months(connection) == []
        assert make_months(connection) == 0
    assert {table: monthly.rows(f"SELECT * FROM {table}") for table in MONTHLY} == before
    assert all("default" not in _is_in(monthly, table)[0] for table in MONTHLY)
    monthly.check_invariants()
    with pytest.raises(DBAPIError, match="append-only"):
        monthly.run("DELETE FROM postings")
    engine.dispose()


@pytest.mark.parametrize(
    ("again", "key"),
    [
        (
            "INSERT INTO payments (id, provider_account, receipt, source, amount_minor, currency,"
            " account_raw, payer_kind, paid_at, paid_on, received_at, next_attempt_at, state)"
            " SELECT :old, provider_account, receipt, source, amount_minor, currency, account_raw,"
            " payer_kind, paid_at, paid_on, received_at, next_attempt_at, 'suspense' FROM payments",
            "payment_ids_provider_account_receipt_key",
        ),
        (
            "INSERT INTO journal_entries (id, kind, idempotency_key, posted_at)"
            " SELECT :old, kind, idempotency_key, posted_at FROM journal_entries"
            " WHERE kind = 'applied'",
            "entry_ids_idempotency_key_key",
        ),
        (
            "INSERT INTO tokens (id, device_id, kind, units, counter, text, issued_at)"
            " SELECT :old, device_id, kind, units, counter, text, issued_at FROM tokens",
            "token_ids_device_id_counter_key",
        ),
        (
            "INSERT INTO tokens (id, device_id, payment_id, part, kind, units, counter, text,"
            " issued_at) SELECT :old, device_id, payment_id, part, kind, units, counter + 1, text,"
            " issued_at FROM tokens",
            "token_ids_payment_id_device_id_part_key",
        ),
        (
            "INSERT INTO sms (id, dedupe_key, kind, msisdn, body, segments, created_at)"
            " SELECT :old, dedupe_key, kind, msisdn, body, segments, created_at FROM sms",
            "sms_ids_dedupe_key_key",
        ),
    ],
    ids=["receipt", "entry", "counter", "part", "text"],
)
def test_a_key_of_one_month_is_refused_in_every_other(
    scenario: Scenario, again: str, key: str
) -> None:
    scenario.pay("OK1", METER, 500_00)
    scenario.apply()

    with pytest.raises(DBAPIError, match=key):
        scenario.run(again, old=_OLD)


def test_a_receipt_and_a_text_of_another_month_are_passed_over(scenario: Scenario) -> None:
    scenario.run("INSERT INTO payment_ids VALUES (:old, 'daraja:1', 'OK1', 'proof')", old=_OLD)
    scenario.run("INSERT INTO sms_ids VALUES (:old, 'receipt:1:1')", old=_OLD)
    row = {
        "dedupe_key": "receipt:1:1", "kind": "receipt", "msisdn": AMINA, "body": "paid",
        "segments": 1, "created_at": scenario.now(),
    }  # fmt: skip

    with scenario.engine.begin() as connection:
        paid: dict[str, object] = {"provider_account": "daraja:1", "receipt": "OK1"}
        assert insert_payment(connection, paid) is None
        assert insert_payment(connection, paid | {"receipt": "OK2", "proof": "proof"}) is None
        assert not insert_sms(connection, row)
        assert insert_sms(connection, row | {"dedupe_key": "receipt:1:2"})


def test_the_provider_s_id_of_a_text_is_unique_over_all_months(scenario: Scenario) -> None:
    scenario.pay("OK1", METER, 500_00)
    scenario.apply()
    scenario.run("UPDATE sms SET provider_message_id = 'ATXid_1'")
    assert scenario.rows("SELECT provider_message_id FROM sms_ids") == [("ATXid_1",)]

    with pytest.raises(DBAPIError, match="sms_ids_provider_message_id_key"):
        scenario.run(
            "INSERT INTO sms (id, dedupe_key, kind, msisdn, body, segments, created_at,"
            " provider_message_id) VALUES (:old, 'a', 'receipt', :to, '', 1, now(), 'ATXid_1')",
            old=_OLD, to=AMINA,
        )  # fmt: skip


@pytest.mark.parametrize("state", ["delivered", "waiting"])
def test_texts_go_by_months_once_none_of_them_is_wanted(monthly: Scenario, state: str) -> None:
    with monthly.engine.begin() as connection:
        make_month(connection, datetime(2024, 1, 1, tzinfo=UTC).date())
    for number, at in ((1, "2024-01-05Z"), (2, "2024-01-30Z")):
        monthly.run(
            "INSERT INTO sms (id, dedupe_key, kind, msisdn, body, segments, created_at, state)"
            " VALUES (:id, :key, 'receipt', :to, '', 1, :at, :state)",
            id=_OLD + number, key=f"receipt:{number}", to=AMINA, at=at, state=state,
        )  # fmt: skip
    days = (datetime.now(UTC) - datetime(2024, 2, 1, tzinfo=UTC)).days

    def purged(kept_days: int) -> int:
        monthly.start = datetime.now(UTC)
        with monthly.open_unit() as unit:
            return purge_step(unit, "sms", kept_days, 1000)

    assert purged(days + 20) == 0
    assert purged(days - 1) == (0 if state == "waiting" else 2)
    left = state == "waiting"
    assert monthly.rows("SELECT to_regclass('sms_2401') IS NOT NULL") == [(left,)]
    assert monthly.rows("SELECT count(*) FROM sms_ids") == [(2 if left else 0,)]
    # The month of today stays, however old its rows are said to be.
    monthly.run("UPDATE sms SET state = 'delivered'")
    monthly.ahead = timedelta(days=10_000)
    with monthly.open_unit() as unit:
        purge_step(unit, "sms", 1, 1000)
    assert monthly.rows("SELECT count(*) FROM pg_class WHERE relname ~ '^sms_[0-9]'")[0][0] >= 3


def test_the_schedule_may_make_months_and_doctor_may_look(scenario: Scenario) -> None:
    for name in ("dialwatt schedule", "dialwatt web"):
        engine = make_engine(scenario.url(), name=name)
        with engine.connect() as connection:
            assert missing_months(connection) == []
            if name == "dialwatt schedule":
                assert make_months(connection) == 0
        engine.dispose()
