"""Migrations only expand: the release before runs on beside the new one, and misses nothing.

That is what lets a deployment migrate first and replace processes afterwards, one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from core.db.engine import alembic_config
from core.db.schema import known_revisions
from operations.error_messages import describe_database_error
from tests.support.next_release import config_of_next_release

Columns = dict[tuple[str, str], tuple[str, bool, bool]]


def columns(database_url: str) -> Columns:
    """(table, column) -> (type, may be left out, may be null)."""
    with create_engine(database_url, poolclass=NullPool).connect() as connection:
        rows = connection.execute(
            text(
                "SELECT table_name, column_name, data_type, column_default IS NOT NULL"
                " OR is_identity = 'YES' OR is_generated = 'ALWAYS', is_nullable = 'YES'"
                " FROM information_schema.columns WHERE table_schema = 'public'"
            )
        ).all()
    return {(row[0], row[1]): (row[2], row[3] or row[4], row[4]) for row in rows}


def lost(before: Columns, after: Columns) -> Iterator[str]:
    """What code written for `before` would miss on `after`."""
    tables = {table for table, _ in before}
    for place, (kind, _, nullable) in before.items():
        if place not in after:
            yield f"{place} is gone"
        elif after[place][0] != kind:
            yield f"{place} was {kind}, is {after[place][0]}"
        elif nullable and not after[place][2]:
            yield f"{place} may no longer be null"
    for place, (_, can_be_left_out, _) in after.items():
        if place not in before and place[0] in tables and not can_be_left_out:
            yield f"{place} is new and must be given"


def test_no_step_takes_anything_from_the_release_before(fresh_database_url: str) -> None:
    config = alembic_config(fresh_database_url)
    command.downgrade(config, known_revisions()[0])
    before = columns(fresh_database_url)
    found = []
    for revision in known_revisions()[1:]:
        command.upgrade(config, "+1")
        after = columns(fresh_database_url)
        found += [f"{revision}: {what}" for what in lost(before, after)]
        before = after
    assert found == []


def test_what_would_be_missed_is_found() -> None:
    """The check above can fail."""
    old: Columns = {("a", "x"): ("text", True, True), ("a", "y"): ("text", False, False)}
    new: Columns = {
        ("a", "x"): ("bigint", True, True),
        ("a", "z"): ("text", False, False),
        ("b", "z"): ("text", False, False),
    }
    assert sorted(lost(old, new)) == [
        "('a', 'x') was text, is bigint",
        "('a', 'y') is gone",
        "('a', 'z') is new and must be given",
    ]


@pytest.mark.slow
def test_a_step_does_not_wait_behind_a_long_query_and_keep_everybody_waiting(
    fresh_database_url: str, tmp_path: Path
) -> None:
    config = config_of_next_release(fresh_database_url, tmp_path)
    engine = create_engine(fresh_database_url, poolclass=NullPool)
    with engine.connect() as busy, busy.begin():
        busy.execute(text("LOCK TABLE agents IN ACCESS SHARE MODE"))
        with pytest.raises(OperationalError) as refused:
            command.upgrade(config, "head")
    assert describe_database_error(refused.value) == (
        "another session holds a lock that this needs. Nothing was changed; run it again."
    )
    command.upgrade(config, "head")
