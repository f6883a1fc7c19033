"""Numbers that want no reminders.

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "no_reminders",
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("msisdn", name=op.f("no_reminders_pkey")),
    )
    op.create_index("instalments_due_on_idx", "instalments", ["due_on"], unique=False)


def downgrade() -> None:
    op.drop_index("instalments_due_on_idx", table_name="instalments")
    op.drop_table("no_reminders")
