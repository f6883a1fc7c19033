"""Texts sent anew or too late, what was reminded of, registrations asked for by text.

Revision: 0008, after 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"

_TERMS = (
    "(tariff IS NULL) = (appliance IS NOT NULL) AND (appliance IS NULL OR (cadence IS NOT NULL"
    " AND CASE scheme WHEN 'count' THEN count > 0 WHEN 'amount' THEN instalment_minor > 0"
    " ELSE false END))"
)


def upgrade() -> None:
    op.add_column(
        "sms", sa.Column("redeliveries", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("sms", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "reminders",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("reminders_customer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("customer_id", "due_on", "step", name=op.f("reminders_pkey")),
    )
    op.create_table(
        "pending_registrations",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("serial", "phone", "village", "name", "surname")
        ),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("tariff", "appliance", "scheme")),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("instalment_minor", sa.BigInteger(), nullable=True),
        sa.Column("cadence", sa.Text(), nullable=True),
        sa.Column(
            "down_payment_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_TERMS, name=op.f("pending_registrations_terms_check")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("pending_registrations_agent_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pending_registrations_pkey")),
        sa.UniqueConstraint(
            "agent_id", "serial", name=op.f("pending_registrations_agent_id_serial_key")
        ),
    )


def downgrade() -> None:
    op.drop_table("pending_registrations")
    op.drop_table("reminders")
    op.drop_column("sms", "expires_at")
    op.drop_column("sms", "redeliveries")
