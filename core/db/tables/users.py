"""Who works at the console, and the indexes that its searches and its front page need."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.act import ActName, ActState, SecondPerson
from core.db.tables.audit import cases
from core.db.tables.columns import (
    amount_minor,
    enum_column,
    metadata,
    reference,
    row_id,
    timestamp,
)
from core.db.tables.customers import customers, problem_reports
from core.db.tables.payments import payments, tokens
from core.operator import Role

# `login_epoch` is carried by every login: raising it ends all of a person's logins at once.
# `password_is_initial`: another person knows it, and it is changed at the next login. `totp_sealed`
# is the secret of the second factor, encrypted; no code of `totp_step` (a count of 30 s) or before
# is accepted again. `recovery_hashes`: of the recovery codes that are left. `known_networks`: a
# hash of each of the last networks that this person logged in from.
console_users = Table(
    "console_users",
    metadata,
    row_id(),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    *enum_column("role", Role),
    Column("password_is_initial", Boolean, nullable=False, server_default=text("false")),
    Column("login_epoch", Integer, nullable=False, server_default=text("0")),
    Column("totp_sealed", Text, nullable=True),
    Column("totp_step", BigInteger, nullable=False, server_default=text("0")),
    timestamp("totp_since", nullable=True),
    Column("recovery_hashes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("known_networks", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    timestamp("created_at"),
    timestamp("disabled_at", nullable=True),
    CheckConstraint("name ~ '^[a-z0-9._-]{2,40}$'", name="name"),
    CheckConstraint("(totp_sealed IS NULL) = (totp_since IS NULL)", name="totp"),
)

# Forms of the console that were saved, each once: `token` was made when the form was shown,
# `digest` is a hash of what was typed. The same again is answered with `message` at `location`.
saved_forms = Table(
    "saved_forms",
    metadata,
    Column("token", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("message", Text, nullable=False, server_default=text("''")),
    Column("location", Text, nullable=False, server_default=text("''")),
    timestamp("saved_at"),
)

# What is written to the audit log at most once an hour, such as a look at a customer's page: `key`
# begins with the hour.
audit_once = Table(
    "audit_once",
    metadata,
    Column("key", Text, primary_key=True),
    timestamp("noted_at"),
)

# What one person may do alone (core.act); without the row the defaults of the market count. NULL in
# a daily limit: none.
act_rules = Table(
    "act_rules",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    *enum_column("second_person", SecondPerson),
    amount_minor("large_minor"),
    amount_minor("owner_daily_minor", nullable=True),
    amount_minor("finance_daily_minor", nullable=True),
    amount_minor("support_daily_minor", nullable=True),
    CheckConstraint("id = 1", name="only_one"),
    CheckConstraint("large_minor >= 0", name="large"),
)

# Acts of operators: done alone, with their value for the limit of the day, or asked for and
# approved by another person. `ids` and `typed` make up the form again; `typed` is emptied when the
# request ends.
operator_acts = Table(
    "operator_acts",
    metadata,
    row_id(),
    *enum_column("act", ActName),
    reference("user_id", "console_users"),
    *enum_column("state", ActState),
    amount_minor("value_minor"),
    Column("ids", JSONB, nullable=False, server_default=text("'{}'")),
    Column("typed", JSONB, nullable=False, server_default=text("'{}'")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    timestamp("asked_at"),
    timestamp("expires_at", nullable=True),
    reference("decided_by", "console_users", nullable=True),
    timestamp("decided_at", nullable=True),
    CheckConstraint("value_minor >= 0", name="value"),
    CheckConstraint("(state = 'done') = (expires_at IS NULL)", name="expires"),
    CheckConstraint("(state IN ('done', 'waiting')) = (decided_at IS NULL)", name="decided"),
    # An operator never approves what they asked for.
    CheckConstraint(
        "state <> 'approved' OR (decided_by IS NOT NULL AND decided_by <> user_id)",
        name="second_person",
    ),
    Index("operator_acts_user_id_idx", "user_id", "asked_at"),
    Index("operator_acts_decided_by_idx", "decided_by"),
    Index("operator_acts_waiting_idx", "expires_at", postgresql_where=text("state = 'waiting'")),
)

# Names are found by how they begin.
for _name in (customers.c.name, customers.c.surname):
    Index(
        f"customers_{_name.name}_idx",
        func.lower(_name).label("lowered"),
        postgresql_ops={"lowered": "text_pattern_ops"},
    )
Index("problem_reports_customer_id_idx", problem_reports.c.customer_id)
Index("cases_payment_id_idx", cases.c.payment_id)
# Block ranges cost a busy table next to nothing and are enough for "since yesterday".
Index("payments_received_at_idx", payments.c.received_at, postgresql_using="brin")
Index("tokens_issued_at_idx", tokens.c.issued_at, postgresql_using="brin")
