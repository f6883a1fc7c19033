"""Workers tell which STS vending keys they hold, so that the other processes know without a key."""

from __future__ import annotations

from core.db.vending_keys import store_held_keys, usual_revisions
from core.environment import Environment, read_setting
from core.errors import BadInput
from core.tokens.keys import VendingKeys
from core.unit import Unit


def publish_keys(unit: Unit, keys: VendingKeys) -> None:
    """Store which vending keys are held here, in place of what was told before.

    A key whose name says no revision is taken to be of the revision that most meters of its group
    are on: one meter with other data must not stop its neighbours.
    """
    for sgc, krn in usual_revisions(unit.connection).items():
        keys.pin(sgc, krn)
    store_held_keys(unit.connection, unit.now, keys.held())


def read_groups(environment: Environment, name: str) -> frozenset[str]:
    """Return the supply groups that the setting NAME lists (six digits each, with commas).

    Raises BadInput.
    """
    groups = [part.strip() for part in read_setting(environment, name, "").split(",")]
    found = frozenset(filter(None, groups))
    if wrong := [sgc for sgc in found if len(sgc) != 6 or not sgc.isdecimal()]:
        raise BadInput(f"{name}: a supply group has six digits: {', '.join(sorted(wrong))}")
    return found
