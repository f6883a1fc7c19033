"""What vendors are asked for, and what the accounts with them can do."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from core.db.tables.columns import amount_minor, enum_column, metadata, reference, row_id, timestamp
from core.device import DeviceKind
from core.vend import RefusalReason, SerialCheckState, VendAction, VendState

# The accounts with vendors that the workers have credentials for, and what each can do
# (core.vend.VendorAbilities). Workers write it when they start.
vendor_accounts = Table(
    "vendor_accounts",
    metadata,
    Column("vendor", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("actions", ARRAY(Text), nullable=False),
    Column("pushes_credit", Boolean, nullable=False),
    Column("repeat_is_safe", Boolean, nullable=False),
    Column("can_look_up", Boolean, nullable=False),
    Column("can_check", Boolean, nullable=False),
    Column("can_list", Boolean, nullable=False),
    Column("needs_date", Boolean, nullable=False),
    Column("code_digits", ARRAY(Integer), nullable=False),
    Column("at_once", Integer, nullable=False),
    timestamp("set_up_at"),
    # Up to where the vendor's list was compared with our vends, and when that is done next.
    timestamp("audited_until", nullable=True),
    timestamp("next_audit_at", nullable=True),
    CheckConstraint("at_once > 0", name="at_once"),
)

# What a vendor's server is asked for a device: for a payment that bought it, or for an operator's
# order. `asked` is committed before the socket opens; what may have been done is `unknown`: it is
# looked up, or asked again where that is one vend all the same, or decided by a person (then
# nothing is due: `next_attempt_at` is empty). `handle` is ours and stays the same. `vendor` and
# `account` are those that were asked last. `units`: tenths of a kWh, or days; 0 otherwise.
# `until_at`: the instant to which it is paid, for vendors that are told a date. `asks` counts how
# often a socket may have been opened; `words` are the vendor's last, `vendor_reference` its name
# for what was done, `pushed` whether without a code; `given_back`: its money became credit.
# `decided_by`: the operator who said how it
# ended; `typed_codes`: those that they typed, until a worker has stored them as tokens.
vends = Table(
    "vends",
    metadata,
    row_id(),
    Column(
        "handle",
        UUID(as_uuid=True),
        nullable=False,
        unique=True,
        server_default=text("gen_random_uuid()"),
    ),
    reference("device_id", "devices"),
    reference("customer_id", "customers", nullable=True),
    reference("payment_id", "payments", nullable=True),
    reference("order_id", "token_orders", nullable=True),
    *enum_column("kind", VendAction),
    Column("units", Integer, nullable=False),
    amount_minor("amount_minor"),
    timestamp("until_at", nullable=True),
    *enum_column("state", VendState, default="waiting"),
    Column("vendor", Text, nullable=True),
    Column("account", Text, nullable=True),
    timestamp("created_at"),
    timestamp("asked_at", nullable=True),
    timestamp("ended_at", nullable=True),
    Column("asks", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    timestamp("next_attempt_at", nullable=True),
    *enum_column("reason", RefusalReason, nullable=True),
    Column("words", Text, nullable=True),
    Column("vendor_reference", Text, nullable=True),
    Column("pushed", Boolean, nullable=False, server_default=text("false")),
    Column("given_back", Boolean, nullable=False, server_default=text("false")),
    Column("decided_by", Text, nullable=True),
    Column("typed_codes", ARRAY(Text), nullable=True),
    # One of a kind for one payment and device, and one for an order.
    UniqueConstraint("payment_id", "device_id", "kind"),
    UniqueConstraint("order_id"),
    CheckConstraint("(payment_id IS NULL) <> (order_id IS NULL)", name="what_for"),
    CheckConstraint(
        "amount_minor >= 0 AND asks >= 0"
        " AND CASE WHEN kind IN ('energy', 'days') THEN units > 0 ELSE units = 0 END",
        name="units",
    ),
    CheckConstraint(
        "(state IN ('done', 'refused', 'withdrawn')) = (ended_at IS NOT NULL)"
        " AND (ended_at IS NULL OR next_attempt_at IS NULL)"
        " AND (next_attempt_at IS NOT NULL OR state NOT IN ('waiting', 'asked'))",
        name="ended",
    ),
    CheckConstraint(
        "state NOT IN ('asked', 'unknown')"
        " OR (asks > 0 AND asked_at IS NOT NULL AND vendor IS NOT NULL AND account IS NOT NULL)",
        name="asked",
    ),
    CheckConstraint("NOT pushed OR state = 'done'", name="pushed"),
    CheckConstraint("NOT given_back OR state = 'withdrawn'", name="given_back"),
    CheckConstraint("typed_codes IS NULL OR state = 'unknown'", name="typed_codes"),
    Index(
        "vends_due_idx",
        "next_attempt_at",
        "id",
        postgresql_where=text("next_attempt_at IS NOT NULL"),
    ),
    Index("vends_open_idx", "created_at", postgresql_where=text("ended_at IS NULL")),
    Index("vends_device_id_idx", "device_id"),
    Index("vends_customer_id_idx", "customer_id"),
    Index(
        "vends_vendor_reference_idx",
        "vendor_reference",
        postgresql_where=text("vendor_reference IS NOT NULL"),
    ),
    Index("vends_asked_at_idx", "vendor", "account", "asked_at"),
)

# Whether a vendor has a device: asked by a worker for an agent who registers it, or an operator who
# enters it. An agent's registration waits for the answer in `pending_registrations`.
serial_checks = Table(
    "serial_checks",
    metadata,
    row_id(),
    Column("serial", Text, nullable=False),
    *enum_column("kind", DeviceKind),
    reference("manufacturer_id", "manufacturers"),
    reference("agent_id", "agents", nullable=True),
    Column("operator", Text, nullable=True),
    *enum_column("state", SerialCheckState, default="asking"),
    Column("words", Text, nullable=True),
    timestamp("asked_at"),
    timestamp("answered_at", nullable=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    timestamp("next_attempt_at", nullable=True),
    UniqueConstraint("serial", "manufacturer_id"),
    CheckConstraint("(agent_id IS NULL) <> (operator IS NULL)", name="who"),
    CheckConstraint(
        "(state = 'asking') = (next_attempt_at IS NOT NULL)"
        " AND (state = 'asking') = (answered_at IS NULL)",
        name="answered",
    ),
    Index(
        "serial_checks_due_idx",
        "next_attempt_at",
        postgresql_where=text("next_attempt_at IS NOT NULL"),
    ),
    Index("serial_checks_agent_id_idx", "agent_id", "asked_at"),
)

# Which codes came of a vend, in the order in which they are typed.
vended_tokens = Table(
    "vended_tokens",
    metadata,
    reference("token_id", "tokens", primary_key=True),
    reference("vend_id", "vends"),
    Column("part", SmallInteger, nullable=False),
    UniqueConstraint("vend_id", "part"),
    CheckConstraint("part > 0", name="part"),
)
