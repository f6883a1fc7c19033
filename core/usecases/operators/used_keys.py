"""Forget the keys under which something was done once, when nothing can ask for it any more."""

from __future__ import annotations

from datetime import timedelta

from core.db.audit import forget_noted
from core.db.effects import delete_effects
from core.db.saved_forms import delete_saved_forms
from core.unit import Unit

# A login at the console, without which a form cannot come again, ends after half a day; a session
# of a menu long before.
_KEPT = timedelta(days=1)


def forget_used_keys(unit: Unit) -> int:
    """Delete what is known of effects of menus, of saved forms and of what was noted in the audit
    log once an hour; return how many rows."""
    before = unit.now - _KEPT
    forget = (delete_effects, delete_saved_forms, forget_noted)
    return sum(delete(unit.connection, before) for delete in forget)
