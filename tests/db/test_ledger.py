"""The database keeps the ledger balanced and append-only: no entry can be unbalanced or changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from core.db.ledger import balance, post_entries
from core.journal import CREDIT, DEBIT, JournalEntry, Posting

NOW = datetime(2026, 11, 24, tzinfo=UTC)
LATE = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)
RECEIVED = JournalEntry(
    "received", "received:1", (Posting("unapplied", DEBIT, 5), Posting("suspense", CREDIT, 5))
)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def booked(engine: Engine) -> Engine:
    with engine.begin() as connection:
        post_entries(connection, NOW, [RECEIVED])
    return engine


def test_a_balanced_entry_is_kept_and_moves_both_balances(booked: Engine) -> None:
    with booked.connect() as connection:
        assert (balance(connection, "unapplied"), balance(connection, "suspense")) == (5, -5)


@pytest.mark.parametrize(
    "legs",
    [
        (Posting("unapplied", DEBIT, 5), Posting("suspense", CREDIT, 4)),
        (Posting("unapplied", DEBIT, 5),),
        (),
    ],
    ids=["unequal sides", "one leg", "no legs"],
)
def test_an_entry_that_does_not_balance_cannot_be_committed(
    engine: Engine, legs: tuple[Posting, ...]
) -> None:
    with pytest.raises(DBAPIError, match="does not balance"), engine.begin() as connection:
        post_entries(connection, NOW, [JournalEntry("received", "received:1", legs)])


@pytest.mark.parametrize(
    ("given", "value_at", "value_on"),
    [
        ({}, NOW, date(2026, 11, 24)),
        ({"value_at": NOW - timedelta(days=9, hours=4)}, NOW - timedelta(days=9, hours=4), None),
        ({"value_at": LATE}, LATE, date(2026, 11, 21)),
        ({"value_on": date(2026, 11, 3)}, datetime(2026, 11, 2, 21, tzinfo=UTC), None),
        ({"value_on": date(2026, 11, 24)}, NOW, None),
    ],
    ids=["now", "another instant", "after midnight in the market", "a day", "today"],
)
def test_an_entry_has_the_value_date_that_is_known_of_it(
    engine: Engine, given: dict[str, Any], value_at: datetime, value_on: date | None
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO market VALUES (1, 'KE', 'KES', 100, 'Africa/Nairobi', '{en}',"
                " '*384#', 'Jua', 1)"
            )
        )
        post_entries(connection, NOW, [replace(RECEIVED, **given)])
        found = connection.execute(
            text("SELECT posted_at, value_at, value_on FROM journal_entries")
        ).one()

    expected_on = value_on or given.get("value_on") or value_at.date()
    assert tuple(found) == (NOW, value_at, expected_on)


def test_one_event_is_one_entry(booked: Engine) -> None:
    with (
        pytest.raises(DBAPIError, match="idempotency_key"),
        booked.begin() as connection,
    ):
        post_entries(connection, NOW, [RECEIVED])


@pytest.mark.parametrize("table", ["journal_entries", "postings"])
@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM {}", "UPDATE {} SET id = DEFAULT", "TRUNCATE {} CASCADE"],
    ids=["delete", "update", "truncate"],
)
def test_what_is_written_stays_as_it_is(booked: Engine, table: str, statement: str) -> None:
    with (
        pytest.raises(DBAPIError, match="append-only"),
        booked.begin() as connection,
    ):
        connection.execute(text(statement.format(table)))


def test_an_entry_is_closed_once_its_transaction_is_over(booked: Engine) -> None:
    add = text(
        "INSERT INTO postings (entry_id, account, side, amount_minor)"
        " SELECT id, 'unapplied', side, 1 FROM journal_entries,"
        " unnest(ARRAY['debit', 'credit']) side"
    )
    with (
        pytest.raises(DBAPIError, match="closed journal entry"),
        booked.begin() as connection,
    ):
        connection.execute(add)
