"""Meters that were never imported, and use by the day on an agent's menu.

Revision: 0011, after 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0012"

_PLAN_TERMS = (
    "down_payment_minor >= 0 AND CASE scheme WHEN 'count' THEN count > 0"
    " AND instalment_minor IS NULL {service} ELSE instalment_minor > 0 AND count IS NULL END"
)
_BY_THE_DAY = (
    "WHEN 'service' THEN count IS NULL AND instalment_minor IS NULL AND down_payment_minor = 0"
)
_PENDING_TERMS = (
    "(tariff IS NULL) = (appliance IS NOT NULL) AND (appliance IS NULL OR (cadence IS NOT NULL"
    " AND CASE scheme WHEN 'count' THEN count > 0 WHEN 'amount' THEN instalment_minor > 0"
    " {service} ELSE false END))"
)


def upgrade() -> None:
    op.add_column("manufacturers", sa.Column("sts", JSONB(), nullable=True))
    op.create_check_constraint(
        op.f("manufacturers_sts_check"), "manufacturers", "sts IS NULL OR token_family = 'sts'"
    )
    _replace("plan_offers", "scheme", "scheme IN ('count', 'amount', 'service')")
    _replace("plan_offers", "terms", _PLAN_TERMS.format(service=_BY_THE_DAY))
    by_the_day = "WHEN 'service' THEN true"
    _replace("pending_registrations", "terms", _PENDING_TERMS.format(service=by_the_day))


def downgrade() -> None:
    op.execute("DELETE FROM pending_registrations WHERE scheme = 'service'")
    op.execute(
        "UPDATE devices SET plan_offer_id = NULL WHERE plan_offer_id IN"
        " (SELECT id FROM plan_offers WHERE scheme = 'service')"
    )
    op.execute("DELETE FROM plan_offers WHERE scheme = 'service'")
    _replace("pending_registrations", "terms", _PENDING_TERMS.format(service=""))
    _replace("plan_offers", "terms", _PLAN_TERMS.format(service=""))
    _replace("plan_offers", "scheme", "scheme IN ('count', 'amount')")
    op.drop_constraint(op.f("manufacturers_sts_check"), "manufacturers")
    op.drop_column("manufacturers", "sts")


def _replace(table: str, name: str, condition: str) -> None:
    """The same check, wider: nothing that was stored breaks it."""
    op.drop_constraint(op.f(f"{table}_{name}_check"), table)
    op.create_check_constraint(op.f(f"{table}_{name}_check"), table, condition)
