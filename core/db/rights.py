"""What the web process and the workers may do to each table: the one statement of it.

S reads rows, I inserts, U updates or locks them, D deletes. Only the owner of the database may
alter or truncate a table, or switch a trigger off. core.db.roles grants exactly this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["web", "worker"]
ROLES: tuple[Role, ...] = get_args(Role)

# By table: the rights of the web process, those of the workers and the schedule.
RIGHTS: Mapping[str, tuple[str, str]] = {
    # The market and what is sold: operators change it at the console.
    "appliances": ("SIU", "S"),
    "manufacturers": ("SIU", "S"),
    "market": ("SIU", "S"),
    "plan_offers": ("SIUD", "S"),
    "tariff_versions": ("SID", "S"),
    "tariffs": ("SIU", "S"),
    "villages": ("SIU", "S"),
    "waterfalls": ("SIU", "S"),
    # People. Workers register no customer, and forget those whom the console says.
    "agents": ("SIU", "SU"),
    "console_users": ("SIU", ""),
    "customer_msisdns": ("SIUD", "SUD"),
    "customers": ("SIU", "SU"),
    "no_reminders": ("SID", "SUD"),
    "past_msisdns": ("SI", "SUD"),
    "pending_registrations": ("SIUD", "SUD"),
    "stranger_languages": ("SIU", "SUD"),
    # Devices and sales.
    "access_charges": ("SIU", "SIU"),
    "device_requests": ("SIUD", "SUD"),
    "devices": ("SIU", "SU"),
    "instalments": ("SIUD", "SU"),
    "ownership_changes": ("SI", "SI"),
    "past_tariffs": ("SI", "S"),
    "sales": ("SIU", "SU"),
    # The ledger: written and never changed.
    "entry_ids": ("S", "S"),
    "journal_entries": ("SI", "SI"),
    "ledger_accounts": ("SI", "SI"),
    "payment_lines": ("S", "SI"),
    "postings": ("SI", "SI"),
    # Money on its way in and out. Tokens are made by workers only.
    "balance_assertions": ("SIU", "SIU"),
    "clawbacks": ("SIU", "SIU"),
    "credit_acts": ("SI", "S"),
    "held_movements": ("SU", "SIU"),
    "ordered_tokens": ("S", "SI"),
    "payment_ids": ("SI", "SI"),
    "payment_return_lines": ("SI", "SI"),
    "payment_returns": ("SIU", "SIU"),
    "payments": ("SIU", "SIU"),
    "prompts": ("SIU", "SUD"),
    "provider_words": ("SIU", "SIU"),
    "refunds": ("SIU", "SIU"),
    "statement_pulls": ("S", "SIU"),
    "token_ids": ("S", "S"),
    "token_orders": ("SIU", "SIU"),
    "tokens": ("S", "SI"),
    "vending_keys": ("S", "SIUD"),
    "vended_tokens": ("S", "SI"),
    "vendor_accounts": ("S", "SIUD"),
    "serial_checks": ("SIU", "SIU"),
    "vends": ("SIU", "SIU"),
    # Texts, calls and forms. Workers delete what is too old.
    "delivery_reports": ("SI", "SUD"),
    "inbound_sms": ("SI", "SUD"),
    "problem_reports": ("SI", "SUD"),
    "reminders": ("S", "SIUD"),
    "saved_forms": ("SIUD", "SUD"),
    "sms": ("SIU", "SIU"),
    "sms_ids": ("SI", "SID"),
    "ussd_effects": ("SIU", "SUD"),
    "circuits": ("S", "SIUD"),
    # What operators answer for.
    "act_rules": ("SIU", "S"),
    "audit_log": ("SI", "SI"),
    "audit_once": ("SI", "SUD"),
    "cases": ("SIU", "SIUD"),
    "erasures": ("SIU", "SU"),
    "operator_acts": ("SIU", "SUD"),
}

# Columns that a role may neither read nor update, though it uses the table.
HIDDEN: Mapping[Role, Mapping[str, tuple[str, ...]]] = {
    "web": {"devices": ("sealed_key", "starting_code", "test_code", "sealed_chain")},
    "worker": {},
}

# Columns that no process changes once the row is written.
FIXED: Mapping[str, tuple[str, ...]] = {
    "payments": (
        *("provider_account", "receipt", "source", "amount_minor", "currency"),
        *("received_at", "evidence", "proof"),
    ),
    "provider_words": ("payment_id", "reason", "asked_for_at"),
    "prompts": ("customer_id", "amount_minor", "purpose", "created_at"),
    "refunds": ("payment_id", "amount_minor", "client_reference", "requested_at"),
    "token_orders": ("device_id", "customer_id", "kind", "units", "operator", "ordered_at"),
    "vends": (
        *("handle", "device_id", "customer_id", "payment_id", "order_id"),
        *("kind", "units", "amount_minor", "created_at"),
    ),
}

# Sequences that are not those of an identity column, and who draws numbers from them.
SEQUENCES: Mapping[str, tuple[Role, ...]] = {
    "cash_receipts": ("web",),
    "credit_receipts": ("web",),
    # Ids that begin with a month.
    "journal_entries_id_seq": ("web", "worker"),
    "payments_id_seq": ("web", "worker"),
    "postings_id_seq": ("web", "worker"),
    "sms_id_seq": ("web", "worker"),
    "tokens_id_seq": ("worker",),
}

# Functions that run with the rights of the owner, and who may call them. Triggers are not called.
FUNCTIONS: Mapping[str, tuple[Role, ...]] = {
    "drop_sms_month(timestamp with time zone)": ("worker",),
    "forget_in_audit(bigint, bigint[], text[], text[])": ("worker",),
    "keep_entry_ids()": (),
    "keep_payment_ids()": (),
    "keep_provider_message_id()": (),
    "stray_months()": ("web", "worker"),
    "keep_sms_ids()": (),
    "keep_token_ids()": (),
    "make_month(date)": ("worker",),
}
