"""Claim texts to send and record what became of each, as told by the sender and by reports.

A text with a token whose phone could not be reached is sent anew a few times: the token was paid
for.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from core.db.messages import (
    claim_sms,
    copy_sms,
    fail_sms,
    find_sms_id,
    insert_report,
    lock_message,
    redeliver_text,
    reports_of,
    update_sms,
    was_to_another,
)
from core.errors import Refused
from core.logs import log_fields
from core.message import WaitingSms
from core.unit import Unit
from core.usecases.operators.audit import write_audit

log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=2)
# A text that could not be handed over is tried again after these waits, then given up on.
RETRY_AFTER = tuple(timedelta(seconds=s) for s in (10, 30, 120, 600, 1800, 3600, 14400, 43200))

# A token that did not reach its phone is sent anew after these waits: a battery is charged, a
# journey ends. Then the menu still shows it.
REDELIVER_AFTER = (timedelta(minutes=30), timedelta(hours=6), timedelta(hours=24))
# Reasons no waiting cures (Africa's Talking, delivery reports; one is misspelt in places).
_HOPELESS = {
    "userdoesnotexist",
    "userinblacklist",
    "useraccountsuspended",
    "notnetworksubscriber",
    "notnetworksubcriber",
    "usernotsubscribedtoproduct",
    "invalidlinkid",
}

# How far a message has come, by the provider's word; unknown words are kept but move nothing.
# (Africa's Talking: Sent, Submitted and Buffered are not final, the rest are.)
_FINAL_STATE = {
    "success": "delivered",
    "rejected": "failed",
    "failed": "failed",
    "absentsubscriber": "failed",
    "expired": "failed",
}


@dataclass(frozen=True, slots=True)
class Handed:
    """The provider took a text: its id for it, its word, and the price as it prints it."""

    message_id: str
    status: str
    cost: str | None


def claim_unsent_texts(unit: Unit, limit: int) -> list[WaitingSms]:
    """Take texts whose time has come, for two minutes."""
    return claim_sms(unit.connection, unit.now, _LEASE, limit)


def text_handed_over(unit: Unit, claimed: WaitingSms, handed: Handed) -> None:
    """The provider has it. A delivery report may have been faster than this."""
    lock_message(unit.connection, handed.message_id)
    update_sms(
        unit.connection,
        claimed.id,
        state="sent",
        provider_message_id=handed.message_id,
        provider_status=handed.status,
        cost=handed.cost,
        sent_at=unit.now,
        next_attempt_at=None,
    )
    for status, reason in reports_of(unit.connection, handed.message_id):
        _apply_report(unit, claimed.id, status, reason)


def text_postponed(unit: Unit, claimed: WaitingSms, code: str) -> None:
    """Not handed over, or nobody knows: the same text is tried again, until the waits run out."""
    if claimed.attempts > len(RETRY_AFTER):
        text_refused(unit, claimed, code)
        return
    wait = RETRY_AFTER[claimed.attempts - 1]
    update_sms(
        unit.connection,
        claimed.id,
        state="waiting",
        provider_status=code,
        next_attempt_at=unit.now + wait,
    )


def text_refused(unit: Unit, claimed: WaitingSms, code: str) -> None:
    """The provider will never take it: the number is wrong, blacklisted, or we gave up."""
    log.warning("a text is given up", extra=log_fields(text=claimed.id, code=code))
    update_sms(
        unit.connection, claimed.id, state="failed", provider_status=code, next_attempt_at=None
    )


def record_delivery(unit: Unit, message_id: str, status: str, reason: str | None) -> None:
    """Store a delivery report. In any order, twice, before our send returned: never backwards."""
    lock_message(unit.connection, message_id)
    insert_report(unit.connection, message_id, status, reason, unit.now)
    text_id = find_sms_id(unit.connection, message_id)
    if text_id is not None:
        _apply_report(unit, text_id, status, reason)


def _apply_report(unit: Unit, text_id: int, status: str, reason: str | None) -> None:
    told = f"{status} {reason}" if reason else status
    match _FINAL_STATE.get(status.lower()):
        case "delivered":
            values = {"state": "delivered", "next_attempt_at": None}
            update_sms(unit.connection, text_id, provider_status=told, **values)
        case "failed":
            _not_delivered(unit, text_id, told, hopeless=(reason or "").lower() in _HOPELESS)
        case _:
            update_sms(unit.connection, text_id, provider_status=told)


def _not_delivered(unit: Unit, text_id: int, told: str, *, hopeless: bool) -> None:
    """Sent anew if it may help. A report on an earlier sending changes nothing any more."""
    times = [] if hopeless else [unit.now + wait for wait in REDELIVER_AFTER]
    if not redeliver_text(unit.connection, text_id, told, times):
        fail_sms(unit.connection, text_id, told)


def resend_text(unit: Unit, text_id: int, operator: str) -> None:
    """Queue the same words to the same number; ring for texts afterwards.

    Raises Refused: text_unknown, text_waiting (it is still on its way), number_let_go (the number
    is no longer theirs to whom it was written).
    """
    if was_to_another(unit.connection, text_id):
        raise Refused("number_let_go")
    copied = copy_sms(unit.connection, text_id, f"again:{text_id}:{unit.now.isoformat()}", unit.now)
    if copied is None:
        raise Refused("text_unknown")
    if not copied:
        raise Refused("text_waiting")
    write_audit(unit, operator, "resend", "text", text_id, "asked for at the console")
