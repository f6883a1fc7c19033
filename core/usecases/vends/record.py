"""Record how a call to a vendor ended, in a transaction of its own.

The row may have gone on meanwhile: a person has decided, or the lease has ended and another worker
asked. Codes that come are never lost; everything else only counts for the call that was claimed
last.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from core.db.audit import CaseDraft, open_drafts
from core.db.vendor_accounts import lock_account
from core.db.vends import (
    codes_of_vend,
    find_vend,
    is_reference_of_another,
    lock_vend,
    update_vend,
)
from core.logs import Masking
from core.unit import Unit
from core.usecases.vends.claim import VendTask
from core.usecases.vends.outcome import (
    LATE,
    describe_vend,
    hold_for_person,
    store_codes,
    vend_done,
    vend_refused,
)
from core.vend import (
    OF_ACCOUNT,
    WORDS_MAX,
    Answer,
    Done,
    LookUpAnswer,
    NotDone,
    NotSent,
    Refusal,
    Unknown,
    Vend,
    VendorAbilities,
)

_SOON, _AT_LAST = timedelta(seconds=15), timedelta(minutes=10)
_FIRST_LOOK, _LAST_LOOK = timedelta(minutes=1), timedelta(minutes=30)
# By then, a call that ran out of time can no longer be carried out by the vendor.
_SETTLED = timedelta(minutes=10)
_mask = Masking()


def vend_prepared(unit: Unit, task: VendTask, answer: datetime | Refusal | NotSent | None) -> None:
    """Store the date that an order is for; it is asked for at once."""
    vend = _lock_claimed(unit, task)
    if vend is None:
        return
    match answer:
        case datetime():
            update_vend(unit.connection, vend.id, until_at=answer, next_attempt_at=unit.now)
            unit.wakes.add("vends")
        case NotSent() | Refusal():
            _open(unit, _not_done(unit, vend, answer, may_be_done=False))
        case None:
            refusal = Refusal("other", "the driver fixed no date")
            _open(unit, [vend_refused(unit, vend, refusal)])


def vend_answered(unit: Unit, task: VendTask, abilities: VendorAbilities, answer: Answer) -> None:
    """Record the answer to an order."""
    if isinstance(answer, Done):
        return _record_done(unit, task, answer)
    vend = _lock_claimed(unit, task)
    if vend is None:
        return
    if isinstance(answer, Unknown):
        _open(unit, _not_known(unit, vend, abilities, answer.words))
    else:
        _open(unit, _not_done(unit, vend, answer, may_be_done=task.may_be_done))


def vend_looked_up(
    unit: Unit, task: VendTask, abilities: VendorAbilities, answer: LookUpAnswer
) -> None:
    """Record what a look-up found. What was not done is asked for again, once no call that is
    under way can do it yet."""
    if isinstance(answer, Done):
        if not _is_of_another_vend(unit, task.vend, answer):
            return _record_done(unit, task, answer)
        answer = Unknown(f"{answer.reference} is another vend of ours")
    vend = _lock_claimed(unit, task)
    if vend is None:
        return
    if not isinstance(answer, NotDone):
        _open(unit, _not_known(unit, vend, abilities, answer.words))
        return
    settled_at = (vend.asked_at or vend.created_at) + _SETTLED
    if abilities.repeat_is_safe or unit.now >= settled_at:
        update_vend(unit.connection, vend.id, state="waiting", next_attempt_at=unit.now)
        unit.wakes.add("vends")
    else:
        update_vend(unit.connection, vend.id, next_attempt_at=settled_at)


def codes_made(unit: Unit, vend_id: int) -> tuple[str, ...]:
    """Return the codes of a vend that is done, in the order in which they are typed."""
    vend = find_vend(unit.connection, vend_id)
    is_done = vend is not None and vend.state == "done"
    return tuple(codes_of_vend(unit.connection, vend_id)) if is_done else ()


def _is_of_another_vend(unit: Unit, vend: Vend, done: Done) -> bool:
    """Whether what was found is another vend already: vendors without a number of ours are looked
    up by what was paid and when. Locks the account, so that two cannot find the same at a time."""
    if done.reference is None:
        return False
    lock_account(unit.connection, vend.vendor, vend.account)
    return is_reference_of_another(unit.connection, vend, done.reference)


def _lock_claimed(unit: Unit, task: VendTask) -> Vend | None:
    """Return the vend, locked, if this call is still the one that was claimed last."""
    vend = lock_vend(unit.connection, task.vend.id)
    if vend is None or (vend.state, vend.attempts) != (task.vend.state, task.vend.attempts):
        return None
    return vend


def _record_done(unit: Unit, task: VendTask, done: Done) -> None:
    vend = lock_vend(unit.connection, task.vend.id)
    if vend is None:
        return
    if vend.state in ("asked", "unknown") or (vend.state == "waiting" and vend.asks):
        _open(unit, vend_done(unit, vend, done))
    elif not _is_known(unit, vend, done):
        _open(unit, [_late(unit, vend, done)])


def _is_known(unit: Unit, vend: Vend, done: Done) -> bool:
    return vend.state == "done" and {*done.codes} <= {*codes_of_vend(unit.connection, vend.id)}


def _late(unit: Unit, vend: Vend, done: Done) -> CaseDraft:
    """Keep what came after the vend had ended otherwise: a person must know."""
    store_codes(unit, vend, done)
    came = f"{len(done.codes)} codes" if done.codes else "the word that it was credited"
    detail = (
        f"{describe_vend(vend)} was {vend.state} already when {vend.vendor} answered with {came}."
        " They are kept with the vend and were not sent: what was vended twice, or given back as"
        " well, is settled with the customer"
    )
    return CaseDraft(LATE, str(vend.id), detail, vend.payment_id)


def _not_done(
    unit: Unit, vend: Vend, answer: NotSent | Refusal, *, may_be_done: bool
) -> list[CaseDraft | None]:
    """Record that this call vended nothing. An earlier one may have, with `may_be_done`."""
    words = _clean(answer.words)
    is_of_account = isinstance(answer, NotSent) or answer.reason in OF_ACCOUNT
    if is_of_account:
        reason = answer.reason if isinstance(answer, Refusal) else None
        update_vend(
            unit.connection,
            vend.id,
            state="unknown" if may_be_done else "waiting",
            reason=reason,
            words=words,
            next_attempt_at=unit.now + _backoff(_SOON, vend.attempts, _AT_LAST),
        )
        return []
    assert isinstance(answer, Refusal)
    if may_be_done:
        return [hold_for_person(unit, vend, f"asked again, it refuses: {words}")]
    return [vend_refused(unit, vend, Refusal(answer.reason, words))]


def _not_known(
    unit: Unit, vend: Vend, abilities: VendorAbilities, words: str
) -> list[CaseDraft | None]:
    words = _clean(words)
    if not abilities.can_look_up and not abilities.repeat_is_safe:
        return [hold_for_person(unit, vend, words)]
    update_vend(
        unit.connection,
        vend.id,
        state="unknown",
        words=words,
        next_attempt_at=unit.now + _backoff(_FIRST_LOOK, vend.attempts, _LAST_LOOK),
    )
    return []


def _backoff(first: timedelta, attempts: int, most: timedelta) -> timedelta:
    doublings = min(max(attempts - 1, 0), 12)
    return min(first * (1 << doublings), most)


def _clean(words: str) -> str:
    """A vendor's words without what could be a code, a number of a person, or a key."""
    return _mask(" ".join(words.split()))[:WORDS_MAX]


def _open(unit: Unit, cases: Iterable[CaseDraft | None]) -> None:
    open_drafts(unit.connection, unit.now, [case for case in cases if case is not None])
