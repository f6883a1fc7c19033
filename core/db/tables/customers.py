"""Who is who: villages, customers and their numbers, agents."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.db.tables.columns import (
    amount_minor,
    enum_column,
    metadata,
    reference,
    row_id,
    timestamp,
)
from core.plan import Cadence, Scheme

villages = Table(
    "villages",
    metadata,
    row_id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

# `credit_minor` is the balance of the customer_credit account for this customer, kept in the same
# transaction as every posting to it; `dialwatt doctor` compares the two. `account` is what the
# customer types to pay what they owe, without naming a device. `debts_changed_at`: when what they
# owe was last changed otherwise than by a payment, a sale or the calendar. A person who was
# `forgotten_at` some instant has no name and no number any more.
customers = Table(
    "customers",
    metadata,
    row_id(),
    Column("name", Text, nullable=False),
    Column("surname", Text, nullable=False),
    reference("village_id", "villages", nullable=True),
    Column("language", Text, nullable=False),
    amount_minor("credit_minor", default=0),
    timestamp("created_at"),
    Column(
        "account",
        Text,
        Computed("account_reference(id)", persisted=True),
        nullable=False,
        unique=True,
    ),
    timestamp("debts_changed_at", nullable=True),
    timestamp("forgotten_at", nullable=True),
    CheckConstraint("credit_minor >= 0", name="credit"),
)

# The number with the lowest position is where texts go. M-Pesa tells us a payer only as the hash of
# the number's digits, so that a payer we know can be found by it.
customer_msisdns = Table(
    "customer_msisdns",
    metadata,
    Column("msisdn", Text, primary_key=True),
    reference("customer_id", "customers"),
    Column("position", Integer, nullable=False, server_default=text("0")),
    Column(
        "sha256",
        Text,
        Computed("encode(sha256(decode(substr(msisdn, 2), 'escape')), 'hex')", persisted=True),
        unique=True,
    ),
    Index("customer_msisdns_customer_id_idx", "customer_id", "position"),
)

# A number that was a customer's until then: texts to it are part of that customer's history, and of
# nobody's who got the number later.
past_msisdns = Table(
    "past_msisdns",
    metadata,
    row_id(),
    Column("msisdn", Text, nullable=False),
    reference("customer_id", "customers"),
    timestamp("held_until"),
    Index("past_msisdns_msisdn_idx", "msisdn"),
    Index("past_msisdns_customer_id_idx", "customer_id"),
)

# `float_used_minor` is what an agent owes the operator (the balance of clearing:agent:<id>) and
# `commission_minor` what is owed to the agent (commission:agent:<id>), both kept in the transaction
# of every posting to those accounts and compared with them by `dialwatt doctor`. An agent who was
# `forgotten_at` some instant has no name, and `forgotten:<id>` for a number.
agents = Table(
    "agents",
    metadata,
    row_id(),
    Column("msisdn", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("surname", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("pin_hash", Text, nullable=False),
    Column("pin_is_initial", Boolean, nullable=False, server_default=text("true")),
    amount_minor("float_limit_minor"),
    Column("commission_collections_bp", Integer, nullable=False, server_default=text("0")),
    Column("commission_sales_bp", Integer, nullable=False, server_default=text("0")),
    Column("villages", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("pin_misses", Integer, nullable=False, server_default=text("0")),
    Column("pin_locks", Integer, nullable=False, server_default=text("0")),
    timestamp("locked_until", nullable=True),
    amount_minor("float_used_minor", default=0),
    amount_minor("commission_minor", default=0),
    timestamp("forgotten_at", nullable=True),
    CheckConstraint("float_used_minor >= 0 AND commission_minor >= 0", name="balances"),
    CheckConstraint(
        "commission_collections_bp BETWEEN 0 AND 10000"
        " AND commission_sales_bp BETWEEN 0 AND 10000 AND float_limit_minor >= 0",
        name="figures",
    ),
)

# A registration an agent asked for by text, until the agent confirms it with the PIN from the menu;
# or one that was confirmed at `confirmed_at` and waits until the vendor says whether it has the
# device (serial_checks).
# A meter has a tariff; anything else an appliance with its plan.
pending_registrations = Table(
    "pending_registrations",
    metadata,
    row_id(),
    reference("agent_id", "agents"),
    Column("serial", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("village", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("surname", Text, nullable=False),
    Column("tariff", Text, nullable=True),
    Column("appliance", Text, nullable=True),
    *enum_column("scheme", Scheme, nullable=True),
    Column("count", Integer, nullable=True),
    amount_minor("instalment_minor", nullable=True),
    *enum_column("cadence", Cadence, nullable=True),
    amount_minor("down_payment_minor", default=0),
    timestamp("asked_at"),
    timestamp("confirmed_at", nullable=True),
    UniqueConstraint("agent_id", "serial"),
    CheckConstraint(
        "(tariff IS NULL) = (appliance IS NOT NULL) AND (appliance IS NULL OR (cadence IS NOT NULL"
        " AND CASE scheme WHEN 'count' THEN count > 0 WHEN 'amount' THEN instalment_minor > 0"
        " WHEN 'service' THEN true ELSE false END))",
        name="terms",
    ),
)

# A request for a device in stock whose tariff or plan is not set. It waits for an agent as long as
# the device has no owner; `name` is empty for a number that is a customer's already.
device_requests = Table(
    "device_requests",
    metadata,
    row_id(),
    reference("device_id", "devices"),
    Column("msisdn", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("surname", Text, nullable=False),
    Column("village", Text, nullable=False),
    timestamp("asked_at"),
    UniqueConstraint("device_id", "msisdn"),
    Index("device_requests_asked_at_idx", "asked_at"),
)

# The language that a stranger (neither customer nor agent) has chosen, and when.
stranger_languages = Table(
    "stranger_languages",
    metadata,
    Column("msisdn", Text, primary_key=True),
    Column("language", Text, nullable=False),
    timestamp("chosen_at"),
)

problem_reports = Table(
    "problem_reports",
    metadata,
    row_id(),
    Column("msisdn", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("customer_id", ForeignKey("customers.id"), nullable=True),
    timestamp("reported_at"),
)
