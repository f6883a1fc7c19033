"""A second person approves or refuses what an operator asked for; the act is done with the approval
in one transaction, once."""

from __future__ import annotations

from core.act import APPROVING, NEW_LOGIN_FOR, ActState, AskedAct
from core.db.acts import end_request, lock_request, overdue_requests
from core.errors import Refused
from core.operator import ConsoleUser
from core.unit import Unit
from core.usecases.operators.audit import ITSELF, was_done_by, write_audit


def claim_request(unit: Unit, act_id: int, approver: ConsoleUser) -> AskedAct:
    """Return a request that this person may approve, locked.

    Raises Refused: act_unknown, act_ended, act_expired, act_own (who asked never approves),
    approver_new (who asked has made this login, or changed it, within a day), act_not_yours,
    asker_gone.
    """
    asked = _waiting_request(unit, act_id)
    if asked.user_id == approver.id:
        raise Refused("act_own")
    if approver.role not in APPROVING:
        raise Refused("act_not_yours")
    if was_done_by(unit, asked.asker, ("user", approver.id), NEW_LOGIN_FOR):
        raise Refused("approver_new", asker=asked.asker)
    if not asked.asker_is_active:
        raise Refused("asker_gone", asker=asked.asker)
    return asked


def approve_request(unit: Unit, asked: AskedAct, approver: ConsoleUser, reason: str) -> None:
    """End a claimed request as approved, in the transaction in which the act is done.

    Raises Refused("reason_missing").
    """
    _end(unit, asked, approver, "approved", reason)


def refuse_request(unit: Unit, act_id: int, user: ConsoleUser, reason: str) -> ActState:
    """Refuse a request, or withdraw one's own; return how it ended.

    Raises Refused: act_unknown, act_ended, act_expired, act_not_yours, reason_missing.
    """
    asked = _waiting_request(unit, act_id)
    if asked.user_id != user.id and user.role not in APPROVING:
        raise Refused("act_not_yours")
    state: ActState = "withdrawn" if asked.user_id == user.id else "refused"
    _end(unit, asked, user, state, reason)
    return state


def expire_requests(unit: Unit) -> int:
    """End the requests that have waited too long; return how many."""
    overdue = overdue_requests(unit.connection, unit.now)
    for act_id in overdue:
        end_request(unit.connection, unit.now, act_id, "expired", None)
        write_audit(unit, ITSELF, "expire", "act", act_id, "it was not approved in time")
    return len(overdue)


def _waiting_request(unit: Unit, act_id: int) -> AskedAct:
    asked = lock_request(unit.connection, act_id)
    if asked is None:
        raise Refused("act_unknown")
    if asked.state != "waiting":
        raise Refused("act_ended", state=asked.state)
    if asked.expires_at <= unit.now:
        raise Refused("act_expired")
    return asked


_WORDS: dict[ActState, str] = {
    "approved": "approve",
    "refused": "refuse",
    "withdrawn": "withdraw",
}


def _end(unit: Unit, asked: AskedAct, user: ConsoleUser, state: ActState, reason: str) -> None:
    end_request(unit.connection, unit.now, asked.id, state, user.id)
    write_audit(
        unit, user.name, _WORDS[state], "act", asked.id, reason,
        act=asked.act, asked_by=asked.asker, value_minor=asked.value_minor,
    )  # fmt: skip
