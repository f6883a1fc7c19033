"""What was said: outgoing texts and their delivery, incoming texts, USSD effects."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Computed,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables.columns import (
    enum_column,
    metadata,
    month_id,
    reference,
    row_id,
    timestamp,
)
from core.message import DeliveryOutcome, SmsState

# `dedupe_key` names what an SMS is for (`receipt:<payment>:1`): one key, one SMS. `redeliveries`
# counts how often it was sent again because the phone could not be reached. After `expires_at` it
# is not sent. Lower ranks are sent first: what carries a token, receipts and notices, answers to
# incoming texts, reminders. `body` is empty once its time is over (core/db/personal).
sms = Table(
    "sms",
    metadata,
    month_id("sms"),
    Column("dedupe_key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("msisdn", Text, nullable=False),
    Column("body", Text, nullable=False),
    reference("payment_id", "payments", nullable=True),
    # The same statement may store the token.
    reference("token_id", "tokens", nullable=True),
    *enum_column("state", SmsState, default="waiting"),
    Column("provider_message_id", Text, nullable=True),
    Column("provider_status", Text, nullable=True),
    Column("cost", Text, nullable=True),
    Column("segments", SmallInteger, nullable=False),
    timestamp("created_at"),
    timestamp("sent_at", nullable=True),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("redeliveries", Integer, nullable=False, server_default=text("0")),
    timestamp("next_attempt_at", nullable=True),
    timestamp("expires_at", nullable=True),
    Column(
        "send_rank",
        SmallInteger,
        Computed(
            "CASE WHEN token_id IS NOT NULL THEN 0 WHEN starts_with(dedupe_key, 'answer:') THEN 2"
            " WHEN starts_with(dedupe_key, 'reminder:') THEN 3 ELSE 1 END",
            persisted=True,
        ),
        nullable=False,
    ),
    Index(
        "sms_waiting_idx",
        "send_rank",
        "next_attempt_at",
        postgresql_where=text("next_attempt_at IS NOT NULL"),
    ),
    Index("sms_msisdn_idx", "msisdn"),
    Index("sms_token_id_idx", "token_id"),
    Index("sms_payment_id_idx", "payment_id"),
    # The texts that are not empty yet, in the order in which their time ends.
    Index("sms_kept_bodies_idx", "id", postgresql_where=text("body <> ''")),
    Index("sms_created_at_idx", "created_at", postgresql_using="brin"),
    postgresql_partition_by="RANGE (id)",
)

# Stored in any order: a report may come before our own call has returned. `outcome` is what the
# report means; NULL where it is not final.
delivery_reports = Table(
    "delivery_reports",
    metadata,
    row_id(),
    Column("provider_message_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("failure_reason", Text, nullable=True),
    *enum_column("outcome", DeliveryOutcome, nullable=True),
    timestamp("received_at"),
    UniqueConstraint("provider_message_id", "status"),
    Index("delivery_reports_received_at_idx", "received_at", postgresql_using="brin"),
)

inbound_sms = Table(
    "inbound_sms",
    metadata,
    row_id(),
    Column("provider", Text, nullable=False),
    Column("provider_message_id", Text, nullable=False),
    Column("msisdn", Text, nullable=False),
    Column("body", Text, nullable=False),
    timestamp("received_at"),
    UniqueConstraint("provider", "provider_message_id"),
    Index("inbound_sms_msisdn_idx", "msisdn"),
    Index("inbound_sms_received_at_idx", "received_at", postgresql_using="brin"),
)

# STOP ends reminders, and nothing else: receipts and tokens are sent in any case.
no_reminders = Table(
    "no_reminders",
    metadata,
    Column("msisdn", Text, primary_key=True),
    timestamp("since"),
)

# What a customer was reminded of: a step (in days from the due day) is never told twice, and
# `reminded_on` allows one text a day.
reminders = Table(
    "reminders",
    metadata,
    reference("customer_id", "customers"),
    Column("due_on", Date, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("reminded_on", Date, nullable=False),
    PrimaryKeyConstraint("customer_id", "due_on", "step"),
)

# The effects of USSD menus, each once: `number` counts those of a conversation, which may go on in
# another session after a dropped call. `ussd_session` and `position` (answers given in it) say
# where the effect was done, `step` what the caller was shown for it.
ussd_effects = Table(
    "ussd_effects",
    metadata,
    Column("conversation", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("ussd_session", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("step", JSONB, nullable=False),
    timestamp("created_at"),
    Index("ussd_effects_ussd_session_idx", "ussd_session", "position"),
)
