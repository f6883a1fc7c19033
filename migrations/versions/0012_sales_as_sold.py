"""What was agreed at a sale, kept when it changes.

Revision: 0012, after 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("sales", sa.Column("as_sold", JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("sales", "as_sold")
