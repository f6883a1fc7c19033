"""Texts that came in, each once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text


def insert_inbound(
    connection: Connection, provider: str, message_id: str, msisdn: str, body: str, now: datetime
) -> bool:
    """Store a text; False when this provider's id is stored already."""
    inserted = connection.execute(
        text(
            "INSERT INTO inbound_sms (provider, provider_message_id, msisdn, body, received_at)"
            " VALUES (:provider, :message_id, :msisdn, :body, :now)"
            " ON CONFLICT (provider, provider_message_id) DO NOTHING"
        ),
        {
            "provider": provider,
            "message_id": message_id,
            "msisdn": msisdn,
            "body": body,
            "now": now,
        },
    )
    return inserted.rowcount == 1
