"""Codes that an operator orders: a row that a worker, who holds the keys, turns into a code.

Revision: 0014, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "token_orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('energy', 'days', 'unlock', 'lock')", name=op.f("token_orders_kind_check")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'made', 'failed')", name=op.f("token_orders_state_check")
        ),
        sa.CheckConstraint(
            "CASE WHEN kind IN ('energy', 'days') THEN units > 0 ELSE units = 0 END",
            name=op.f("token_orders_units_check"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("token_orders_device_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("token_orders_pkey")),
    )
    op.create_index("token_orders_device_id_idx", "token_orders", ["device_id"])
    op.create_index(
        "token_orders_waiting_key",
        "token_orders",
        ["device_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "ordered_tokens",
        sa.Column("token_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["tokens.id"], name=op.f("ordered_tokens_token_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["token_orders.id"], name=op.f("ordered_tokens_order_id_fkey")
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("ordered_tokens_pkey")),
    )
    op.create_index("ordered_tokens_order_id_idx", "ordered_tokens", ["order_id"])


def downgrade() -> None:
    op.drop_table("ordered_tokens")
    op.drop_table("token_orders")
