"""A movement on a statement that waited for a person, and turns out to be money that went back."""

from __future__ import annotations

from core.db.audit import close_cases_by_key
from core.db.held_movements import end_held, find_held
from core.errors import Refused
from core.unit import Unit


def settle_held_movement(
    unit: Unit, provider_account: str, reference: str | None, amount_minor: int
) -> None:
    """End the held movement of this amount under this receipt, if there is one: the money is booked
    otherwise. Its charge may stand under the same receipt.

    Raises Refused("reference_used") where what is held there has another amount, or was booked as
    something else.
    """
    held = find_held(unit.connection, provider_account, [reference] if reference else [])
    out = [movement for movement in held.values() if movement.direction == "out"]
    same = [
        movement
        for movement in out
        if movement.amount_minor == amount_minor and movement.booked_as in (None, "nothing")
    ]
    if out and not same:
        raise Refused("reference_used", reference=reference)
    for movement in same:
        if movement.booked_as is None:
            end_held(unit.connection, movement.id, unit.now, "nothing")
            close_cases_by_key(unit.connection, unit.now, f"movement_held:{movement.id}")
