"""Agents at work: PIN misses, what they owe and what they are owed.

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column(
        "agents", sa.Column("pin_misses", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("agents", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
    for name in ("float_used_minor", "commission_minor"):
        op.add_column(
            "agents", sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False)
        )
    op.create_check_constraint(
        op.f("agents_balances_check"), "agents", "float_used_minor >= 0 AND commission_minor >= 0"
    )
    op.execute("CREATE SEQUENCE cash_receipts")
    op.execute(
        "INSERT INTO ledger_accounts (code, normal_side) VALUES"
        " ('expense:commission', 'debit'), ('cash:office', 'debit')"
    )


def downgrade() -> None:
    op.execute("DELETE FROM ledger_accounts WHERE code IN ('expense:commission', 'cash:office')")
    op.execute("DROP SEQUENCE cash_receipts")
    op.drop_constraint(op.f("agents_balances_check"), "agents")
    for name in ("commission_minor", "float_used_minor", "locked_until", "pin_misses"):
        op.drop_column("agents", name)
