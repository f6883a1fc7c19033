"""the books

Revision: 0001, after nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:

    op.create_table(
        "agents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("pin_is_initial", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("float_limit_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "commission_collections_bp", sa.Integer(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("commission_sales_bp", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("villages", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.CheckConstraint(
            "commission_collections_bp BETWEEN 0 AND 10000"
            " AND commission_sales_bp BETWEEN 0 AND 10000 AND float_limit_minor >= 0",
            name=op.f("agents_figures_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("agents_pkey")),
        sa.UniqueConstraint("msisdn", name=op.f("agents_msisdn_key")),
    )
    op.create_table(
        "appliances",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("initial_days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("price_per_day_minor", sa.BigInteger(), nullable=True),
        sa.Column(
            "minimum_payment_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('meter', 'shs', 'e_bike', 'other')", name=op.f("appliances_kind_check")
        ),
        sa.CheckConstraint(
            "price_minor >= 0 AND initial_days >= 0", name=op.f("appliances_figures_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("appliances_pkey")),
        sa.UniqueConstraint("code", name=op.f("appliances_code_key")),
    )
    op.create_table(
        "delivery_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider_message_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("delivery_reports_pkey")),
        sa.UniqueConstraint(
            "provider_message_id",
            "status",
            name=op.f("delivery_reports_provider_message_id_status_key"),
        ),
    )
    op.create_table(
        "inbound_sms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_message_id", sa.Text(), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("inbound_sms_pkey")),
        sa.UniqueConstraint(
            "provider",
            "provider_message_id",
            name=op.f("inbound_sms_provider_provider_message_id_key"),
        ),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "transaction_id",
            sa.Text(),
            server_default=sa.text("pg_current_xact_id()::text"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("journal_entries_pkey")),
        sa.UniqueConstraint("idempotency_key", name=op.f("journal_entries_idempotency_key_key")),
    )
    op.create_table(
        "ledger_accounts",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("normal_side", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "normal_side IN ('debit', 'credit')", name=op.f("ledger_accounts_normal_side_check")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("ledger_accounts_pkey")),
    )
    op.create_table(
        "manufacturers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kinds", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("token_family", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("manufacturers_pkey")),
        sa.UniqueConstraint("code", name=op.f("manufacturers_code_key")),
    )
    op.create_table(
        "market",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("cash_unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("languages", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("payment_max_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("cash_unit_minor > 0", name=op.f("market_cash_unit_check")),
        sa.CheckConstraint("id = 1", name=op.f("market_only_one_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("market_pkey")),
    )
    op.create_table(
        "stranger_languages",
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("msisdn", name=op.f("stranger_languages_pkey")),
    )
    op.create_table(
        "tariffs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("tariffs_pkey")),
        sa.UniqueConstraint("code", name=op.f("tariffs_code_key")),
    )
    op.create_table(
        "ussd_effects",
        sa.Column("ussd_session", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ussd_session", "position", name=op.f("ussd_effects_pkey")),
    )
    op.create_table(
        "villages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("villages_pkey")),
        sa.UniqueConstraint("code", name=op.f("villages_code_key")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("surname", sa.Text(), nullable=False),
        sa.Column("village_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("credit_minor >= 0", name=op.f("customers_credit_check")),
        sa.ForeignKeyConstraint(
            ["village_id"], ["villages.id"], name=op.f("customers_village_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("customers_pkey")),
    )
    op.create_table(
        "tariff_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("tariff_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("price_per_kwh_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "access_rate_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("access_every_days", sa.Integer(), nullable=True),
        sa.Column(
            "minimum_purchase_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.CheckConstraint(
            "access_rate_minor = 0 OR (access_rate_minor > 0 AND access_every_days > 0)",
            name=op.f("tariff_versions_access_check"),
        ),
        sa.CheckConstraint(
            "price_per_kwh_minor > 0 AND minimum_purchase_minor >= 0",
            name=op.f("tariff_versions_prices_check"),
        ),
        sa.ForeignKeyConstraint(
            ["tariff_id"], ["tariffs.id"], name=op.f("tariff_versions_tariff_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("tariff_versions_pkey")),
        sa.UniqueConstraint(
            "tariff_id", "valid_from", name=op.f("tariff_versions_tariff_id_valid_from_key")
        ),
    )
    op.create_table(
        "customer_msisdns",
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "sha256",
            sa.Text(),
            sa.Computed(
                "encode(sha256(decode(substr(msisdn, 2), 'escape')), 'hex')", persisted=True
            ),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("customer_msisdns_customer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("msisdn", name=op.f("customer_msisdns_pkey")),
        sa.UniqueConstraint("sha256", name=op.f("customer_msisdns_sha256_key")),
    )
    op.create_index(
        "customer_msisdns_customer_id_idx",
        "customer_msisdns",
        ["customer_id", "position"],
        unique=False,
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("manufacturer_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("tariff_id", sa.BigInteger(), nullable=True),
        sa.Column("assigned_on", sa.Date(), nullable=True),
        sa.Column("access_anchor_on", sa.Date(), nullable=True),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("starting_code", sa.BigInteger(), nullable=True),
        sa.Column("sts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("initial_counter", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("token_counter", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("kind IN ('meter', 'shs', 'e_bike')", name=op.f("devices_kind_check")),
        sa.CheckConstraint(
            "tariff_id IS NULL OR kind = 'meter'", name=op.f("devices_tariff_check")
        ),
        sa.CheckConstraint("token_counter >= initial_counter", name=op.f("devices_counter_check")),
        sa.ForeignKeyConstraint(
            ["manufacturer_id"], ["manufacturers.id"], name=op.f("devices_manufacturer_id_fkey")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["customers.id"], name=op.f("devices_owner_id_fkey")),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariffs.id"], name=op.f("devices_tariff_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("devices_pkey")),
        sa.UniqueConstraint("serial", name=op.f("devices_serial_key")),
    )
    op.create_index("devices_owner_id_idx", "devices", ["owner_id"], unique=False)
    op.create_table(
        "postings",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("side IN ('debit', 'credit')", name=op.f("postings_side_check")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("postings_amount_check")),
        sa.ForeignKeyConstraint(
            ["account"], ["ledger_accounts.code"], name=op.f("postings_account_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("postings_customer_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entries.id"], name=op.f("postings_entry_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("postings_pkey")),
    )
    op.create_index(
        "postings_account_customer_id_idx", "postings", ["account", "customer_id"], unique=False
    )
    op.create_index("postings_entry_id_idx", "postings", ["entry_id"], unique=False)
    op.create_table(
        "problem_reports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("problem_reports_customer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("problem_reports_pkey")),
    )
    op.create_table(
        "access_charges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0 AND paid_minor BETWEEN 0 AND amount_minor",
            name=op.f("access_charges_paid_check"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("access_charges_customer_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("access_charges_device_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("access_charges_pkey")),
        sa.UniqueConstraint(
            "device_id", "due_on", name=op.f("access_charges_device_id_due_on_key")
        ),
    )
    op.create_index(
        "access_charges_open_idx",
        "access_charges",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("paid_minor < amount_minor"),
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("provider_account", sa.Text(), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("account_raw", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), server_default=sa.text("'device'"), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("payer_kind", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'received'"), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "credit_used_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(device_id IS NULL) = (state = 'suspense')", name=op.f("payments_matched_check")
        ),
        sa.CheckConstraint(
            "payer_kind IN ('msisdn', 'masked', 'sha256', 'none')",
            name=op.f("payments_payer_kind_check"),
        ),
        sa.CheckConstraint("purpose IN ('device', 'loan')", name=op.f("payments_purpose_check")),
        sa.CheckConstraint(
            "state IN ('received', 'applied', 'suspense')", name=op.f("payments_state_check")
        ),
        sa.CheckConstraint(
            "(device_id IS NULL) = (customer_id IS NULL)", name=op.f("payments_owner_check")
        ),
        sa.CheckConstraint(
            "amount_minor > 0 AND credit_used_minor >= 0", name=op.f("payments_amounts_check")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("payments_customer_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("payments_device_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payments_pkey")),
        sa.UniqueConstraint(
            "provider_account", "receipt", name=op.f("payments_provider_account_receipt_key")
        ),
    )
    op.create_index("payments_customer_id_idx", "payments", ["customer_id"], unique=False)
    op.create_index("payments_receipt_idx", "payments", ["receipt"], unique=False)
    op.create_index(
        "payments_waiting_idx",
        "payments",
        ["next_attempt_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_table(
        "sales",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("appliance_id", sa.BigInteger(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("price_per_day_minor", sa.BigInteger(), nullable=True),
        sa.Column(
            "minimum_payment_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("sold_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("agent_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.CheckConstraint(
            "cadence IN ('daily', 'weekly', 'monthly')", name=op.f("sales_cadence_check")
        ),
        sa.CheckConstraint(
            "scheme IN ('count', 'amount', 'service')", name=op.f("sales_scheme_check")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'complete', 'cancelled')", name=op.f("sales_state_check")
        ),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("sales_agent_id_fkey")),
        sa.ForeignKeyConstraint(
            ["appliance_id"], ["appliances.id"], name=op.f("sales_appliance_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("sales_customer_id_fkey")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("sales_device_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sales_pkey")),
        sa.UniqueConstraint("reference", name=op.f("sales_reference_key")),
    )
    op.create_index("sales_customer_id_idx", "sales", ["customer_id"], unique=False)
    op.create_index(
        "sales_open_device_key",
        "sales",
        ["device_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open' AND device_id IS NOT NULL"),
    )
    op.create_table(
        "instalments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("sale_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_minor", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0 AND paid_minor BETWEEN 0 AND amount_minor",
            name=op.f("instalments_paid_check"),
        ),
        sa.ForeignKeyConstraint(["sale_id"], ["sales.id"], name=op.f("instalments_sale_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("instalments_pkey")),
        sa.UniqueConstraint("sale_id", "number", name=op.f("instalments_sale_id_number_key")),
    )
    op.create_table(
        "prompts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("account_reference", sa.Text(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), server_default=sa.text("'device'"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("checkout_reference", sa.Text(), nullable=True),
        sa.Column("provider_code", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('device', 'loan')", name=op.f("prompts_purpose_check")),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'pending', 'unknown', 'approved', 'paid', 'failed')",
            name=op.f("prompts_state_check"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("prompts_amount_check")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("prompts_device_id_fkey")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("prompts_payment_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("prompts_pkey")),
        sa.UniqueConstraint("checkout_reference", name=op.f("prompts_checkout_reference_key")),
    )
    op.create_index("prompts_account_reference_idx", "prompts", ["account_reference"], unique=False)
    op.create_index(
        "prompts_waiting_idx",
        "prompts",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("part", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('energy', 'days', 'unlock', 'lock')", name=op.f("tokens_kind_check")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("tokens_device_id_fkey")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("tokens_payment_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("tokens_pkey")),
        sa.UniqueConstraint("device_id", "counter", name=op.f("tokens_device_id_counter_key")),
        sa.UniqueConstraint(
            "payment_id", "device_id", "part", name=op.f("tokens_payment_id_device_id_part_key")
        ),
    )
    op.create_table(
        "payment_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("instalment_id", sa.BigInteger(), nullable=True),
        sa.Column("access_charge_id", sa.BigInteger(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('down_payment', 'instalment', 'access_rate', 'energy', 'days', 'credit',"
            " 'suspense')",
            name=op.f("payment_lines_kind_check"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("payment_lines_amount_check")),
        sa.ForeignKeyConstraint(
            ["access_charge_id"],
            ["access_charges.id"],
            name=op.f("payment_lines_access_charge_id_fkey"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("payment_lines_device_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["instalment_id"], ["instalments.id"], name=op.f("payment_lines_instalment_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("payment_lines_payment_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_lines_pkey")),
        sa.UniqueConstraint(
            "payment_id", "number", name=op.f("payment_lines_payment_id_number_key")
        ),
    )
    op.create_table(
        "sms",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("msisdn", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("token_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("provider_message_id", sa.Text(), nullable=True),
        sa.Column("provider_status", sa.Text(), nullable=True),
        sa.Column("cost", sa.Text(), nullable=True),
        sa.Column("segments", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'delivered', 'failed', 'unknown')",
            name=op.f("sms_state_check"),
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("sms_payment_id_fkey")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("sms_token_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sms_pkey")),
        sa.UniqueConstraint("dedupe_key", name=op.f("sms_dedupe_key_key")),
        sa.UniqueConstraint("provider_message_id", name=op.f("sms_provider_message_id_key")),
    )
    op.create_index("sms_msisdn_idx", "sms", ["msisdn"], unique=False)
    op.create_index("sms_payment_id_idx", "sms", ["payment_id"], unique=False)
    op.create_index("sms_token_id_idx", "sms", ["token_id"], unique=False)
    op.create_index(
        "sms_waiting_idx",
        "sms",
        ["next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )


def downgrade() -> None:

    op.drop_index(
        "sms_waiting_idx", table_name="sms", postgresql_where=sa.text("next_attempt_at IS NOT NULL")
    )
    op.drop_index("sms_token_id_idx", table_name="sms")
    op.drop_index("sms_payment_id_idx", table_name="sms")
    op.drop_index("sms_msisdn_idx", table_name="sms")
    op.drop_table("sms")
    op.drop_table("payment_lines")
    op.drop_table("tokens")
    op.drop_index(
        "prompts_waiting_idx",
        table_name="prompts",
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
    op.drop_index("prompts_account_reference_idx", table_name="prompts")
    op.drop_table("prompts")
    op.drop_table("instalments")
    op.drop_index(
        "sales_open_device_key",
        table_name="sales",
        postgresql_where=sa.text("state = 'open' AND device_id IS NOT NULL"),
    )
    op.drop_index("sales_customer_id_idx", table_name="sales")
    op.drop_table("sales")
    op.drop_index(
        "payments_waiting_idx",
        table_name="payments",
        postgresql_where=sa.text("state = 'received'"),
    )
    op.drop_index("payments_receipt_idx", table_name="payments")
    op.drop_index("payments_customer_id_idx", table_name="payments")
    op.drop_table("payments")
    op.drop_index(
        "access_charges_open_idx",
        table_name="access_charges",
        postgresql_where=sa.text("paid_minor < amount_minor"),
    )
    op.drop_table("access_charges")
    op.drop_table("problem_reports")
    op.drop_index("postings_entry_id_idx", table_name="postings")
    op.drop_index("postings_account_customer_id_idx", table_name="postings")
    op.drop_table("postings")
    op.drop_index("devices_owner_id_idx", table_name="devices")
    op.drop_table("devices")
    op.drop_index("customer_msisdns_customer_id_idx", table_name="customer_msisdns")
    op.drop_table("customer_msisdns")
    op.drop_table("tariff_versions")
    op.drop_table("customers")
    op.drop_table("villages")
    op.drop_table("ussd_effects")
    op.drop_table("tariffs")
    op.drop_table("stranger_languages")
    op.drop_table("market")
    op.drop_table("manufacturers")
    op.drop_table("ledger_accounts")
    op.drop_table("journal_entries")
    op.drop_table("inbound_sms")
    op.drop_table("delivery_reports")
    op.drop_table("appliances")
    op.drop_table("agents")
