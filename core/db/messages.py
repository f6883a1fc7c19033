"""Outgoing SMS: queued once per dedupe key, claimed under a lease, with their outcome.

A claim moves `next_attempt_at` into the future: if the worker dies, the SMS is due again. It may
then be sent twice, which is harmless; it is never lost.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from core.message import DeliveryReport, SentSms, WaitingSms


def insert_sms(connection: Connection, row: dict[str, Any]) -> bool:
    """Queue an SMS. Return False when one with its dedupe key was queued before."""
    columns = ", ".join(row)
    slots = ", ".join(f":{name}" for name in row)
    inserted = connection.execute(
        text(
            "WITH claimed AS (INSERT INTO sms_ids (id, dedupe_key)"
            " VALUES (month_id(nextval('sms_id_seq')), :dedupe_key) ON CONFLICT DO NOTHING"
            f" RETURNING id) INSERT INTO sms (id, {columns}) SELECT id, {slots} FROM claimed"
        ),
        row,
    )
    return inserted.rowcount == 1


def claim_sms(
    connection: Connection, now: datetime, lease: timedelta, limit: int, last_rank: int
) -> list[WaitingSms]:
    """Claim up to `limit` SMS that are due, for `lease`: lower ranks first, none after
    `last_rank`, none past its `expires_at`."""
    rows = connection.execute(
        text(
            "UPDATE sms SET state = 'sending', attempts = attempts + 1, next_attempt_at = :until"
            " WHERE id IN (SELECT id FROM sms WHERE next_attempt_at <= :now"
            " AND send_rank <= :last_rank AND (expires_at IS NULL OR expires_at > :now)"
            " ORDER BY send_rank, next_attempt_at, id LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED)"
            " RETURNING id, msisdn, body, attempts, send_rank"
        ),
        {"now": now, "until": now + lease, "limit": limit, "last_rank": last_rank},
    )
    claimed = sorted(rows, key=lambda row: (row.send_rank, row.id))
    return [WaitingSms(row.id, row.msisdn, row.body, row.attempts) for row in claimed]


def fail_late_sms(connection: Connection, now: datetime) -> None:
    """Give up the SMS that wait past their `expires_at`."""
    connection.execute(
        text(
            "UPDATE sms SET state = 'failed', provider_status = 'too_late', next_attempt_at = NULL"
            " WHERE id IN (SELECT id FROM sms WHERE next_attempt_at <= :now"
            " AND expires_at <= :now FOR NO KEY UPDATE SKIP LOCKED)"
        ),
        {"now": now},
    )


def claim_oldest_sms(connection: Connection, now: datetime, lease: timedelta) -> list[WaitingSms]:
    """Claim for `lease` the one SMS that is due longest, whatever its rank: so each has its turn,
    and one that is never taken stands in no other's way."""
    rows = connection.execute(
        text(
            "UPDATE sms SET state = 'sending', attempts = attempts + 1, next_attempt_at = :until"
            " WHERE id = (SELECT id FROM sms WHERE next_attempt_at <= :now"
            " AND (expires_at IS NULL OR expires_at > :now)"
            " ORDER BY next_attempt_at, send_rank, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)"
            " RETURNING id, msisdn, body, attempts"
        ),
        {"now": now, "until": now + lease},
    )
    return [WaitingSms(*row) for row in rows]


def hasten_sms(connection: Connection, now: datetime) -> None:
    """Make every SMS due that its provider did not take before."""
    connection.execute(
        text(
            "UPDATE sms SET next_attempt_at = :now WHERE id IN (SELECT id FROM sms"
            " WHERE next_attempt_at > :now AND state = 'waiting' AND attempts > 0"
            " FOR NO KEY UPDATE SKIP LOCKED)"
        ),
        {"now": now},
    )


def update_sms(connection: Connection, text_id: int, **values: object) -> None:
    """Set columns of an SMS unless its state is final."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(
        text(
            f"UPDATE sms SET {assignments} WHERE id = :id AND state NOT IN ('delivered', 'failed')"
        ),
        {"id": text_id, **values},
    )


def mark_sent(connection: Connection, now: datetime, sent: Sequence[tuple[int, SentSms]]) -> None:
    """Mark each SMS, by its id, as taken by the provider, unless its state is final."""
    connection.execute(
        text(
            "UPDATE sms SET state = 'sent', provider_message_id = taken.message_id,"
            " provider_status = taken.status, cost = taken.cost, sent_at = :now,"
            " next_attempt_at = NULL"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:message_ids AS text[]),"
            " CAST(:statuses AS text[]), CAST(:costs AS text[]))"
            " AS taken (id, message_id, status, cost)"
            " WHERE sms.id = taken.id AND state NOT IN ('delivered', 'failed')"
        ),
        {
            "now": now,
            "ids": [sms_id for sms_id, _ in sent],
            "message_ids": [taken.message_id for _, taken in sent],
            "statuses": [taken.status for _, taken in sent],
            "costs": [taken.cost for _, taken in sent],
        },
    )


def redeliver_text(
    connection: Connection, text_id: int, status: str, times: Sequence[datetime]
) -> bool:
    """Schedule an SMS with a token to be sent again: first at `times[0]`, then at the next one.

    It keeps its provider's id until then, so that a late report of success still counts. Returns
    False when it has no token, was not sent, or was sent again often enough.
    """
    again = connection.execute(
        text(
            "UPDATE sms SET state = 'waiting', provider_status = :status, attempts = 0,"
            " redeliveries = redeliveries + 1,"
            " next_attempt_at = (CAST(:times AS timestamptz[]))[redeliveries + 1]"
            " WHERE id = :id AND state = 'sent' AND token_id IS NOT NULL"
            " AND redeliveries < cardinality(CAST(:times AS timestamptz[]))"
        ),
        {"id": text_id, "status": status, "times": list(times)},
    )
    return again.rowcount == 1


def fail_sms(connection: Connection, text_id: int, status: str) -> None:
    """Mark an SMS that was sent as not delivered."""
    connection.execute(
        text(
            "UPDATE sms SET state = 'failed', provider_status = :status"
            " WHERE id = :id AND state = 'sent'"
        ),
        {"id": text_id, "status": status},
    )


def texts_since(connection: Connection, msisdn: str, kinds: Sequence[str], since: datetime) -> int:
    """Return how many SMS of these kinds were queued to a number since that instant."""
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM sms WHERE msisdn = :msisdn AND kind = ANY(:kinds)"
                " AND created_at > :since"
            ),
            {"msisdn": msisdn, "kinds": list(kinds), "since": since},
        ).scalar_one()
    )


# What is sent because a number wrote: an answer, or its last token again.
_IS_ANSWER = "(dedupe_key LIKE 'answer:%' OR dedupe_key LIKE 'resend:%')"


def answers_since(
    connection: Connection, msisdn: str, hour: datetime, day: datetime
) -> tuple[int, int]:
    """Return how many answers to its SMS a number got since each of the two instants."""
    row = connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE created_at > :hour), count(*) FROM sms"
            f" WHERE msisdn = :msisdn AND created_at > :day AND {_IS_ANSWER}"
        ),
        {"msisdn": msisdn, "hour": hour, "day": day},
    ).one()
    return row[0], row[1]


def newest_answers(connection: Connection, msisdn: str, most: int, since: datetime) -> list[str]:
    """Return the texts of the newest answers to the SMS of a number since then."""
    rows = connection.execute(
        text(
            f"SELECT body FROM sms WHERE msisdn = :msisdn AND created_at > :since AND {_IS_ANSWER}"
            " ORDER BY id DESC LIMIT :most"
        ),
        {"msisdn": msisdn, "since": since, "most": most},
    )
    return list(rows.scalars())


def find_sms_id(connection: Connection, provider_message_id: str) -> int | None:
    """Return the id of the SMS with that provider's id, or None."""
    return connection.execute(
        text("SELECT id FROM sms_ids WHERE provider_message_id = :id"), {"id": provider_message_id}
    ).scalar_one_or_none()


def lock_messages(connection: Connection, message_ids: Collection[str]) -> None:
    """Lock a provider's message ids: a delivery report and the recording of the sending wait for
    each other, as neither sees what the other has not committed.
    """
    connection.execute(
        text(
            "SELECT pg_advisory_xact_lock(key) FROM (SELECT hashtextextended(id, 0) AS key"
            " FROM unnest(CAST(:ids AS text[])) AS id ORDER BY key) AS keys"
        ),
        {"ids": list(message_ids)},
    )


def lock_number(connection: Connection, msisdn: str) -> None:
    """Lock a number: answers to it wait for each other, so that they can be counted."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": msisdn}
    )


def insert_report(connection: Connection, report: DeliveryReport, now: datetime) -> None:
    """Store a delivery report; a repeated one changes nothing."""
    connection.execute(
        text(
            "INSERT INTO delivery_reports"
            " (provider_message_id, status, failure_reason, outcome, received_at)"
            " VALUES (:message_id, :status, :reason, :outcome, :now) ON CONFLICT DO NOTHING"
        ),
        {**asdict(report), "now": now},
    )


def reports_of(connection: Connection, message_ids: Collection[str]) -> list[DeliveryReport]:
    """Return all reports on these messages, in the order they came."""
    rows = connection.execute(
        text(
            "SELECT provider_message_id, status, failure_reason, outcome FROM delivery_reports"
            " WHERE provider_message_id = ANY(:ids) ORDER BY id"
        ),
        {"ids": list(message_ids)},
    )
    return [DeliveryReport(*row) for row in rows]


def oldest_waiting(connection: Connection) -> datetime | None:
    """Return when the longest waiting SMS was queued; None when none waits.

    An SMS that was sent and waits for its phone to come back does not count.
    """
    oldest: datetime | None = connection.execute(
        text(
            "SELECT min(created_at) FROM sms WHERE next_attempt_at IS NOT NULL AND redeliveries = 0"
        )
    ).scalar_one()
    return oldest


def copy_sms(connection: Connection, text_id: int, dedupe_key: str, now: datetime) -> bool | None:
    """Queue a copy of an SMS. Return None if there is no such SMS, False if it is not sent yet."""
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
            " created_at, next_attempt_at) SELECT :dedupe_key, kind, msisdn, body, payment_id,"
            " token_id, segments, :now, :now FROM sms WHERE id = :id"
        ),
        {"id": text_id, "dedupe_key": dedupe_key, "now": now},
    )
    return True


def was_to_another(connection: Connection, text_id: int) -> bool:
    """Return whether the customer who had the number of an SMS then has given it up since."""
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


def insert_inbound(
    connection: Connection, provider: str, message_id: str, msisdn: str, body: str, now: datetime
) -> bool:
    """Store an incoming SMS; False when this provider's message id was stored before."""
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


def insert_problem_report(
    connection: Connection, msisdn: str, body: str, reported_at: datetime, since: datetime
) -> None:
    """Store a problem report, with the customer who has that number, if any; the same words of the
    same number since then are one report."""
    connection.execute(
        text(
            "INSERT INTO problem_reports (msisdn, body, customer_id, reported_at) SELECT :msisdn,"
            " :body, (SELECT customer_id FROM customer_msisdns WHERE msisdn = :msisdn), :now"
            " WHERE NOT EXISTS (SELECT FROM problem_reports WHERE msisdn = :msisdn"
            " AND body = :body AND reported_at >= :since)"
        ),
        {"msisdn": msisdn, "body": body, "now": reported_at, "since": since},
    )
