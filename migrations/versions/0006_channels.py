"""Each prompt says which channel it goes by; prompts so far went by Daraja.

Revision: 0006, after 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "prompts",
        sa.Column("channel", sa.Text(), server_default=sa.text("'daraja'"), nullable=False),
    )
    op.create_check_constraint(
        op.f("prompts_channel_check"), "prompts", "channel IN ('daraja', 'mtn', 'airtel')"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("prompts_channel_check"), "prompts")
    op.drop_column("prompts", "channel")
