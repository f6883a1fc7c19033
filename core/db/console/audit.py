"""The audit log and the problem reports for the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.console.listing import Query
from core.db.typed_rows import all_rows


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A change: who made it, to which row of which noun (`subject`, `subject_id`), and why.
    `details` is JSON."""

    id: int
    acted_at: datetime
    operator: str
    action: str
    subject: str
    subject_id: int
    reason: str
    details: str


# What leaves a row without a change.
_WITHOUT_CHANGE = "('log_in', 'log_in_refused', 'log_out', 'look', 'export', 'refused')"

AUDIT = Query(
    AuditRow,
    "a.id, a.acted_at, a.operator, a.action, a.subject, a.subject_id, a.reason,"
    " a.details::text AS details",
    "audit_log a",
    key="a.id",
    where={
        "operator": "a.operator = :operator",
        "subject": "a.subject = :subject",
        "changes": f"a.action NOT IN {_WITHOUT_CHANGE}",
        "looks": "a.action IN ('look', 'export')",
        "logins": "a.action IN ('log_in', 'log_in_refused', 'log_out')",
        "refusals": "a.action = 'refused'",
        "since": "a.acted_at >= :since",
        "until": "a.acted_at < :until",
    },
)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A problem that a caller reported from the menu; `customer` is empty for a number that is no
    customer's."""

    id: int
    reported_at: datetime
    msisdn: str
    body: str
    customer_id: int | None
    customer: str


REPORTS = Query(
    ReportRow,
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

# Read one index entry for each subject: the log is long, and there are few subjects.
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
    """Return the nouns that have audit rows: `agent`, `payment`, ..."""
    return list(connection.execute(_SUBJECTS).scalars())


@dataclass(frozen=True, slots=True)
class Action:
    """What an operator did to a row, and why."""

    acted_at: datetime
    operator: str
    action: str
    reason: str


def audit_of(connection: Connection, subject: str, subject_id: int) -> list[Action]:
    """Return the 50 latest changes of one row, the newest first."""
    return all_rows(
        connection,
        Action,
        "SELECT acted_at, operator, action, reason FROM audit_log WHERE subject = :subject"
        f" AND subject_id = :id AND action NOT IN {_WITHOUT_CHANGE} ORDER BY id DESC LIMIT 50",
        subject=subject,
        id=subject_id,
    )
