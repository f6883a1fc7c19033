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


def reference(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    """A foreign key to `target`'s id."""
    return Column(name, BigInteger, ForeignKey(f"{target}.id"), nullable=nullable)


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
