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
    `operator_name` is the agent's where an agent acted; `about` is what the row is called today.
    `details` is JSON."""

    id: int
    acted_at: datetime
    operator_name: str
    action: str
    subject: str
    subject_id: int
    about: str
    reason: str
    details: str


# The log holds ids. What they are called is joined: it goes when a person is forgotten.
_PERSON = "concat_ws(' ', name, nullif(surname, ''))"
_CALLED = {
    "customer": f"SELECT {_PERSON} FROM customers WHERE id = a.subject_id",
    "agent": f"SELECT {_PERSON} FROM agents WHERE id = a.subject_id",
    "device": "SELECT serial FROM devices WHERE id = a.subject_id",
    "payment": "SELECT receipt FROM payments WHERE id = a.subject_id",
    "sale": "SELECT concat_ws(' ', c.name, nullif(c.surname, '')) || ': ' || p.name FROM sales s"
    " JOIN customers c ON c.id = s.customer_id JOIN appliances p ON p.id = s.appliance_id"
    " WHERE s.id = a.subject_id",
    "user": "SELECT name FROM console_users WHERE id = a.subject_id",
    "token": "SELECT d.serial FROM tokens t JOIN devices d ON d.id = t.device_id"
    " WHERE t.id = a.subject_id",
}
_ABOUT = " ".join(f"WHEN '{subject}' THEN ({query})" for subject, query in _CALLED.items())
_OPERATOR = (
    "CASE WHEN a.operator ~ '^agent [0-9]+$' THEN a.operator || (SELECT ' (' || "
    f"{_PERSON} || ')' FROM agents WHERE id = CAST(substr(a.operator, 7) AS bigint))"
    " ELSE a.operator END"
)
_PAST_NUMBER = (
    "coalesce(' (' || (SELECT 'the number ending in ' || right(msisdn, 3) FROM past_msisdns"
    " WHERE id = CAST(a.details ->> 'past_number' AS bigint)) || ')', '')"
)

# What leaves a row without a change.
_WITHOUT_CHANGE = "('log_in', 'log_in_refused', 'log_out', 'look', 'export', 'refused')"

AUDIT = Query(
    AuditRow,
    f"a.id, a.acted_at, {_OPERATOR} AS operator_name, a.action, a.subject, a.subject_id,"
    f" coalesce(CASE a.subject {_ABOUT} END, '') || {_PAST_NUMBER} AS about, a.reason,"
    " a.details::text AS details",
    "audit_log a",
    key="a.id",
    where={
        "operator": "a.operator = :operator OR a.operator = (SELECT 'agent ' || id FROM agents"
        " WHERE msisdn = :agent)",
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
