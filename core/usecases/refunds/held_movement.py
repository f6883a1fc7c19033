"""A movement on a statement that waited for a person, and turns out to be money that went back."""

from __future__ import annotations

from core.db.audit import close_cases_by_key
from core.db.held_movements import HeldMovement, end_held, find_held
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
    out = _held_out(unit, provider_account, reference)
    if out and not any(
        movement.amount_minor == amount_minor and movement.booked_as in (None, "nothing")
        for movement in out
    ):
        raise Refused("reference_used", reference=reference)
    end_held_movement(unit, provider_account, reference, amount_minor)


def end_held_movement(
    unit: Unit, provider_account: str, reference: str | None, amount_minor: int
) -> None:
    """End the movement of this amount under this receipt that waits for a person, if there is one,
    and close its case: the money is booked otherwise."""
    for movement in _held_out(unit, provider_account, reference):
        if movement.booked_as is None and movement.amount_minor == amount_minor:
            end_held(unit.connection, movement.id, unit.now, "nothing")
            close_cases_by_key(unit.connection, unit.now, f"movement_held:{movement.id}")


def _held_out(unit: Unit, provider_account: str, reference: str | None) -> list[HeldMovement]:
    held = find_held(unit.connection, provider_account, [reference] if reference else [])
    return [movement for movement in held.values() if movement.direction == "out"]
