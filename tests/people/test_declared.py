"""Every table and every column that can hold something of a person is declared."""

from __future__ import annotations

import pytest
from sqlalchemy import ARRAY, CheckConstraint, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.personal import RECORDS, RULES
from core.db.tables import metadata

_FREE = (Text, JSONB, ARRAY, LargeBinary)


def free_columns(table: Table) -> set[str]:
    """The columns that can hold words or numbers of a person: no closed set, no generated value."""
    closed = {
        str(check.name).removeprefix(f"{table.name}_").removesuffix("_check")
        for check in table.constraints
        if isinstance(check, CheckConstraint) and " IN ('" in str(check.sqltext)
    }
    return {
        column.name
        for column in table.columns
        if isinstance(column.type, _FREE) and column.name not in closed
    }


def test_every_table_is_declared_with_what_it_holds_why_and_how_long() -> None:
    assert set(metadata.tables) == set(RECORDS), "declare it in core/db/personal"
    untold = [name for name, record in RECORDS.items() if not record.kept and not record.rules]
    assert untold == [], "say how long it is kept"
    assert all(record.holds and record.why for record in RECORDS.values())
    assert len(RULES) == sum(len(record.rules) for record in RECORDS.values())


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_every_column_of_text_or_json_is_personal_or_not(name: str) -> None:
    record, table = RECORDS[name], metadata.tables[name]
    declared = set(record.plain) | set(record.personal) | set(record.mentions)

    assert free_columns(table) - declared == set(), "personal or plain? core/db/personal"
    assert declared - {column.name for column in table.columns} == set()
    assert set(record.plain) & set(record.personal) == set()
