"""The watch over all Units finds what a use case leaves for a queue without waking it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine

from core.db.messages import insert_sms
from core.db.tables import metadata
from core.unit import OpenUnit, Unit, unit_opener
from tests.support.builders import insert_market
from tests.support.forgotten_wakes import TABLES, forgotten_wakes

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def every_queue_is_woken() -> None:
    """Not watched here: these Units forget on purpose."""


@pytest.fixture
def open_unit(database_url: str) -> Iterator[OpenUnit]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        insert_market(connection)
    yield unit_opener(engine, lambda: NOW)
    engine.dispose()


def forget(unit: Unit, due_at: datetime = NOW) -> None:
    """A use case that queues an SMS and wakes no queue."""
    row: dict[str, Any] = {
        "dedupe_key": "k",
        "kind": "token",
        "msisdn": "+254711000001",
        "body": "a text",
        "segments": 1,
        "created_at": NOW,
        "next_attempt_at": due_at,
    }
    insert_sms(unit.connection, row)


def test_a_row_whose_queue_is_not_woken_is_found_with_its_caller(open_unit: OpenUnit) -> None:
    with forgotten_wakes() as forgotten, open_unit() as unit:
        forget(unit)

    assert len(forgotten.found) == 1
    assert " waits, sms is not woken: tests/support/test_forgotten_wakes" in forgotten.found[0]


def test_a_row_that_was_written_in_a_savepoint_is_found(open_unit: OpenUnit) -> None:
    with forgotten_wakes() as forgotten, open_unit() as unit, unit.connection.begin_nested():
        forget(unit)

    assert len(forgotten.found) == 1


def test_a_row_that_became_due_is_found(open_unit: OpenUnit) -> None:
    with open_unit() as unit:
        forget(unit, LATER)

    with forgotten_wakes() as forgotten, open_unit() as unit:
        unit.connection.exec_driver_sql("UPDATE sms SET next_attempt_at = created_at")

    assert len(forgotten.found) == 1


@pytest.mark.parametrize("due_at", [NOW, LATER])
def test_a_row_that_was_due_before_or_is_due_later_is_not(
    open_unit: OpenUnit, due_at: datetime
) -> None:
    with open_unit() as unit:
        forget(unit, due_at)

    with forgotten_wakes() as forgotten, open_unit() as unit:
        unit.connection.exec_driver_sql("UPDATE sms SET body = 'another text'")

    assert forgotten.found == []


def test_a_row_whose_queue_is_woken_is_not(open_unit: OpenUnit) -> None:
    with forgotten_wakes() as forgotten, open_unit() as unit:
        forget(unit)
        unit.wakes.add("sms")

    assert forgotten.found == []


def test_a_row_that_is_rolled_back_is_not(open_unit: OpenUnit) -> None:
    with forgotten_wakes() as forgotten, open_unit() as unit:
        forget(unit)
        transaction = unit.connection.get_transaction()
        assert transaction is not None
        transaction.rollback()

    assert forgotten.found == []


def test_every_table_with_rows_that_workers_claim_is_watched() -> None:
    tables = [table for table in metadata.tables.values() if "next_attempt_at" in table.columns]

    assert {table.name for table in tables} == TABLES
