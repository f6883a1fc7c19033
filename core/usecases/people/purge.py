"""Retention: what is older than its rule says is deleted or blanked (docs/privacy.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.db.personal import RULES
from core.db.personal.purge import count_aged, purge_batch
from core.environment import Environment, read_setting
from core.errors import BadInput
from core.unit import Unit

_MOST_DAYS = 36_500
# A rule that is so long behind is reported: the nightly purge has had two chances.
_GRACE = timedelta(days=2)
# What is kept for a day is purged every hour.
SHORT_LIVED = tuple(name for name, (_, rule) in RULES.items() if rule.days == 1)
NIGHTLY = tuple(name for name in RULES if name not in SHORT_LIVED)


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """For how many days the rows of each rule are kept: RETENTION_<RULE>_DAYS."""

    days: Mapping[str, int]

    @classmethod
    def from_environment(cls, environment: Environment) -> RetentionSettings:
        """Raises BadInput for anything that is no whole number of days from 1 on."""
        return cls({name: _days(environment, name) for name in RULES})


def _days(environment: Environment, name: str) -> int:
    _, rule = RULES[name]
    given = read_setting(environment, rule.setting, str(rule.days))
    if not given.isdecimal() or not 1 <= int(given) <= _MOST_DAYS:
        raise BadInput(f"{rule.setting} must be a whole number of days, 1 or more, not {given!r}")
    return int(given)


def purge_step(unit: Unit, name: str, days: int, limit: int) -> int:
    """Purge up to `limit` rows of one rule; returns how many."""
    table, rule = RULES[name]
    return purge_batch(unit.connection, table, rule, unit.now - timedelta(days=days), limit)


def count_too_old(unit: Unit, name: str, days: int) -> int:
    """Return how many rows of a rule the next purge will take."""
    table, rule = RULES[name]
    return count_aged(unit.connection, table, rule, unit.now - timedelta(days=days))


def rules_behind(unit: Unit, settings: RetentionSettings) -> dict[str, int]:
    """Return the rules whose rows should have been purged two days ago, with how many there are."""
    found = {
        name: count_too_old(unit, name, days + _GRACE.days) for name, days in settings.days.items()
    }
    return {name: rows for name, rows in found.items() if rows}
