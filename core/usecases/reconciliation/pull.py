"""When a provider's list of payments is asked for, and which part of it.

Mostly the last two hours. Once a day, and after an absence of the workers or of the provider, the
list is asked for as far back as it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.db.statements import claim_pull, first_paid_at, next_pull_at, set_pull
from core.unit import Unit

_RECENT = timedelta(hours=2)
# A provider may keep its list for no longer than 48 hours.
_WHOLE = timedelta(hours=47)
_WHOLE_EVERY = timedelta(days=1)
_ABSENT = timedelta(hours=1)
# A payment may be on the list a little later than its callback came.
_SETTLES_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Pull:
    """A part of a provider account's list, from `begin` to `end`; `is_whole`: as far back as the
    list goes."""

    provider_account: str
    begin: datetime
    end: datetime
    is_whole: bool

    @property
    def settled_until(self) -> datetime:
        """Until then every payment of the period is on the list."""
        return self.end - _SETTLES_WITHIN


def plan_pull(unit: Unit, provider_account: str, every: timedelta) -> Pull | None:
    """The part of the list to ask for now, and set the time of the next pull; None while none is
    due."""
    was_due_at = next_pull_at(unit.connection, provider_account)
    if not claim_pull(unit.connection, provider_account, unit.now, every):
        return None
    was_absent = was_due_at is not None and unit.now - was_due_at > _ABSENT
    whole_at = next_pull_at(unit.connection, _whole(provider_account))
    if was_absent or whole_at is None or whole_at <= unit.now:
        return Pull(provider_account, _whole_begin(unit, provider_account), unit.now, True)
    return Pull(provider_account, unit.now - _RECENT, unit.now, False)


def pull_done(unit: Unit, pull: Pull) -> None:
    """Set when the whole list is due next, once every payment of this one is recorded."""
    if pull.is_whole:
        set_pull(unit.connection, _whole(pull.provider_account), pull.end + _WHOLE_EVERY)


def pull_again(unit: Unit, pull: Pull) -> None:
    """Have the list asked for again at once: there was no time to record all of it."""
    set_pull(unit.connection, pull.provider_account, unit.now)


def pull_failed(unit: Unit, pull: Pull) -> None:
    """Have the next pull ask for the whole list, as this one was not answered."""
    set_pull(unit.connection, _whole(pull.provider_account), pull.end)


def _whole_begin(unit: Unit, provider_account: str) -> datetime:
    """As far back as the list goes, but not before the first payment we know: what moved earlier
    was recorded by the system before this one."""
    recent = unit.now - _RECENT
    first_at = first_paid_at(unit.connection, provider_account) or recent
    return min(recent, max(unit.now - _WHOLE, first_at))


def _whole(provider_account: str) -> str:
    """Under this key stands when the whole list is due."""
    return f"{provider_account} whole"
