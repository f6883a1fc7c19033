"""Money that goes back: refunds, reversals, claims, cases, and the log of who did what.

Revision: 0007, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0004"

_STATES = "'received', 'applied', 'suspense'"
_MATCHED = (
    "CASE state WHEN 'suspense' THEN device_id IS NULL WHEN 'received' THEN device_id IS NOT NULL"
    " WHEN 'applied' THEN device_id IS NOT NULL ELSE true END"
)
_ACCOUNTS = """
INSERT INTO ledger_accounts (code, normal_side) VALUES
    ('refund_payable', 'credit'),
    ('receivable:clawback', 'debit'),
    ('bank', 'debit'),
    ('expense:provider_fee', 'debit')
"""


def _constrain(states: str, matched: str) -> None:
    for name in ("payments_state_check", "payments_matched_check"):
        op.drop_constraint(op.f(name), "payments")
    op.create_check_constraint(op.f("payments_state_check"), "payments", f"state IN ({states})")
    op.create_check_constraint(op.f("payments_matched_check"), "payments", matched)


def _create_tables() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_log_pkey")),
    )
    op.create_index("audit_log_subject_idx", "audit_log", ["subject", "subject_id"], unique=False)
    op.create_table(
        "balance_assertions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider_account", sa.Text(), nullable=False),
        sa.Column("stated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stated_minor", sa.BigInteger(), nullable=False),
        sa.Column("booked_minor", sa.BigInteger(), nullable=False),
        sa.Column("asserted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("balance_assertions_pkey")),
        sa.UniqueConstraint(
            "provider_account",
            "stated_at",
            name=op.f("balance_assertions_provider_account_stated_at_key"),
        ),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("cases_payment_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("cases_pkey")),
        sa.UniqueConstraint("dedupe_key", name=op.f("cases_dedupe_key_key")),
    )
    op.create_index(
        "cases_open_idx",
        "cases",
        ["opened_at"],
        unique=False,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "statement_pulls",
        sa.Column("provider_account", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider_account", name=op.f("statement_pulls_pkey")),
    )
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("claims_amount_check")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("claims_customer_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("claims_payment_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("claims_pkey")),
        sa.UniqueConstraint("payment_id", name=op.f("claims_payment_id_key")),
    )
    op.create_index("claims_customer_id_idx", "claims", ["customer_id"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("origin_state", sa.Text(), nullable=False),
        sa.Column("client_reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'requested'"), nullable=False),
        sa.Column("provider_code", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "origin_state IN ('received', 'suspense')", name=op.f("refunds_origin_state_check")
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'sending', 'unknown', 'done', 'failed')",
            name=op.f("refunds_state_check"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("refunds_amount_check")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("refunds_payment_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("refunds_pkey")),
        sa.UniqueConstraint("client_reference", name=op.f("refunds_client_reference_key")),
    )
    op.create_index(
        "refunds_payment_key",
        "refunds",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'failed'"),
    )
    op.create_index(
        "refunds_waiting_idx",
        "refunds",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )


def upgrade() -> None:
    _constrain(f"{_STATES}, 'refunding', 'refunded', 'reversed'", _MATCHED)
    _create_tables()
    op.create_index("payments_payer_idx", "payments", ["payer"])
    op.create_index(
        "payments_unmatched_idx",
        "payments",
        ["received_at"],
        postgresql_where=sa.text("state = 'suspense'"),
    )
    op.execute(_ACCOUNTS)
    op.execute(
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE ON audit_log"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    _forget_copies_of_the_state()


def _forget_copies_of_the_state() -> None:
    """Unmatched payments had a line that only repeated their state; it would stand in the way of
    the lines they get once they are matched."""
    op.execute("ALTER TABLE payment_lines DISABLE TRIGGER payment_lines_append_only")
    op.execute("DELETE FROM payment_lines WHERE kind = 'suspense'")
    op.execute("ALTER TABLE payment_lines ENABLE TRIGGER payment_lines_append_only")


def downgrade() -> None:
    for index in ("payments_unmatched_idx", "payments_payer_idx"):
        op.drop_index(index)
    for table in (
        "statement_pulls",
        "balance_assertions",
        "cases",
        "claims",
        "refunds",
        "audit_log",
    ):
        op.drop_table(table)
    op.execute(
        "DELETE FROM ledger_accounts WHERE code IN"
        " ('refund_payable', 'receivable:clawback', 'bank', 'expense:provider_fee')"
    )
    _constrain(_STATES, "(device_id IS NULL) = (state = 'suspense')")
