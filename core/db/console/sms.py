"""SMS for the console: the list and one of them, without the text, which may hold a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from core.db.console.listing import Query
from core.db.typed_rows import row_or_none
from core.message import SmsState


@dataclass(frozen=True, slots=True)
class SmsRow:
    """An SMS that was sent or is to be sent. `status`: what the provider reported last; `cost`: as
    the provider writes it; `receipt`: that of its payment."""

    id: int
    created_at: datetime
    sent_at: datetime | None
    msisdn: str
    kind: str
    segments: int
    state: SmsState
    attempts: int
    cost: str | None
    status: str | None
    payment_id: int | None
    receipt: str | None


SMS = Query(
    SmsRow,
    "s.id, s.created_at, s.sent_at, s.msisdn, s.kind, s.segments, s.state, s.attempts, s.cost,"
    " coalesce((SELECT r.failure_reason FROM delivery_reports r"
    " WHERE r.provider_message_id = s.provider_message_id ORDER BY r.id DESC LIMIT 1),"
    " s.provider_status) AS status, s.payment_id, p.receipt",
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


@dataclass(frozen=True, slots=True)
class SmsDetails:
    """An SMS without its text."""

    kind: str
    msisdn: str
    state: SmsState
    created_at: datetime
    payment_id: int | None


def find_sms(connection: Connection, sms_id: int) -> SmsDetails | None:
    """Return the SMS with that id."""
    return row_or_none(
        connection,
        SmsDetails,
        "SELECT kind, msisdn, state, created_at, payment_id FROM sms WHERE id = :id",
        id=sms_id,
    )
