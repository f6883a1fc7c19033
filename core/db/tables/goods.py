"""What is sold and what it costs: market, makers, tariffs, appliances, devices, sales."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables.books import metadata, minor, reference, row_id, word

market = Table(
    "market",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("country", Text, nullable=False),
    Column("currency", Text, nullable=False),
    minor("cash_unit_minor"),
    Column("timezone", Text, nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("service_code", Text, nullable=False),
    Column("operator", Text, nullable=False),
    minor("payment_max_minor"),
    CheckConstraint("id = 1", name="only_one"),
    CheckConstraint("cash_unit_minor > 0", name="cash_unit"),
)

manufacturers = Table(
    "manufacturers",
    metadata,
    row_id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("kinds", ARRAY(Text), nullable=False),
    Column("token_family", Text, nullable=False),
    # What new meters of this maker leave the factory with; without it a new one has to be imported.
    Column("sts", JSONB(none_as_null=True), nullable=True),
    CheckConstraint("sts IS NULL OR token_family = 'sts'", name="sts"),
)

tariffs = Table(
    "tariffs",
    metadata,
    row_id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

# A change of price is a new row with a later date; the past is never rewritten.
tariff_versions = Table(
    "tariff_versions",
    metadata,
    row_id(),
    reference("tariff_id", "tariffs"),
    Column("valid_from", Date, nullable=False),
    minor("price_per_kwh_minor"),
    minor("access_rate_minor", default=0),
    Column("access_every_days", Integer, nullable=True),
    minor("minimum_purchase_minor", default=0),
    UniqueConstraint("tariff_id", "valid_from"),
    CheckConstraint("price_per_kwh_minor > 0 AND minimum_purchase_minor >= 0", name="prices"),
    CheckConstraint(
        "access_rate_minor = 0 OR (access_rate_minor > 0 AND access_every_days > 0)", name="access"
    ),
)

appliances = Table(
    "appliances",
    metadata,
    row_id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    *word("kind", "meter", "shs", "e_bike", "other"),
    minor("price_minor"),
    Column("initial_days", Integer, nullable=False, server_default=text("0")),
    # Energy as a service: sold by the day, no instalments.
    minor("price_per_day_minor", nullable=True),
    minor("minimum_payment_minor", default=0),
    CheckConstraint("price_minor >= 0 AND initial_days >= 0", name="figures"),
)

# A plan the operator allows for an appliance: an agent picks it instead of making figures up, and a
# kit in stock may have its plan set, so that whoever gets it can register it alone.
plan_offers = Table(
    "plan_offers",
    metadata,
    row_id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    reference("appliance_id", "appliances"),
    *word("scheme", "count", "amount", "service"),
    *word("cadence", "daily", "weekly", "monthly"),
    Column("count", Integer, nullable=True),
    minor("instalment_minor", nullable=True),
    minor("down_payment_minor", default=0),
    CheckConstraint(
        "down_payment_minor >= 0 AND CASE scheme WHEN 'count' THEN count > 0"
        " AND instalment_minor IS NULL WHEN 'service' THEN count IS NULL"
        " AND instalment_minor IS NULL"
        " AND down_payment_minor = 0"
        " ELSE instalment_minor > 0 AND count IS NULL END",
        name="terms",
    ),
    Index("plan_offers_appliance_id_idx", "appliance_id"),
)

# `token_counter` is the last one used: OpenPAYGO count, Nexus message id or STS time identifier.
# `access_anchor_on` is the day from which the next access-rate period runs. A device that is
# `retired_on` some day is out of use for good: it is in nobody's hands, and in no stock.
devices = Table(
    "devices",
    metadata,
    row_id(),
    Column("serial", Text, nullable=False, unique=True),
    *word("kind", "meter", "shs", "e_bike"),
    reference("manufacturer_id", "manufacturers"),
    reference("owner_id", "customers", nullable=True),
    reference("tariff_id", "tariffs", nullable=True),
    reference("plan_offer_id", "plan_offers", nullable=True),
    Column("assigned_on", Date, nullable=True),
    Column("access_anchor_on", Date, nullable=True),
    Column("sealed_key", LargeBinary, nullable=True),
    Column("starting_code", BigInteger, nullable=True),
    Column("sts", JSONB, nullable=True),
    Column("initial_counter", BigInteger, nullable=False, server_default=text("0")),
    Column("token_counter", BigInteger, nullable=False, server_default=text("0")),
    Column("retired_on", Date, nullable=True),
    reference("replaced_by_id", "devices", nullable=True),
    Index("devices_owner_id_idx", "owner_id"),
    CheckConstraint("token_counter >= initial_counter", name="counter"),
    CheckConstraint("retired_on IS NULL OR owner_id IS NULL", name="retired"),
    CheckConstraint("tariff_id IS NULL OR kind = 'meter'", name="tariff"),
    CheckConstraint("plan_offer_id IS NULL OR kind <> 'meter'", name="plan_offer"),
)

sales = Table(
    "sales",
    metadata,
    row_id(),
    reference("customer_id", "customers"),
    reference("appliance_id", "appliances"),
    reference("device_id", "devices", nullable=True),
    *word("scheme", "count", "amount", "service"),
    *word("cadence", "daily", "weekly", "monthly"),
    minor("total_minor"),
    minor("price_per_day_minor", nullable=True),
    minor("minimum_payment_minor", default=0),
    Column("sold_on", Date, nullable=False),
    Column("reference", Text, nullable=True, unique=True),
    # What was agreed, kept at the first change of it: total, scheme, plan (core.db.sales).
    Column("as_sold", JSONB, nullable=True),
    reference("agent_id", "agents", nullable=True),
    *word("state", "open", "complete", "cancelled", default="open"),
    Index("sales_customer_id_idx", "customer_id"),
    # One plan at a time on a device.
    Index(
        "sales_open_device_key",
        "device_id",
        unique=True,
        postgresql_where=text("state = 'open' AND device_id IS NOT NULL"),
    ),
)

# Number 0 is the down payment. `days` is what the whole instalment buys on a PAYG device.
instalments = Table(
    "instalments",
    metadata,
    row_id(),
    reference("sale_id", "sales"),
    Column("number", Integer, nullable=False),
    Column("due_on", Date, nullable=False),
    minor("amount_minor"),
    minor("paid_minor", default=0),
    Column("days", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("sale_id", "number"),
    Index("instalments_due_on_idx", "due_on"),
    CheckConstraint("amount_minor > 0 AND paid_minor BETWEEN 0 AND amount_minor", name="paid"),
)

# One row per meter and period; `customer_id` owes it even after the meter moved on.
access_charges = Table(
    "access_charges",
    metadata,
    row_id(),
    reference("device_id", "devices"),
    reference("customer_id", "customers"),
    Column("due_on", Date, nullable=False),
    minor("amount_minor"),
    minor("paid_minor", default=0),
    UniqueConstraint("device_id", "due_on"),
    CheckConstraint("amount_minor > 0 AND paid_minor BETWEEN 0 AND amount_minor", name="paid"),
    Index(
        "access_charges_open_idx", "customer_id", postgresql_where=text("paid_minor < amount_minor")
    ),
)
