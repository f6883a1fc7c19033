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

from core.db.tables.audit import cases
from core.db.tables.columns import enum_column, metadata, row_id, timestamp
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
