"""Compare what a vendor says that it credited with what we asked it for, every night.

Where the vendor pushes the credit, no code is typed: without this, a payment that was credited
twice, or not at all, shows only when a customer complains. Differences are cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from core.db.audit import CaseDraft, open_drafts
from core.db.vendor_accounts import claim_account_audit, set_audited
from core.db.vends import lock_vend, vends_on_list, vends_pushed
from core.unit import Unit
from core.usecases.vends.outcome import describe_vend, provider_name, vend_done
from core.vend import LIST_COMPLETE_AFTER, Done, ListedVend, Vend

# Cases about a vendor's list.
NOT_LISTED, LISTED_OTHERWISE, NOT_OURS = "vend_not_listed", "vend_listed", "vend_not_ours"
_AGAIN = timedelta(minutes=15)
_FIRST = timedelta(days=1)
# Clocks differ: the vendor's list is read so much further on both sides.
_MARGIN = timedelta(hours=1)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class AuditWindow:
    """The time whose vends are compared: from `since` until before `until`; `after`: how long after
    its end the vendor's list of a day is complete."""

    since: datetime
    until: datetime
    after: timedelta = LIST_COMPLETE_AFTER

    @property
    def listed(self) -> tuple[datetime, datetime]:
        """The time for which the vendor's list is read."""
        return self.since - _MARGIN, self.until + _MARGIN


def claim_audit(
    unit: Unit, vendor: str, account: str, after: timedelta = LIST_COMPLETE_AFTER
) -> AuditWindow | None:
    """Return what is to be compared now; None where nothing is. A comparison that fails is tried
    again in a quarter of an hour. `after`: how long after its end the vendor's list of a day is
    complete."""
    until = unit.market.first_instant(unit.market.local_date(unit.now - after))
    again_at = unit.now + _AGAIN
    claimed = claim_account_audit(unit.connection, unit.now, (vendor, account), again_at)
    if claimed is None:
        return None
    since = claimed[0] or until - _FIRST
    if since >= until:
        _end(unit, (vendor, account), since, after)
        return None
    return AuditWindow(since, until, after)


def audit_account(
    unit: Unit, vendor: str, account: str, window: AuditWindow, listed: Sequence[ListedVend]
) -> int:
    """Compare a vendor's list with our vends of that time; returns how many cases that opened.

    A vend whose outcome was not known, and that the list has under our handle, was done.
    """
    _end(unit, (vendor, account), window.until, window.after)
    by_handle = {found: each for each in listed if (found := _read_handle(each)) is not None}
    references = [each.reference for each in listed]
    known = vends_on_list(unit.connection, [str(handle) for handle in by_handle], references)
    by_reference = {each.reference: each for each in listed}
    cases: list[CaseDraft] = []
    for vend in known:
        entry = by_handle.get(vend.handle) or by_reference[vend.vendor_reference or ""]
        cases += _compare(unit, vend, entry)
    cases += _missing(unit, (vendor, account), window, known)
    cases += _twice(known, listed)
    cases += _not_ours((vendor, account), window, known, listed)
    return len(open_drafts(unit.connection, unit.now, cases))


def _end(unit: Unit, account: tuple[str, str], until: datetime, after: timedelta) -> None:
    next_day = unit.market.local_date(until) + timedelta(days=1)
    set_audited(unit.connection, account, until, unit.market.first_instant(next_day) + after)


def _read_handle(listed: ListedVend) -> UUID | None:
    try:
        return UUID(listed.handle) if listed.handle else None
    except ValueError:
        return None


def _compare(unit: Unit, vend: Vend, listed: ListedVend) -> Iterator[CaseDraft]:
    if vend.state in ("asked", "unknown"):
        locked = lock_vend(unit.connection, vend.id)
        if locked is not None and locked.state in ("asked", "unknown"):
            yield from vend_done(unit, locked, Done(reference=listed.reference))
    elif vend.state != "done":
        yield _case(
            LISTED_OTHERWISE,
            vend,
            f"{describe_vend(vend)} is {vend.state} here, but on the list of {vend.vendor} it was"
            f" credited ({listed.reference}, {listed.money}). Say on its page that it was, or have"
            " it taken back there",
        )
    elif listed.money.currency == vend.currency and listed.money.minor != vend.amount_minor:
        yield _case(
            LISTED_OTHERWISE,
            vend,
            f"{describe_vend(vend)}: {vend.order.money} was paid, and {vend.vendor} lists"
            f" {listed.money} ({listed.reference})",
        )


def _missing(
    unit: Unit, account: tuple[str, str], window: AuditWindow, known: Sequence[Vend]
) -> Iterator[CaseDraft]:
    found = {vend.id for vend in known}
    for vend in vends_pushed(unit.connection, account, window.since, window.until):
        if vend.id not in found:
            yield _case(
                NOT_LISTED,
                vend,
                f"{describe_vend(vend)} was credited according to {vend.vendor}, but is not on its"
                " list of that day: does the device have it? If not, give its money back",
            )


def _twice(known: Sequence[Vend], listed: Sequence[ListedVend]) -> Iterator[CaseDraft]:
    times = Counter(_read_handle(each) for each in listed)
    for vend in known:
        if times[vend.handle] > 1:
            yield _case(
                LISTED_OTHERWISE,
                vend,
                f"{describe_vend(vend)} is {times[vend.handle]} times on the list of {vend.vendor}:"
                " have all but one taken back there",
            )


def _not_ours(
    account: tuple[str, str],
    window: AuditWindow,
    known: Sequence[Vend],
    listed: Sequence[ListedVend],
) -> Iterator[CaseDraft]:
    handles = {vend.handle for vend in known}
    references = {vend.vendor_reference for vend in known}
    strange = [
        each
        for each in listed
        if window.since <= each.at < window.until
        and _read_handle(each) not in handles
        and each.reference not in references
    ]
    if strange:
        shown = "; ".join(
            f"{each.reference}: {each.money} for {each.serial or 'no device'}"
            for each in strange[:_SHOWN]
        )
        more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
        name = provider_name(*account)
        detail = (
            f"{name} lists {len(strange)} credits from {window.since:%Y-%m-%d} to"
            f" {window.until:%Y-%m-%d} that we did not ask for: {shown}{more}. Who made them?"
        )
        yield CaseDraft(NOT_OURS, f"{name}:{window.until:%Y-%m-%dT%H:%MZ}", detail)


def _case(kind: str, vend: Vend, detail: str) -> CaseDraft:
    return CaseDraft(kind, str(vend.id), detail, vend.payment_id)
