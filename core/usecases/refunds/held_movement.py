"""A movement on a statement that waited for a person, and turns out to be money that went back."""

from __future__ import annotations

from core.db.audit import close_cases_by_key
from core.db.held_movements import end_held, find_held
from core.errors import Refused
from core.unit import Unit


def settle_held_movement(
    unit: Unit, provider_account: str, reference: str | None, amount_minor: int
) -> None:
    """End the held movement under this receipt, if there is one: the money is booked otherwise.

    Raises Refused("reference_used") where the movement has another amount, or was booked as
    something else.
    """
    held = find_held(unit.connection, provider_account, [reference] if reference else [])
    for movement in held.values():
        if movement.direction == "in":
            continue
        is_other = movement.booked_as not in (None, "nothing")
        if is_other or movement.amount_minor != amount_minor:
            raise Refused("reference_used", reference=reference)
        if movement.booked_as is None:
            end_held(unit.connection, movement.id, unit.now, "nothing")
            close_cases_by_key(unit.connection, unit.now, f"movement_held:{movement.id}")
