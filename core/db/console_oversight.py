"""What operators look over: who did what, problem reports, cases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from core.db.console_lists import Query

AUDIT = Query(
    "a.id, a.acted_at, a.who, a.act, a.subject, a.subject_id, a.reason, a.details::text AS details",
    "audit_log a",
    key="a.id",
    where={
        "who": "a.who = :who",
        "subject": "a.subject = :subject",
        "since": "a.acted_at >= :since",
        "until": "a.acted_at < :until",
    },
)
REPORTS = Query(
    "r.id, r.reported_at, r.msisdn, r.body, r.customer_id,"
    " concat_ws(' ', c.name, c.surname) AS customer",
    "problem_reports r LEFT JOIN customers c ON c.id = r.customer_id",
    key="r.id",
    where={
        "msisdn": "r.msisdn = :msisdn",
        "since": "r.reported_at >= :since",
        "until": "r.reported_at < :until",
    },
)

# From one subject to the next along the index: the log is long, its subjects are few.
_SUBJECTS = text(
    """
    WITH RECURSIVE found AS (
        (SELECT subject FROM audit_log ORDER BY subject LIMIT 1)
        UNION ALL
        SELECT (SELECT a.subject FROM audit_log a WHERE a.subject > found.subject
                 ORDER BY a.subject LIMIT 1)
          FROM found WHERE found.subject IS NOT NULL
    )
    SELECT subject FROM found WHERE subject IS NOT NULL
    """
)


def audited_subjects(connection: Connection) -> list[str]:
    """What operators have acted on: `agent`, `payment`, ..."""
    return list(connection.execute(_SUBJECTS).scalars())


def acts_on(connection: Connection, subject: str, subject_id: int) -> list[Row[Any]]:
    """What operators did to one row, the latest first."""
    rows = connection.execute(
        text(
            "SELECT acted_at, who, act, reason FROM audit_log"
            " WHERE subject = :subject AND subject_id = :id ORDER BY id DESC LIMIT 50"
        ),
        {"subject": subject, "id": subject_id},
    )
    return list(rows)


def close_open_case(connection: Connection, case_id: int, now: datetime) -> Row[Any] | None:
    """Close it; (kind, payment_id) of the case, None when there is no such open one."""
    return connection.execute(
        text(
            "UPDATE cases SET closed_at = :now WHERE id = :id AND closed_at IS NULL"
            " RETURNING kind, payment_id"
        ),
        {"id": case_id, "now": now},
    ).one_or_none()


def find_case(connection: Connection, case_id: int) -> Row[Any] | None:
    """(kind, detail, opened, closed, payment_id, receipt) of a case."""
    return connection.execute(
        text(
            "SELECT k.kind, k.detail, k.opened_at, k.closed_at, k.payment_id, p.receipt"
            " FROM cases k LEFT JOIN payments p ON p.id = k.payment_id WHERE k.id = :id"
        ),
        {"id": case_id},
    ).one_or_none()
