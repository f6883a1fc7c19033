"""Plans an operator allows, and customers who ask for a device in stock.

Revision: 0010, after 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"

_TERMS = (
    "down_payment_minor >= 0 AND CASE scheme WHEN 'count' THEN count > 0"
    " AND instalment_minor IS NULL ELSE instalment_minor > 0 AND count IS NULL END"
)


def upgrade() -> None:
    op.create_table(
        "plan_offers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("appliance_id", sa.BigInteger(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=True),
        sa.Column("instalment_minor", sa.BigInteger(), nullable=True),
        sa.Column(
            "down_payment_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.CheckConstraint("scheme IN ('count', 'amount')", name=op.f("plan_offers_scheme_check")),
        sa.CheckConstraint(
            "cadence IN ('daily', 'weekly', 'monthly')", name=op.f("plan_offers_cadence_check")
        ),
        sa.CheckConstraint(_TERMS, name=op.f("plan_offers_terms_check")),
        sa.ForeignKeyConstraint(
            ["appliance_id"], ["appliances.id"], name=op.f("plan_offers_appliance_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("plan_offers_pkey")),
        sa.UniqueConstraint("code", name=op.f("plan_offers_code_key")),
    )
    op.create_index("plan_offers_appliance_id_idx", "plan_offers", ["appliance_id"])
    op.add_column("devices", sa.Column("plan_offer_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("devices_plan_offer_id_fkey"), "devices", "plan_offers", ["plan_offer_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("devices_plan_offer_check"), "devices", "plan_offer_id IS NULL OR kind <> 'meter'"
    )
    op.create_table(
        "device_requests",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("msisdn", "name", "surname", "village")
        ),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("device_requests_device_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("device_requests_pkey")),
        sa.UniqueConstraint(
            "device_id", "msisdn", name=op.f("device_requests_device_id_msisdn_key")
        ),
    )
    op.create_index("device_requests_asked_at_idx", "device_requests", ["asked_at"])


def downgrade() -> None:
    op.drop_table("device_requests")
    op.drop_constraint(op.f("devices_plan_offer_check"), "devices")
    op.drop_column("devices", "plan_offer_id")
    op.drop_table("plan_offers")
