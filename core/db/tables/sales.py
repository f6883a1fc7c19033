"""Devices, the sales and instalments that pay for them, and the access fees of meters."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables.columns import amount_minor, enum_column, metadata, reference, row_id, timestamp
from core.device import DeviceKind, KeypadDigits
from core.ownership import OwnershipReason
from core.plan import Cadence, Scheme
from core.sale import RUNNING_SQL, SaleState

# `token_counter` is the last one used: OpenPAYGO count, Nexus message id or STS time identifier.
# `access_anchor_on` is the day from which the next access-rate period runs. A device that is
# `retired_on` some day is out of use for good: it has no owner and is in no stock.
# `product_id`: the appliance that it is. `divider` (units in a day), `digits` and `model` describe
# an OpenPAYGO device as its manufacturer does; empty means a divider of 1 and all ten digits. No
# code of it may be the same as its `test_code`. `kit_counter` is the count that the device is known
# to have reached, where a person read it. `sealed_chain`: the last links of its codes, encrypted.
# `sealed_key`, `starting_code`, `test_code` and `sealed_chain` are hidden from the web process,
# which is told whether it `has_key` (core/db/roles.py).
devices = Table(
    "devices",
    metadata,
    row_id(),
    Column("serial", Text, nullable=False, unique=True),
    *enum_column("kind", DeviceKind),
    reference("manufacturer_id", "manufacturers"),
    reference("owner_id", "customers", nullable=True),
    reference("tariff_id", "tariffs", nullable=True),
    reference("plan_offer_id", "plan_offers", nullable=True),
    reference("product_id", "appliances", nullable=True),
    Column("assigned_on", Date, nullable=True),
    Column("access_anchor_on", Date, nullable=True),
    Column("sealed_key", LargeBinary, nullable=True),
    Column("has_key", Boolean, Computed("sealed_key IS NOT NULL", persisted=True), nullable=False),
    Column("starting_code", BigInteger, nullable=True),
    Column("test_code", Text, nullable=True),
    Column("sealed_chain", LargeBinary, nullable=True),
    Column("sts", JSONB, nullable=True),
    Column("divider", Integer, nullable=True),
    *enum_column("digits", KeypadDigits, nullable=True),
    Column("model", Text, nullable=True),
    Column("initial_counter", BigInteger, nullable=False, server_default=text("0")),
    Column("token_counter", BigInteger, nullable=False, server_default=text("0")),
    Column("kit_counter", BigInteger, nullable=True),
    Column("retired_on", Date, nullable=True),
    reference("replaced_by_id", "devices", nullable=True),
    Index("devices_owner_id_idx", "owner_id"),
    Index("devices_sgc_idx", text("(sts ->> 'sgc')"), postgresql_where=text("sts IS NOT NULL")),
    CheckConstraint("divider BETWEEN 1 AND 255", name="divider"),
    CheckConstraint("token_counter >= initial_counter", name="counter"),
    CheckConstraint("kit_counter BETWEEN 0 AND token_counter", name="kit_counter"),
    CheckConstraint("retired_on IS NULL OR owner_id IS NULL", name="retired"),
    CheckConstraint("tariff_id IS NULL OR kind = 'meter'", name="tariff"),
    CheckConstraint("plan_offer_id IS NULL OR kind <> 'meter'", name="plan_offer"),
)

# The STS vending keys that the workers hold, by supply group, key revision (0: any, where the group
# has one key and no meters yet) and key derivation. Workers write it when they start. No key is
# in it.
vending_keys = Table(
    "vending_keys",
    metadata,
    Column("sgc", Text, primary_key=True),
    Column("krn", SmallInteger, primary_key=True, autoincrement=False),
    Column("dkga", SmallInteger, primary_key=True, autoincrement=False),
    timestamp("published_at"),
    CheckConstraint("krn BETWEEN 0 AND 9", name="krn"),
)

# The tariff that a meter was on until that instant, once for each time it was moved to another.
past_tariffs = Table(
    "past_tariffs",
    metadata,
    row_id(),
    reference("device_id", "devices"),
    reference("tariff_id", "tariffs"),
    timestamp("until_at"),
    Index("past_tariffs_device_id_idx", "device_id"),
)

# Append-only: every change of hands of a device with its instant; NULL is no owner. The last
# one of a device names its owner: a trigger compares them at the commit.
ownership_changes = Table(
    "ownership_changes",
    metadata,
    row_id(),
    reference("device_id", "devices"),
    reference("from_customer_id", "customers", nullable=True),
    reference("to_customer_id", "customers", nullable=True),
    timestamp("changed_at"),
    *enum_column("reason", OwnershipReason),
    CheckConstraint("from_customer_id IS DISTINCT FROM to_customer_id", name="hands"),
    Index("ownership_changes_device_id_idx", "device_id", "id"),
)


# `sold_at`: the instant of a sale that was made here; what was paid before does not pay it. It is
# empty for a sale that was imported. `written_off_minor` is what was given up as a loss,
# `recovered_minor` what came of it after all.
# `commission_minor` is what the agent has for it by now: `commission_bp` hundredths of a percent of
# the price, and once the sale has ended otherwise than by payment, of what was paid.
sales = Table(
    "sales",
    metadata,
    row_id(),
    reference("customer_id", "customers"),
    reference("appliance_id", "appliances"),
    reference("device_id", "devices", nullable=True),
    *enum_column("scheme", Scheme),
    *enum_column("cadence", Cadence),
    amount_minor("total_minor"),
    amount_minor("price_per_day_minor", nullable=True),
    amount_minor("minimum_payment_minor", default=0),
    Column("sold_on", Date, nullable=False),
    timestamp("sold_at", nullable=True),
    Column("reference", Text, nullable=True, unique=True),
    # What was agreed, kept at the first change of it: total, scheme, plan (core.db.sales).
    Column("as_sold", JSONB, nullable=True),
    reference("agent_id", "agents", nullable=True),
    *enum_column("state", SaleState, default="open"),
    Column("paused_on", Date, nullable=True),
    # The rule for late payers counts from this day on.
    Column("default_undone_on", Date, nullable=True),
    amount_minor("written_off_minor", default=0),
    amount_minor("recovered_minor", default=0),
    Column("commission_bp", Integer, nullable=False, server_default=text("0")),
    amount_minor("commission_minor", default=0),
    CheckConstraint("(state = 'paused') = (paused_on IS NOT NULL)", name="paused"),
    CheckConstraint(
        "recovered_minor BETWEEN 0 AND written_off_minor"
        " AND (written_off_minor = 0 OR state = 'written_off')",
        name="written_off",
    ),
    CheckConstraint("commission_bp >= 0 AND commission_minor >= 0", name="commission"),
    Index("sales_customer_id_idx", "customer_id"),
    # One plan at a time on a device.
    Index(
        "sales_open_device_key",
        "device_id",
        unique=True,
        postgresql_where=text(f"state IN {RUNNING_SQL} AND device_id IS NOT NULL"),
    ),
)


# Number 0 is the down payment. `days` is what the whole instalment buys on a PAYG device, and
# `days_given` what it has given so far: it never falls, so a reversal gives no days twice.
instalments = Table(
    "instalments",
    metadata,
    row_id(),
    reference("sale_id", "sales"),
    Column("number", Integer, nullable=False),
    Column("due_on", Date, nullable=False),
    amount_minor("amount_minor"),
    amount_minor("paid_minor", default=0),
    Column("days", Integer, nullable=False, server_default=text("0")),
    Column("days_given", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("sale_id", "number"),
    Index("instalments_due_on_idx", "due_on"),
    CheckConstraint("amount_minor > 0 AND paid_minor BETWEEN 0 AND amount_minor", name="paid"),
    CheckConstraint("days_given >= 0", name="days_given"),
)


# One row per meter and period; `customer_id` owes it even after the meter moved on, except for what
# an operator waived.
access_charges = Table(
    "access_charges",
    metadata,
    row_id(),
    reference("device_id", "devices"),
    reference("customer_id", "customers"),
    Column("due_on", Date, nullable=False),
    amount_minor("amount_minor"),
    amount_minor("paid_minor", default=0),
    amount_minor("waived_minor", default=0),
    UniqueConstraint("device_id", "due_on"),
    CheckConstraint(
        "amount_minor > 0 AND paid_minor >= 0 AND waived_minor >= 0"
        " AND paid_minor + waived_minor <= amount_minor",
        name="paid",
    ),
    Index(
        "access_charges_open_idx",
        "customer_id",
        postgresql_where=text("paid_minor + waived_minor < amount_minor"),
    ),
)
