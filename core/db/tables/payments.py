"""Money as it moved: payments, their lines, tokens, prompts, and the double-entry ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.channel import ChannelName
from core.credit import CreditActKind
from core.db.tables.columns import (
    amount_minor,
    enum_column,
    metadata,
    month_id,
    reference,
    row_id,
    timestamp,
)
from core.device import TokenKind
from core.journal import Side
from core.payment import (
    DoubtReason,
    Evidence,
    LineKind,
    PayerKind,
    PaymentPurpose,
    PaymentState,
    WordState,
)
from core.prompt import PromptState
from core.refund import MoneyBackFrom

# One row per receipt of a provider account, whichever callback announced it. Receipts are stored in
# capitals (core.payment.normalise_receipt). `paid_on`: the day whose prices and debts count for it,
# whenever it is applied. `quoted_at`: what was sold or changed later does not count (empty where
# that is `paid_at`), unless a person has said so at `decided_at`. `evidence`: how it was announced;
# `proof`: what the message brought back. `listed_at`: when a list of the provider first had it.
payments = Table(
    "payments",
    metadata,
    month_id("payments"),
    Column("provider_account", Text, nullable=False),
    Column("receipt", Text, nullable=False),
    Column("source", Text, nullable=False),
    amount_minor("amount_minor"),
    Column("currency", Text, nullable=False),
    Column("account_raw", Text, nullable=False),
    *enum_column("purpose", PaymentPurpose, default="device"),
    reference("device_id", "devices", nullable=True),
    reference("customer_id", "customers", nullable=True),
    *enum_column("payer_kind", PayerKind),
    Column("payer", Text, nullable=True),
    timestamp("paid_at"),
    Column("paid_on", Date, nullable=False),
    timestamp("quoted_at", nullable=True),
    timestamp("decided_at", nullable=True),
    timestamp("received_at"),
    *enum_column("evidence", Evidence, default="proved"),
    Column("proof", Text, nullable=True),
    timestamp("listed_at", nullable=True),
    *enum_column("state", PaymentState, default="received"),
    timestamp("applied_at", nullable=True),
    amount_minor("credit_used_minor", default=0),
    amount_minor("returned_minor", default=0),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    timestamp("next_attempt_at"),
    Column("problem", Text, nullable=True),
    CheckConstraint("receipt = upper(receipt)", name="receipt"),
    CheckConstraint("amount_minor > 0 AND credit_used_minor >= 0", name="amounts"),
    # Money that is being sent or taken back keeps what it was matched to, if it was.
    CheckConstraint(
        "CASE WHEN state = 'suspense' THEN customer_id IS NULL"
        " WHEN state IN ('received', 'applied') THEN customer_id IS NOT NULL ELSE true END",
        name="matched",
    ),
    # Without a device: paid to the customer's account reference, for what they owe.
    CheckConstraint(
        "CASE WHEN customer_id IS NULL THEN device_id IS NULL"
        " ELSE device_id IS NOT NULL OR purpose = 'loan' END",
        name="owner",
    ),
    CheckConstraint(
        "returned_minor BETWEEN 0 AND amount_minor"
        " AND (returned_minor = amount_minor) = (state IN ('refunded', 'reversed'))",
        name="returned",
    ),
    Index(
        "payments_waiting_idx", "next_attempt_at", "id", postgresql_where=text("state = 'received'")
    ),
    Index("payments_customer_id_idx", "customer_id"),
    Index("payments_payer_idx", "payer"),
    Index("payments_unmatched_idx", "received_at", postgresql_where=text("state = 'suspense'")),
    Index("payments_account_received_at_idx", "provider_account", "received_at"),
    postgresql_partition_by="RANGE (id)",
)

# A payment that was not believed when it was announced, and what became of asking the provider for
# its own word. Its payment is on hold until the word comes or a person decides.
provider_words = Table(
    "provider_words",
    metadata,
    reference("payment_id", "payments", primary_key=True),
    *enum_column("reason", DoubtReason),
    *enum_column("state", WordState, default="waiting"),
    timestamp("asked_for_at"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    timestamp("next_attempt_at", nullable=True),
    timestamp("ended_at", nullable=True),
    CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
    CheckConstraint("state = 'waiting' OR next_attempt_at IS NULL", name="next_attempt"),
    Index(
        "provider_words_waiting_idx",
        "next_attempt_at",
        postgresql_where=text("state = 'waiting'"),
    ),
)

# What a customer got for a payment that was then taken back, and owes from `due_on` on. It ends
# when it is paid or written off.
clawbacks = Table(
    "clawbacks",
    metadata,
    row_id(),
    reference("customer_id", "customers"),
    reference("payment_id", "payments"),
    amount_minor("amount_minor"),
    amount_minor("paid_minor", default=0),
    amount_minor("written_off_minor", default=0),
    Column("due_on", Date, nullable=False),
    timestamp("raised_at"),
    UniqueConstraint("payment_id"),
    CheckConstraint(
        "amount_minor > 0 AND paid_minor >= 0 AND written_off_minor >= 0"
        " AND paid_minor + written_off_minor <= amount_minor",
        name="paid",
    ),
    Index(
        "clawbacks_open_idx",
        "customer_id",
        postgresql_where=text("paid_minor + written_off_minor < amount_minor"),
    ),
)

# What a payment did. Their sum is the payment plus the credit it used.
payment_lines = Table(
    "payment_lines",
    metadata,
    reference("payment_id", "payments", primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    *enum_column("kind", LineKind),
    amount_minor("amount_minor"),
    reference("instalment_id", "instalments", nullable=True),
    reference("access_charge_id", "access_charges", nullable=True),
    reference("clawback_id", "clawbacks", nullable=True),
    # The written-off sale that a `recovery` is for.
    reference("sale_id", "sales", nullable=True),
    reference("device_id", "devices", nullable=True),
    CheckConstraint("amount_minor > 0", name="amount"),
    postgresql_partition_by="RANGE (payment_id)",
)

# Money of a payment that went back, part by part. `excess_minor` also left the account, though the
# payment had no more: the customer owes it. `reference` is the receipt of this way back.
payment_returns = Table(
    "payment_returns",
    metadata,
    row_id(),
    reference("payment_id", "payments"),
    Column("number", SmallInteger, nullable=False),
    amount_minor("amount_minor"),
    amount_minor("excess_minor", default=0),
    *enum_column("source", MoneyBackFrom),
    Column("reference", Text, nullable=True),
    timestamp("happened_at"),
    timestamp("booked_at"),
    UniqueConstraint("payment_id", "number"),
    UniqueConstraint("payment_id", "source", "reference"),
    CheckConstraint(
        "amount_minor >= 0 AND excess_minor >= 0 AND amount_minor + excess_minor > 0",
        name="amounts",
    ),
    Index("payment_returns_reference_idx", "reference"),
)

# Which lines of an applied payment a return took back. `clawback_minor` of it was used up and is
# owed by the customer.
payment_return_lines = Table(
    "payment_return_lines",
    metadata,
    reference("return_id", "payment_returns", primary_key=True),
    Column("payment_id", BigInteger, nullable=False),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    amount_minor("amount_minor"),
    amount_minor("clawback_minor", default=0),
    CheckConstraint(
        "amount_minor > 0 AND clawback_minor BETWEEN 0 AND amount_minor", name="amounts"
    ),
    ForeignKeyConstraint(
        ["payment_id", "number"], ["payment_lines.payment_id", "payment_lines.number"]
    ),
    Index("payment_return_lines_payment_id_idx", "payment_id", "number"),
)

# Credit that was given back to the customer, or moved to another. `provider_account` is the one it
# was sent from; `reference` names the act: the same one again is the same act.
credit_acts = Table(
    "credit_acts",
    metadata,
    row_id(),
    *enum_column("kind", CreditActKind),
    reference("customer_id", "customers"),
    reference("to_customer_id", "customers", nullable=True),
    amount_minor("amount_minor"),
    *enum_column("source", MoneyBackFrom, nullable=True),
    Column("provider_account", Text, nullable=True),
    Column("reference", Text, nullable=False),
    timestamp("happened_at"),
    timestamp("booked_at"),
    UniqueConstraint("customer_id", "kind", "reference"),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint(
        "(kind = 'moved') = (to_customer_id IS NOT NULL)"
        " AND (kind = 'given_back') = (source IS NOT NULL)"
        " AND (source IS NOT DISTINCT FROM 'provider') = (provider_account IS NOT NULL)"
        " AND to_customer_id IS DISTINCT FROM customer_id",
        name="shape",
    ),
    Index("credit_acts_to_customer_id_idx", "to_customer_id"),
    Index("credit_acts_reference_idx", "reference"),
)

# `units`: tenths of a kWh, days, watts of a power limit, or the number of a key-change code in its
# set; 0 for the others. The text never changes once stored. A vendor's code has no `counter` that
# we know; it is one of `vended_tokens`.
tokens = Table(
    "tokens",
    metadata,
    month_id("tokens"),
    reference("device_id", "devices"),
    reference("payment_id", "payments", nullable=True),
    Column("part", SmallInteger, nullable=False, server_default=text("0")),
    *enum_column("kind", TokenKind),
    Column("units", Integer, nullable=False),
    Column("counter", BigInteger, nullable=True),
    Column("text", Text, nullable=False),
    timestamp("issued_at"),
    Index("tokens_device_id_idx", "device_id", "id"),
    Index("tokens_payment_id_idx", "payment_id"),
    postgresql_partition_by="RANGE (id)",
)

# A request to a payer's phone to approve a payment (an STK push, a request to pay). Its money is
# for that customer, also when the device has another owner by then. The row is committed before
# the socket opens; `unknown` is looked up, never repeated blindly.
prompts = Table(
    "prompts",
    metadata,
    row_id(),
    Column("msisdn", Text, nullable=False),
    Column("account_reference", Text, nullable=False),
    reference("customer_id", "customers"),
    reference("device_id", "devices", nullable=True),
    amount_minor("amount_minor"),
    *enum_column("purpose", PaymentPurpose, default="device"),
    *enum_column("channel", ChannelName, default="daraja"),
    Column("network", Text, nullable=True),
    *enum_column("state", PromptState, default="waiting"),
    Column("checkout_reference", Text, nullable=True, unique=True),
    Column("provider_code", Text, nullable=True),
    reference("payment_id", "payments", nullable=True),
    timestamp("created_at"),
    timestamp("sent_at", nullable=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    timestamp("next_attempt_at", nullable=True),
    CheckConstraint("amount_minor > 0", name="amount"),
    CheckConstraint("device_id IS NOT NULL OR purpose = 'loan'", name="device"),
    Index("prompts_device_id_idx", "device_id"),
    Index(
        "prompts_waiting_idx",
        "next_attempt_at",
        postgresql_where=text("next_attempt_at IS NOT NULL"),
    ),
    Index("prompts_account_reference_idx", "account_reference"),
    Index(
        "prompts_open_idx",
        "sent_at",
        postgresql_where=text("state IN ('approved', 'sending', 'pending', 'unknown')"),
    ),
    # Whose a payment is.
    Index("prompts_payment_id_idx", "payment_id"),
    Index("prompts_msisdn_idx", "msisdn"),
    Index("prompts_created_at_idx", "created_at", postgresql_using="brin"),
)

ledger_accounts = Table(
    "ledger_accounts",
    metadata,
    Column("code", Text, primary_key=True),
    *enum_column("normal_side", Side),
)

# `idempotency_key` names the event: one event, one entry, for ever. `posted_at` is when it was
# written; `value_at` when it happened for the outside world, and `value_on` the market's date then.
journal_entries = Table(
    "journal_entries",
    metadata,
    month_id("journal_entries"),
    Column("kind", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    timestamp("posted_at"),
    timestamp("value_at"),
    Column("value_on", Date, nullable=False),
    postgresql_partition_by="RANGE (id)",
)

# An entry and its postings are written in one statement, in any order.
postings = Table(
    "postings",
    metadata,
    reference("entry_id", "journal_entries", primary_key=True),
    Column(
        "id",
        BigInteger,
        server_default=text("nextval('postings_id_seq')"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("account", Text, ForeignKey("ledger_accounts.code"), nullable=False),
    *enum_column("side", Side),
    amount_minor("amount_minor"),
    reference("customer_id", "customers", nullable=True),
    CheckConstraint("amount_minor > 0", name="amount"),
    Index("postings_account_customer_id_idx", "account", "customer_id"),
    postgresql_partition_by="RANGE (entry_id)",
)
