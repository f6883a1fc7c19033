"""The metadata all tables share, and the column shapes that repeat."""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    MetaData,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


def row_id() -> Column[int]:
    """A bigint identity primary key; never given by the application."""
    return Column("id", BigInteger, Identity(always=True), primary_key=True)


def month_id(table: str) -> Column[int]:
    """A bigint primary key that begins with the month in which the row is written, such as 2612 and
    ten digits of a sequence: `table` is cut by ranges of it (core.db.months)."""
    default = text(f"month_id(nextval('{table}_id_seq'))")
    return Column("id", BigInteger, server_default=default, primary_key=True, autoincrement=False)


# Where the ids of a table that is cut by months stand (core.db.tables.keys).
_IDS = {"payments": "payment_ids", "journal_entries": "entry_ids", "tokens": "token_ids"}


def reference(
    name: str, target: str, *, nullable: bool = False, primary_key: bool = False
) -> Column[int]:
    """A foreign key to `target`'s id. To what is cut by months it is checked at the commit: one
    statement may write both rows, and it is at its end that a trigger writes the id."""
    to = ForeignKey(f"{target}.id")
    if target in _IDS:
        to = ForeignKey(f"{_IDS[target]}.id", deferrable=True, initially="DEFERRED")
    if primary_key:
        return Column(name, BigInteger, to, primary_key=True, autoincrement=False)
    return Column(name, BigInteger, to, nullable=nullable)


def amount_minor(name: str, *, nullable: bool = False, default: int | None = None) -> Column[int]:
    """An amount in minor units of the market's currency."""
    given = None if default is None else text(str(default))
    return Column(name, BigInteger, nullable=nullable, server_default=given)


def timestamp(name: str, *, nullable: bool = False) -> Column[Any]:
    """An instant, timestamptz."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def enum_column(
    name: str, allowed: object, *, nullable: bool = False, default: str | None = None
) -> list[Any]:
    """A text column and the CHECK that it holds one of the values of `allowed`, a `Literal`."""
    listed = ", ".join(f"'{value}'" for value in get_args(allowed))
    given = None if default is None else text(f"'{default}'")
    return [
        Column(name, Text, nullable=nullable, server_default=given),
        CheckConstraint(f"{name} IN ({listed})", name=name),
    ]
