"""What operators answer for: audited actions, refunds, cases, stated balances."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables.columns import amount_minor, enum_column, metadata, reference, row_id, timestamp
from core.device import TokenKind, TokenOrderState
from core.movement import BookedAs, Direction
from core.person import ErasureState
from core.refund import RefundOrigin, RefundState

# Append-only: who did what, to which row, and why.
audit_log = Table(
    "audit_log",
    metadata,
    row_id(),
    timestamp("acted_at"),
    Column("operator", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Index("audit_log_subject_idx", "subject", "subject_id"),
)

# Money on its way back. `client_reference` is fixed before the provider is asked; `origin_state` is
# the payment's state to return to should the provider refuse.
refunds = Table(
    "refunds",
    metadata,
    row_id(),
    reference("payment_id", "payments"),
    amount_minor("amount_minor"),
    *enum_column("origin_state", RefundOrigin),
    Column("client_reference", Text, nullable=False, unique=True),
    *enum_column("state", RefundState, default="requested"),
    Column("provider_code", Text, nullable=True),
    timestamp("requested_at"),
    timestamp("sent_at", nullable=True),
    timestamp("ended_at", nullable=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    timestamp("next_attempt_at", nullable=True),
    CheckConstraint("amount_minor > 0", name="amount"),
    # The same money is never on two ways back.
    Index(
        "refunds_payment_key",
        "payment_id",
        unique=True,
        postgresql_where=text("state NOT IN ('done', 'failed')"),
    ),
    Index(
        "refunds_waiting_idx",
        "next_attempt_at",
        postgresql_where=text("next_attempt_at IS NOT NULL"),
    ),
)

# Something only an operator can settle. `dedupe_key` names what it is about: one key, one case.
cases = Table(
    "cases",
    metadata,
    row_id(),
    Column("dedupe_key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("detail", Text, nullable=False),
    reference("payment_id", "payments", nullable=True),
    timestamp("opened_at"),
    timestamp("closed_at", nullable=True),
    Index("cases_open_idx", "opened_at", postgresql_where=text("closed_at IS NULL")),
)

# A code that an operator orders, until a worker has made it. `units`: tenths of a kWh or days; 0
# for the others. `customer_id` had the device when it was ordered: it is made for no other one.
# Of each kind one at a time is waited for on a device: ordering twice is one order.
token_orders = Table(
    "token_orders",
    metadata,
    row_id(),
    reference("device_id", "devices"),
    reference("customer_id", "customers", nullable=True),
    *enum_column("kind", TokenKind),
    Column("units", Integer, nullable=False),
    # What a token that is given away would have cost: booked as goodwill when it is made.
    amount_minor("value_minor", default=0),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    *enum_column("state", TokenOrderState, default="waiting"),
    Column("problem", Text, nullable=True),
    timestamp("ordered_at"),
    timestamp("ended_at", nullable=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    timestamp("next_attempt_at", nullable=True),
    CheckConstraint(
        "CASE WHEN kind IN ('energy', 'days', 'set_days') THEN units > 0 ELSE units = 0 END",
        name="units",
    ),
    Index("token_orders_device_id_idx", "device_id"),
    Index(
        "token_orders_customer_id_idx",
        "customer_id",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(
        "token_orders_waiting_key",
        "device_id",
        "kind",
        unique=True,
        postgresql_where=text("state = 'waiting'"),
    ),
)

# Which tokens came of an order, one row for each.
ordered_tokens = Table(
    "ordered_tokens",
    metadata,
    reference("token_id", "tokens", primary_key=True),
    reference("order_id", "token_orders"),
    Index("ordered_tokens_order_id_idx", "order_id"),
)

# When a provider's list of payments is asked for next, by receiving account.
statement_pulls = Table(
    "statement_pulls",
    metadata,
    Column("provider_account", Text, primary_key=True),
    timestamp("next_at"),
)

# The circuit of each provider that workers call: `failures` calls failed in a row, the last with
# `code`. Since `open_since` it is called at `probe_at` only, once, until a call succeeds.
circuits = Table(
    "circuits",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("code", Text, nullable=False),
    timestamp("open_since", nullable=True),
    timestamp("probe_at"),
)

# A movement on a provider's statement of a type that the product does not book by itself: a person
# says what it was. `written`: the provider's own word for the type. `booked_as`: what the person
# said; nothing was booked for `nothing`.
held_movements = Table(
    "held_movements",
    metadata,
    row_id(),
    Column("provider_account", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("written", Text, nullable=False),
    *enum_column("direction", Direction),
    amount_minor("amount_minor"),
    timestamp("happened_at"),
    timestamp("held_at"),
    *enum_column("booked_as", BookedAs, nullable=True),
    timestamp("ended_at", nullable=True),
    UniqueConstraint("provider_account", "receipt", "written", "direction"),
    CheckConstraint("receipt = upper(receipt)", name="receipt"),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("(booked_as IS NULL) = (ended_at IS NULL)", name="ended"),
)

# What a provider says it holds for us at an instant, and the ledger's balance at the same instant.
balance_assertions = Table(
    "balance_assertions",
    metadata,
    row_id(),
    Column("provider_account", Text, nullable=False),
    timestamp("stated_at"),
    Column("stated_minor", BigInteger, nullable=False),
    Column("booked_minor", BigInteger, nullable=False),
    Column("late_minor", BigInteger, nullable=False),
    timestamp("asserted_at"),
    UniqueConstraint("provider_account", "stated_at"),
)

# Requests to forget a person: done by a worker, or refused with the code of the refusal. `msisdn`
# is the number that was named, until the request has ended; then only the ids say who it was.
erasures = Table(
    "erasures",
    metadata,
    row_id(),
    Column("msisdn", Text, nullable=True),
    reference("customer_id", "customers", nullable=True),
    reference("agent_id", "agents", nullable=True),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    *enum_column("state", ErasureState, default="waiting"),
    Column("problem", Text, nullable=True),
    timestamp("ordered_at"),
    timestamp("ended_at", nullable=True),
    CheckConstraint(
        "(state = 'waiting') = (ended_at IS NULL) AND (state = 'waiting') = (msisdn IS NOT NULL)",
        name="ended",
    ),
    # A person is forgotten once.
    Index(
        "erasures_waiting_key", "msisdn", unique=True, postgresql_where=text("state = 'waiting'")
    ),
)
