"""When a provider's list of payments is asked for, and which part of it.

Mostly the last two hours. Once a day, and after an absence of the workers or of the provider, the
list is asked for as far back as it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.db.statements import claim_pull, first_paid_at, next_pull_at, pull_again
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
    """A part of a provider account's list, from `begin` to `end`."""

    provider_account: str
    begin: datetime
    end: datetime

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
    whole_is_due = claim_pull(unit.connection, _whole(provider_account), unit.now, _WHOLE_EVERY)
    begin = unit.now - _RECENT
    if was_absent or whole_is_due:
        begin = _whole_begin(unit, provider_account)
    return Pull(provider_account, begin, unit.now)


def pull_failed(unit: Unit, pull: Pull) -> None:
    """Have the next pull ask for the whole list, as this one was not answered."""
    pull_again(unit.connection, _whole(pull.provider_account), pull.end, timedelta(0))


def _whole_begin(unit: Unit, provider_account: str) -> datetime:
    """As far back as the list goes, but not before the first payment we know: what moved earlier
    was recorded by the system before this one."""
    recent = unit.now - _RECENT
    first_at = first_paid_at(unit.connection, provider_account) or recent
    return min(recent, max(unit.now - _WHOLE, first_at))


def _whole(provider_account: str) -> str:
    """Under this key stands when the whole list is due."""
    return f"{provider_account} whole"
