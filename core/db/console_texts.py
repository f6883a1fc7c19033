"""Texts for the console: the list, one of them, and sending it again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

# What a text was about and what became of it: never its words, which may hold a code.
TEXTS = Query(
    "s.id, s.created_at, s.sent_at, s.msisdn, s.kind, s.segments, s.state, s.attempts, s.cost,"
    " coalesce((SELECT r.failure_reason FROM delivery_reports r"
    " WHERE r.provider_message_id = s.provider_message_id ORDER BY r.id DESC LIMIT 1),"
    " s.provider_status) AS told, s.payment_id, p.receipt",
    "sms s LEFT JOIN payments p ON p.id = s.payment_id",
    key="s.id",
    where={
        "state": "s.state = :state",
        "kind": "s.kind = :kind",
        "msisdn": "s.msisdn = :msisdn",
        "since": "s.created_at >= :since",
        "until": "s.created_at < :until",
    },
)


def copy_text(connection: Connection, text_id: int, occasion: str, now: datetime) -> bool | None:
    """Queue the same text once more. None: no such text; False: it is still on its way."""
    state = connection.execute(
        text("SELECT state FROM sms WHERE id = :id"), {"id": text_id}
    ).scalar_one_or_none()
    if state is None:
        return None
    if state in ("waiting", "sending"):
        return False
    connection.execute(
        text(
            "INSERT INTO sms (dedupe_key, kind, msisdn, body, payment_id, token_id, segments,"
            " created_at, next_attempt_at) SELECT :occasion, kind, msisdn, body, payment_id,"
            " token_id, segments, :now, :now FROM sms WHERE id = :id"
        ),
        {"id": text_id, "occasion": occasion, "now": now},
    )
    return True


def was_to_another(connection: Connection, text_id: int) -> bool:
    """Whether its number was a customer's then who has given it up since."""
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM sms s JOIN past_msisdns p ON p.msisdn = s.msisdn"
                " AND s.created_at <= p.held_until WHERE s.id = :id AND NOT EXISTS ("
                " SELECT FROM customer_msisdns n WHERE n.msisdn = p.msisdn"
                " AND n.customer_id = p.customer_id))"
            ),
            {"id": text_id},
        ).scalar_one()
    )


def find_text(connection: Connection, text_id: int) -> Row[Any] | None:
    """(kind, msisdn, state, created, payment) of a text: never its words, which may hold a code."""
    return connection.execute(
        text("SELECT kind, msisdn, state, created_at, payment_id FROM sms WHERE id = :id"),
        {"id": text_id},
    ).one_or_none()
