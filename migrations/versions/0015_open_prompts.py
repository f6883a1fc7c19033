"""Indexes by which open prompts find the money they moved, however many are settled.

Revision: 0015, after 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_index(
        "prompts_open_idx",
        "prompts",
        ["sent_at"],
        postgresql_where=sa.text("state IN ('approved', 'sending', 'pending', 'unknown')"),
    )
    op.create_index("prompts_payment_id_idx", "prompts", ["payment_id"])


def downgrade() -> None:
    op.drop_index("prompts_payment_id_idx", "prompts")
    op.drop_index("prompts_open_idx", "prompts")
