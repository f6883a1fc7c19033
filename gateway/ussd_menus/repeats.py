"""An act that was done a few minutes before is not done again: the caller is asked."""

from __future__ import annotations

from gateway.ussd_menus.session_vars import session_var
from gateway.ussd_menus.turn import Turn

is_repeat = session_var("is_repeat", bool)


def was_done_before(turn: Turn) -> bool:
    """Whether the last effect did nothing, because the same was done a few minutes before."""
    return turn[is_repeat]
