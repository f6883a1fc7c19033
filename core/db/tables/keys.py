"""The ids and unique keys of payments, entries, tokens and texts, in narrow tables of their own.

Their tables are cut by months, so a unique key of theirs would hold within a month only, and
looking for one would search every month. Here a key is unique for ever. Other tables refer to these
ids. Triggers fill the tables (migrations/versions/0103/8_months.sql).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, SmallInteger, Table, Text, UniqueConstraint, text

from core.db.tables.columns import metadata

payment_ids = Table(
    "payment_ids",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("provider_account", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("proof", Text, nullable=True),
    UniqueConstraint("provider_account", "receipt"),
    # What only the provider was given counts once.
    UniqueConstraint("proof"),
    Index("payment_ids_receipt_idx", "receipt"),
)

token_ids = Table(
    "token_ids",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("device_id", BigInteger, nullable=False),
    Column("counter", BigInteger, nullable=True),
    Column("payment_id", BigInteger, nullable=True),
    Column("part", SmallInteger, nullable=False),
    UniqueConstraint("device_id", "counter"),
    UniqueConstraint("payment_id", "device_id", "part"),
)

# `transaction_id`: the database's transaction that wrote the entry; after it the entry is closed.
entry_ids = Table(
    "entry_ids",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column(
        "transaction_id",
        Text,
        nullable=False,
        server_default=text("pg_current_xact_id()::text"),
    ),
)

sms_ids = Table(
    "sms_ids",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("provider_message_id", Text, nullable=True, unique=True),
)
