"""Have a worker try a stuck payment, prompt or SMS again now, or all SMS that were not taken.

Nothing is done twice: a payment is applied once, a prompt's outcome is looked up and the prompt is
never sent again, an SMS is sent with the same text. Rows that are final, or that a worker is
working on at this moment, are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from core.db.audit import close_cases
from core.db.payments import decide, is_held
from core.db.provider_words import end_words
from core.db.work_queue import (
    Kind,
    Waiting,
    count_not_taken,
    is_too_late,
    lock_waiting,
    put_back,
    put_back_texts,
)
from core.errors import Refused
from core.payment import CHANGED, NO_WORD, UNVERIFIED
from core.unit import QueueName, Unit
from core.usecases.operators.audit import write_audit

# In which states a row can be stuck, and the state it is put back in.
_BACK_IN: dict[Kind, dict[str, str]] = {
    "payment": {"received": "received"},
    "prompt": {
        "waiting": "waiting",
        "sending": "unknown",
        "pending": "pending",
        "unknown": "unknown",
        "approved": "approved",
        "failed": "failed",  # looked up all the same: a success after a failure wins
    },
    "text": {
        "waiting": "waiting",
        "sending": "waiting",
        "failed": "waiting",
        "unknown": "waiting",
    },
}
# The queue of each kind. An approved prompt lacks its receipt, which `reconciliation` asks for.
_QUEUES: dict[Kind, QueueName] = {"payment": "payments", "prompt": "prompts", "text": "sms"}


def find_stuck(unit: Unit, kind: Kind, row_id: int) -> Waiting:
    """Return the row as it is, locked; no next try is planned of a payment on hold.

    Raises Refused: row_unknown, replay_suspense, replay_settled, replay_busy, replay_too_late.
    """
    row = lock_waiting(unit.connection, kind, row_id)
    if row is None:
        raise Refused("row_unknown", kind=kind, id=row_id)
    if row.state == "suspense":
        raise Refused("replay_suspense")
    if row.state not in _BACK_IN[kind]:
        raise Refused("replay_settled", kind=kind, id=row_id, state=row.state)
    if row.state == "sending" and row.next_attempt_at and row.next_attempt_at > unit.now:
        raise Refused("replay_busy", kind=kind, id=row_id)
    if kind == "text" and is_too_late(unit.connection, row_id, unit.now):
        raise Refused("replay_too_late")
    is_on_hold = kind == "payment" and is_held(unit.connection, row_id)
    return replace(row, next_attempt_at=None) if is_on_hold else row


def retry_stuck(unit: Unit, operator: str, row: Waiting, reason: str) -> None:
    """Make a row of `find_stuck` in this unit due again, with an audit row."""
    if row.kind == "payment" and is_held(unit.connection, row.id):
        decide(unit.connection, unit.now, row.id)
        close_cases(unit.connection, unit.now, CHANGED, [row.id])
        end_words(unit.connection, unit.now, [row.id], "released", NO_WORD)
        close_cases(unit.connection, unit.now, UNVERIFIED, [row.id])
    put_back(unit.connection, row, _BACK_IN[row.kind][row.state], unit.now)
    unit.wakes.add("reconciliation" if row.state == "approved" else _QUEUES[row.kind])
    write_audit(
        unit, operator, "replay", row.kind, row.id, reason,
        state=row.state, attempts=row.attempts, why=row.why,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class NotTaken:
    """How many SMS wait for a later attempt, and how many failed."""

    waiting: int
    failed: int


def find_not_taken(unit: Unit, failed_since: datetime | None) -> NotTaken:
    """Count the SMS that a provider did not take; those that failed only from an instant on."""
    return NotTaken(*count_not_taken(unit.connection, unit.now, failed_since))


def retry_texts(
    unit: Unit, operator: str, reason: str, failed_since: datetime | None, after: int, limit: int
) -> list[int]:
    """Make a page of the SMS that were not taken due again, from id `after` on, with an audit row.

    Returns their ids. Those that failed are among them from `failed_since` on, if it is given. None
    is past its time, or to a number that its customer has given up.
    """
    ids = put_back_texts(unit.connection, unit.now, failed_since, after, limit)
    if ids:
        unit.wakes.add("sms")
        write_audit(
            unit, operator, "replay", "sms", ids[0], reason,
            texts=len(ids), last=ids[-1], failed=failed_since is not None,
        )  # fmt: skip
    return ids
