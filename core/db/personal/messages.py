"""The tables of what was said: SMS both ways, their delivery, the menus, reminders."""

from __future__ import annotations

from core.db.personal.record import GONE, OF_CUSTOMER, Rule, TableRecord, held

_ENDED = "state NOT IN ('waiting', 'sending')"
THEIR_SMS = held("msisdn", "created_at")

MESSAGES: dict[str, TableRecord] = {
    "delivery_reports": TableRecord(
        holds="Whether an SMS arrived, by the provider's id of it",
        why="A code that did not arrive is sent again.",
        plain=("provider_message_id", "status", "failure_reason"),
        about="provider_message_id IN (SELECT provider_message_id FROM sms"
        f" WHERE provider_message_id IS NOT NULL AND {THEIR_SMS})",
        is_deleted=True,
        rules=(Rule("delivery_reports", 90, "received_at < :before"),),
    ),
    "sms": TableRecord(
        holds="Number and text of every SMS we sent, codes among them, and its cost",
        why="It is sent, delivered or sent again; operators see what was told.",
        plain=("dedupe_key", "kind", "provider_status", "cost"),
        personal={
            "msisdn": GONE,
            "body": "''",
            "provider_message_id": "NULL",
            "state": f"CASE WHEN {_ENDED} THEN state ELSE 'failed' END",
            "next_attempt_at": "NULL",
        },
        about=THEIR_SMS,
        mentions=("body",),
        rules=(
            Rule(
                "sms_texts",
                30,
                f"body <> '' AND coalesce(sent_at, created_at) < :before AND {_ENDED}",
                {"body": "''"},
            ),
            Rule(
                "sms",
                730,
                f"created_at < date_trunc('month', CAST(:before AS timestamptz)) AND {_ENDED}",
                by_month=True,
            ),
        ),
    ),
    "sms_ids": TableRecord(
        holds="Ids of SMS, and what each is for",
        why="Nothing is told twice, and delivery reports find their SMS.",
        kept="with the SMS",
        plain=("dedupe_key", "provider_message_id"),
    ),
    "inbound_sms": TableRecord(
        holds="Number and text of every SMS that was sent to us",
        why="It is answered once; operators see what was asked.",
        plain=("provider", "provider_message_id"),
        personal={"msisdn": GONE, "body": "''"},
        about=held("msisdn", "received_at"),
        mentions=("body",),
        rules=(Rule("inbound_sms", 90, "received_at < :before"),),
    ),
    "reminders": TableRecord(
        holds="Which step of which debt a customer was reminded of",
        why="A step is told once, and one SMS a day.",
        about=OF_CUSTOMER,
        is_deleted=True,
        rules=(Rule("reminders", 90, "reminded_on < CAST(:before AS date)"),),
    ),
    "ussd_effects": TableRecord(
        holds="What a menu did and showed, names and numbers among it; the keys are pseudonyms",
        why="A callback that comes again gets the same answer and does nothing twice.",
        plain=("conversation", "ussd_session"),
        personal={"step": "'[]'"},
        # They go within the day; those that can still be asked for hold who calls right now.
        mentions=("step",),
        rules=(Rule("menu_effects", 1, "created_at < :before"),),
    ),
    "saved_forms": TableRecord(
        holds="What the console answered when a form was saved",
        why="The same form again does nothing and gets the same answer.",
        plain=("token", "digest"),
        personal={"message": "''", "location": "''"},
        mentions=("message", "location"),
        rules=(Rule("saved_forms", 1, "saved_at < :before"),),
    ),
    "audit_once": TableRecord(
        holds="What the audit log noted within the hour, by ids",
        why="What anybody can repeat is noted once an hour.",
        plain=("key",),
        rules=(Rule("audit_once", 1, "noted_at < :before"),),
    ),
}
