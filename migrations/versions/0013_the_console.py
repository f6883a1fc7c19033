"""Who works at the console; indexes for its searches and its front page.

Revision: 0013, after 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"

_INDEXES = (
    ("customers_name_idx", "customers", "lower(name) text_pattern_ops", "btree"),
    ("customers_surname_idx", "customers", "lower(surname) text_pattern_ops", "btree"),
    ("problem_reports_customer_id_idx", "problem_reports", "customer_id", "btree"),
    ("cases_payment_id_idx", "cases", "payment_id", "btree"),
    ("payments_received_at_idx", "payments", "received_at", "brin"),
    ("tokens_issued_at_idx", "tokens", "issued_at", "brin"),
)


def upgrade() -> None:
    op.create_table(
        "console_users",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("login_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('owner', 'finance', 'support', 'read_only')",
            name=op.f("console_users_role_check"),
        ),
        sa.CheckConstraint("name = lower(name)", name=op.f("console_users_name_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("console_users_pkey")),
        sa.UniqueConstraint("name", name=op.f("console_users_name_key")),
    )
    for name, table, what, method in _INDEXES:
        op.create_index(name, table, [sa.text(what)], postgresql_using=method)


def downgrade() -> None:
    for name, table, _, _ in _INDEXES:
        op.drop_index(name, table)
    op.drop_table("console_users")
