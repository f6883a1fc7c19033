"""Numbers that were a customer's, and devices that are out of use: their history stays.

Revision: 0017, after 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "past_msisdns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("past_msisdns_customer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("past_msisdns_pkey")),
    )
    op.create_index("past_msisdns_msisdn_idx", "past_msisdns", ["msisdn"])
    op.create_index("past_msisdns_customer_id_idx", "past_msisdns", ["customer_id"])
    op.add_column("devices", sa.Column("retired_on", sa.Date(), nullable=True))
    op.add_column("devices", sa.Column("replaced_by_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("devices_replaced_by_id_fkey"), "devices", "devices", ["replaced_by_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("devices_retired_check"), "devices", "retired_on IS NULL OR owner_id IS NULL"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("devices_retired_check"), "devices")
    op.drop_column("devices", "replaced_by_id")
    op.drop_column("devices", "retired_on")
    op.drop_table("past_msisdns")
