"""What is sold and what it costs: the market, manufacturers, tariffs, appliances, plans."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.appliance import ApplianceKind
from core.db.tables.columns import amount_minor, enum_column, metadata, reference, row_id
from core.plan import Cadence, Scheme

market = Table(
    "market",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("country", Text, nullable=False),
    Column("currency", Text, nullable=False),
    amount_minor("cash_unit_minor"),
    Column("timezone", Text, nullable=False),
    Column("languages", ARRAY(Text), nullable=False),
    Column("service_code", Text, nullable=False),
    Column("operator", Text, nullable=False),
    amount_minor("payment_max_minor"),
    # After so many days late a sale is in default; without it only an operator decides that.
    Column("default_after_days", Integer, nullable=True),
    # Where customers call (E.164) and when (8-18), and the operator's number with the tax office.
    Column("help_line", Text, nullable=True),
    Column("help_hours", Text, nullable=True),
    Column("tax_number", Text, nullable=True),
    # Other countries (ISO 3166) whose strangers are answered by SMS.
    Column("sms_countries", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # When the operator began with this database: what was paid earlier was served by others.
    Column("started_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    CheckConstraint("default_after_days > 0", name="default_after_days"),
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
    # The STS data of this manufacturer's new meters; without it a new meter must be imported.
    Column("sts", JSONB(none_as_null=True), nullable=True),
    # Which of our accounts with the vendor serves its devices, for families that vendors serve.
    Column("account", Text, nullable=False, server_default=text("'main'")),
    CheckConstraint("sts IS NULL OR token_family = 'sts'", name="sts"),
)

tariffs = Table(
    "tariffs",
    metadata,
    row_id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

# A change of price is a new row with a later date; the past is never rewritten. The price of a kWh
# is in thousandths of a minor unit: UGX 796.4 is 796400.
tariff_versions = Table(
    "tariff_versions",
    metadata,
    row_id(),
    reference("tariff_id", "tariffs"),
    Column("valid_from", Date, nullable=False),
    Column("price_per_kwh_thousandths", BigInteger, nullable=False),
    amount_minor("access_rate_minor", default=0),
    Column("access_every_days", Integer, nullable=True),
    amount_minor("minimum_purchase_minor", default=0),
    UniqueConstraint("tariff_id", "valid_from"),
    CheckConstraint("price_per_kwh_thousandths > 0 AND minimum_purchase_minor >= 0", name="prices"),
    CheckConstraint(
        "access_rate_minor = 0 OR (access_rate_minor > 0 AND access_every_days > 0)", name="access"
    ),
)

# In which order a payment pays, from a day on (core.waterfall). `steps`: arrears, access_rate and
# device, each once. `lifeline_percent`: how much of a payment for a meter may go to debts.
waterfalls = Table(
    "waterfalls",
    metadata,
    row_id(),
    Column("valid_from", Date, nullable=False, unique=True),
    Column("steps", ARRAY(Text), nullable=False),
    Column("lifeline_percent", Integer, nullable=True),
    CheckConstraint("lifeline_percent BETWEEN 0 AND 100", name="lifeline"),
    CheckConstraint(
        "cardinality(steps) = 3 AND steps @> ARRAY['arrears', 'access_rate', 'device']",
        name="steps",
    ),
)

appliances = Table(
    "appliances",
    metadata,
    row_id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    *enum_column("kind", ApplianceKind),
    amount_minor("price_minor"),
    Column("initial_days", Integer, nullable=False, server_default=text("0")),
    # Energy as a service: sold by the day, no instalments.
    amount_minor("price_per_day_minor", nullable=True),
    amount_minor("minimum_payment_minor", default=0),
    CheckConstraint("price_minor >= 0 AND initial_days >= 0", name="figures"),
)

# A plan the operator allows for an appliance: an agent picks it instead of making figures up, and a
# kit in stock may have its plan set, so that a customer can register it without an agent.
plan_offers = Table(
    "plan_offers",
    metadata,
    row_id(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    reference("appliance_id", "appliances"),
    *enum_column("scheme", Scheme),
    *enum_column("cadence", Cadence),
    Column("count", Integer, nullable=True),
    amount_minor("instalment_minor", nullable=True),
    amount_minor("down_payment_minor", default=0),
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
