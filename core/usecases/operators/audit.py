"""The audit log: every action of an operator leaves a row, with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from core.clock import SAME_AGAIN_WITHIN
from core.db.audit import insert_audit
from core.db.same_again import find_act_of, find_audit
from core.errors import BrokenInvariant, Refused
from core.unit import Unit

_NUMBER = re.compile(r"\+[0-9]{7,15}")
_OUR_OWN = ("help_line",)  # the number that customers call
# The operator of actions that no person takes.
ITSELF = "dialwatt"


def write_audit(
    unit: Unit,
    operator: str,
    action: str,
    subject: str,
    subject_id: int,
    reason: str,
    /,
    **details: object,
) -> None:
    """Write who did what to which row, and why, in the transaction of the action.

    `subject` is the noun (`device`) and `subject_id` the id of the row; `details` is anything JSON
    can hold, without names or numbers of people: ids, and names of what was changed. Raises
    Refused("reason_missing") without an operator or a reason.
    """
    if not operator.strip() or not reason.strip():
        raise Refused("reason_missing")
    insert_audit(
        unit.connection,
        unit.now,
        {
            "operator": operator.strip(),
            "action": action,
            "subject": subject,
            "subject_id": subject_id,
            "reason": reason.strip()[:500],
            "details": _impersonal(details),
        },
    )


def _impersonal(details: Mapping[str, object]) -> Mapping[str, object]:
    """The details of an audit row. Raises BrokenInvariant where one is a phone number: the log is
    never shortened, so that person could not be forgotten."""
    for name, value in details.items():
        if isinstance(value, str) and name not in _OUR_OWN and _NUMBER.fullmatch(value):
            raise BrokenInvariant(f"a detail of an audit row ({name}) is a phone number")
    return details


def check_not_repeated(
    unit: Unit, action: str, subject: str, subject_id: int, /, **details: object
) -> None:
    """Check that the same was not done to that row minutes before: its operator may have seen no
    answer.

    For an action that nothing else tells apart from its repetition. Raises Refused("done_before").
    """
    since = unit.now - SAME_AGAIN_WITHIN
    done_at = find_audit(unit.connection, (subject, subject_id), action, details, since)
    if done_at is not None:
        raise Refused("done_before", at=unit.market.local_time(done_at))


def was_done_by(
    unit: Unit,
    operator: str,
    subject: tuple[str, int],
    within: timedelta,
    action: str | None = None,
) -> bool:
    """Return whether that operator did that action, or anything, to a row (noun and id) lately."""
    since = unit.now - within
    return find_act_of(unit.connection, operator, subject, action, since) is not None
