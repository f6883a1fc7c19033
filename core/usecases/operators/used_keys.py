"""Forget the keys under which something was done once, when nothing can ask for it any more."""

from __future__ import annotations

from datetime import timedelta

from core.db.acts import forget_acts
from core.db.audit import forget_noted
from core.db.effects import delete_effects
from core.db.saved_forms import delete_saved_forms
from core.unit import Unit

# A login at the console, without which a form cannot come again, ends after half a day; a session
# of a menu long before.
_KEPT = timedelta(days=1)
# The list of approvals shows how requests ended; the audit log keeps it for good.
_ACTS_KEPT = timedelta(days=90)


def forget_used_keys(unit: Unit) -> int:
    """Delete what is known of effects of menus, of saved forms, of what was noted in the audit log
    once an hour, and of acts whose day is long over; return how many rows."""
    before = unit.now - _KEPT
    forget = (delete_effects, delete_saved_forms, forget_noted)
    forgotten = sum(delete(unit.connection, before) for delete in forget)
    return forgotten + forget_acts(unit.connection, unit.now - _ACTS_KEPT)
