"""Send SMS: claim those that are due, and record what the provider answered and reported.

While the provider takes none (core.usecases.providers.circuit) they wait, and no attempt counts.
An SMS with a token that did not reach its phone is sent again a few times: the token was paid for.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.db.circuits import is_open
from core.db.messages import (
    claim_oldest_sms,
    claim_sms,
    copy_sms,
    fail_late_sms,
    fail_sms,
    find_sms_id,
    hasten_sms,
    insert_report,
    lock_messages,
    mark_sent,
    redeliver_text,
    reports_of,
    update_sms,
    was_to_another,
)
from core.errors import OutcomeUnknown, Permanent, ProviderFailure, Refused, Unavailable
from core.logs import log_fields
from core.message import DeliveryReport, SentSms, WaitingSms
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.providers.circuit import call_answered, call_failed, is_call_due

log = logging.getLogger(__name__)

_LEASE = timedelta(minutes=2)
# An SMS that the provider did not take is tried again after these waits, then given up.
RETRY_AFTER = tuple(timedelta(seconds=s) for s in (10, 30, 120, 600, 1800, 3600, 14400, 43200))
# A token that did not reach its phone is sent again after these waits: a battery is charged, a
# journey ends. After the last of them only the menu still shows it.
REDELIVER_AFTER = (timedelta(minutes=30), timedelta(hours=6), timedelta(hours=24))


# Ranks of `sms.send_rank`: what carries a token; everything.
_TOKENS, _ALL = 0, 3


def claim_unsent_sms(unit: Unit, limit: int, provider: str) -> list[WaitingSms]:
    """Claim up to `limit` SMS that are due, for two minutes: tokens, receipts, answers, reminders.

    On an open circuit that is one, once in a while: whichever waits longest, also for a later
    attempt.
    """
    if is_open(unit.connection, provider):
        if not is_call_due(unit, provider):
            return []
        hasten_sms(unit.connection, unit.now)
        unit.wakes.add("sms")
        return claim_oldest_sms(unit.connection, unit.now, _LEASE)
    return claim_sms(unit.connection, unit.now, _LEASE, limit, _ALL)


def claim_unsent_tokens(unit: Unit, limit: int, provider: str) -> list[WaitingSms]:
    """Claim up to `limit` SMS with a token that are due, for two minutes; none on an open
    circuit."""
    if is_open(unit.connection, provider):
        return []
    return claim_sms(unit.connection, unit.now, _LEASE, limit, _TOKENS)


def give_up_late_sms(unit: Unit) -> None:
    """Give up the SMS that wait past the instant until which they were worth sending."""
    fail_late_sms(unit.connection, unit.now)


Sending = tuple[WaitingSms, SentSms | ProviderFailure]


def record_sendings(unit: Unit, sendings: Sequence[Sending], provider: str) -> None:
    """Record what became of claimed SMS: each was taken by `provider`, or the failure says why not.

    1. Those that were taken are sent, and the reports that came before the answer are applied.
    2. One that can never be sent is given up.
    3. Any other is postponed, also where it is unknown whether it was sent: a second SMS is
       harmless, a lost one is not. After the last wait it is given up. Where the provider takes
       none at all, the attempt does not count.
    """
    taken = [(sms.id, sent) for sms, sent in sendings if isinstance(sent, SentSms)]
    if taken:
        call_answered(unit, provider)
        _record_sent(unit, taken)
    for claimed, failure in sendings:
        if isinstance(failure, Permanent):
            call_answered(unit, provider)
            _give_up(unit, claimed, failure.code)
        elif isinstance(failure, ProviderFailure):
            _postpone(unit, claimed, failure)


def _record_sent(unit: Unit, taken: Sequence[tuple[int, SentSms]]) -> None:
    sms_of = {sent.message_id: sms_id for sms_id, sent in taken}
    lock_messages(unit.connection, sms_of)
    mark_sent(unit.connection, unit.now, taken)
    for report in reports_of(unit.connection, sms_of):
        _apply_report(unit, sms_of[report.message_id], report)


def _postpone(unit: Unit, claimed: WaitingSms, failure: ProviderFailure) -> None:
    is_away = isinstance(failure, Unavailable)
    if is_away or isinstance(failure, OutcomeUnknown):
        is_away = call_failed(unit, failure.provider, failure.code) or is_away
    else:
        call_answered(unit, failure.provider)
    attempts = claimed.attempts - is_away
    if attempts > len(RETRY_AFTER):
        _give_up(unit, claimed, failure.code)
        return
    update_sms(
        unit.connection,
        claimed.id,
        state="waiting",
        attempts=attempts,
        provider_status=failure.code,
        next_attempt_at=unit.now + RETRY_AFTER[max(attempts, 1) - 1],
    )


def _give_up(unit: Unit, claimed: WaitingSms, code: str) -> None:
    log.warning("an SMS is given up", extra=log_fields(sms=claimed.id, code=code))
    update_sms(
        unit.connection, claimed.id, state="failed", provider_status=code, next_attempt_at=None
    )


def record_delivery(unit: Unit, report: DeliveryReport) -> None:
    """Store a delivery report and apply it.

    Reports may come in any order, twice, and before the answer to our own call. None of them takes
    a delivered SMS back.
    """
    lock_messages(unit.connection, [report.message_id])
    insert_report(unit.connection, report, unit.now)
    sms_id = find_sms_id(unit.connection, report.message_id)
    if sms_id is not None:
        _apply_report(unit, sms_id, report)


def _apply_report(unit: Unit, sms_id: int, report: DeliveryReport) -> None:
    status = f"{report.status} {report.reason}" if report.reason else report.status
    match report.outcome:
        case "delivered":
            values = {"state": "delivered", "next_attempt_at": None}
            update_sms(unit.connection, sms_id, provider_status=status, **values)
        case "failed" | "hopeless" as outcome:
            times = () if outcome == "hopeless" else REDELIVER_AFTER
            _not_delivered(unit, sms_id, status, [unit.now + wait for wait in times])
        case _:
            update_sms(unit.connection, sms_id, provider_status=status)


def _not_delivered(unit: Unit, sms_id: int, status: str, times: list[datetime]) -> None:
    """Send it again at the next of `times`, else give it up. A report on an earlier sending of the
    same SMS changes nothing."""
    if not redeliver_text(unit.connection, sms_id, status, times):
        fail_sms(unit.connection, sms_id, status)


def resend_text(unit: Unit, text_id: int, operator: str) -> None:
    """Queue the same words to the same number.

    Raises Refused: sms_unknown, sms_waiting (it is still on its way), number_given_up (the number
    is no longer theirs to whom it was written).
    """
    if was_to_another(unit.connection, text_id):
        raise Refused("number_given_up")
    copied = copy_sms(unit.connection, text_id, f"again:{text_id}:{unit.now.isoformat()}", unit.now)
    if copied is None:
        raise Refused("sms_unknown")
    if not copied:
        raise Refused("sms_waiting")
    unit.wakes.add("sms")
    write_audit(unit, operator, "resend", "sms", text_id, "asked for at the console")
