"""Claim vends for an account with a vendor: which step each is due for, stored before it is taken.

A worker may be stopped at any moment. What it had claimed is due again when its lease ends; by then
its call has ended too. A vend that was `asked` and has no answer may have been done: it is looked
up, or asked again where the same order twice is one vend, or held for a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from core.db.audit import CaseDraft, open_drafts
from core.db.circuits import is_open
from core.db.vendor_accounts import free_calls
from core.db.vends import claim_due_vends, update_vend
from core.unit import Unit
from core.usecases.providers.circuit import is_call_due
from core.usecases.vends.outcome import (
    UNKNOWN,
    WITHDRAWN,
    describe_vend,
    hold_for_person,
    provider_name,
    vend_done,
    withdraw,
)
from core.vend import Done, Vend, VendorAbilities

Step = Literal["prepare", "vend", "look_up"]

# Longer than any call to a vendor takes.
LEASE = timedelta(minutes=3)
# An outcome that is not known for so long is a case, though it is asked for further.
_PATIENCE = timedelta(hours=1)
_LATER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class VendTask:
    """A call that is to be made now. `may_be_done`: an earlier call may have been answered."""

    vend: Vend
    step: Step
    may_be_done: bool = False


def claim_vends(
    unit: Unit, account: tuple[str, str], abilities: VendorAbilities, limit: int
) -> list[VendTask]:
    """Claim up to `limit` calls for an account (vendor, name).

    There are no more under way than the account allows, in all workers together, and one at a time
    while its circuit is open. What may not be asked for any more is withdrawn, with a case.
    """
    free = min(limit, free_calls(unit.connection, unit.now, *account))
    provider = provider_name(*account)
    if not free or not is_call_due(unit, provider):
        return []
    free = 1 if is_open(unit.connection, provider) else free
    due = claim_due_vends(unit.connection, unit.now, account, free, in_turn=abilities.needs_date)
    claim = _Claim(unit, account, abilities)
    tasks = [task for vend in due if (task := claim.next_step(vend)) is not None]
    open_drafts(unit.connection, unit.now, claim.cases)
    return tasks


@dataclass(slots=True)
class _Claim:
    unit: Unit
    account: tuple[str, str]
    abilities: VendorAbilities
    cases: list[CaseDraft] = field(default_factory=list)

    def next_step(self, vend: Vend) -> VendTask | None:
        """Store the next step of a locked vend; None where none is left to a worker."""
        if vend.state == "waiting":
            return self._first_step(vend)
        if vend.typed_codes:
            self.cases += vend_done(self.unit, vend, Done(tuple(vend.typed_codes)))
            return None
        if not self.abilities.can_look_up and not self.abilities.repeat_is_safe:
            self.cases.append(hold_for_person(self.unit, vend, vend.words or "no answer came"))
            return None
        if vend.asked_at is not None and self.unit.now - vend.asked_at > _PATIENCE:
            self.cases.append(_long_unknown(vend))
        if self.abilities.can_look_up:
            return self._taken(vend, "look_up", state="unknown", may_be_done=True)
        return self._asked(vend, may_be_done=True)

    def _first_step(self, vend: Vend) -> VendTask | None:
        if why := _why_not_asked(vend):
            self._withdraw(vend, why)
            return None
        if vend.kind not in self.abilities.actions:
            words = f"the account {provider_name(*self.account)} does no {vend.kind}"
            at = self.unit.now + _LATER
            update_vend(self.unit.connection, vend.id, words=words, next_attempt_at=at)
            return None
        if self.abilities.needs_date and vend.kind == "days" and vend.until_at is None:
            return self._taken(vend, "prepare", state="waiting")
        return self._asked(vend)

    def _asked(self, vend: Vend, *, may_be_done: bool = False) -> VendTask:
        asked: dict[str, Any] = {
            "asked_at": self.unit.now,
            "asks": vend.asks + 1,
            "vendor": self.account[0],
            "account": self.account[1],
        }
        update_vend(self.unit.connection, vend.id, **asked)
        return self._taken(replace(vend, **asked), "vend", state="asked", may_be_done=may_be_done)

    def _taken(self, vend: Vend, step: Step, *, state: str, may_be_done: bool = False) -> VendTask:
        taken: dict[str, Any] = {
            "state": state,
            "attempts": vend.attempts + 1,
            "next_attempt_at": self.unit.now + LEASE,
        }
        update_vend(self.unit.connection, vend.id, **taken)
        return VendTask(replace(vend, **taken), step, may_be_done)

    def _withdraw(self, vend: Vend, why: str) -> None:
        withdraw(self.unit, vend, why)
        what_now = "Give its money back as credit on the page of the vend"
        if vend.order_id is not None:
            what_now = "Order it again for the right device if it is still wanted"
        detail = f"{describe_vend(vend)} was not asked for: {why}. {what_now}"
        self.cases.append(CaseDraft(WITHDRAWN, str(vend.id), detail, vend.payment_id))


def _why_not_asked(vend: Vend) -> str | None:
    if vend.owner_id != vend.customer_id:
        return "the device has changed hands since"
    if vend.payment_left_minor == 0:
        return "its payment was taken back"
    return None


def _long_unknown(vend: Vend) -> CaseDraft:
    detail = (
        f"{describe_vend(vend)}: {vend.vendor} was asked {vend.asked_at:%Y-%m-%d %H:%M} UTC and"
        f" does not say what became of it ({vend.words or 'no answer'}). It is asked further; look"
        " into its portal, and decide on the page of the vend if it stays so"
    )
    return CaseDraft(UNKNOWN, str(vend.id), detail, vend.payment_id)
