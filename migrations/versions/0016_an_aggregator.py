"""Prompts that go through an aggregator, which has to be told the payer's network.

Revision: 0016, after 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0017"

_CHECK = "prompts_channel_check"


def upgrade() -> None:
    op.add_column("prompts", sa.Column("network", sa.Text(), nullable=True))
    op.drop_constraint(op.f(_CHECK), "prompts")
    op.create_check_constraint(
        op.f(_CHECK), "prompts", "channel IN ('daraja', 'mtn', 'airtel', 'pawapay')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(_CHECK), "prompts")
    op.create_check_constraint(op.f(_CHECK), "prompts", "channel IN ('daraja', 'mtn', 'airtel')")
    op.drop_column("prompts", "network")
