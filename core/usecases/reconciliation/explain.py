"""A person says what a movement on a statement was that the product does not book by itself."""

from __future__ import annotations

from core.db.audit import close_cases_by_key
from core.db.held_movements import HeldMovement, end_held, lock_held
from core.errors import Refused
from core.movement import BookedAs, Movement
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.reconciliation.book_movements import ACCOUNT_OF_KIND, HELD, post_movement


def explain_movement(
    unit: Unit, held_id: int, booked_as: BookedAs, operator: str, reason: str
) -> None:
    """Book a held movement as what it was, with its own value date, and close its case.

    `settlement`: between the provider account and our bank; `fee`: a charge of the provider, or one
    that came back; `unclassified`: to the account of that name, from which an accountant books it
    on; `nothing`: it is in the books already.

    Raises Refused: movement_unknown, movement_explained, reason_missing.
    """
    held = lock_held(unit.connection, held_id)
    if held is None:
        raise Refused("movement_unknown", id=held_id)
    if held.booked_as is not None:
        raise Refused("movement_explained", receipt=held.receipt, booked_as=held.booked_as)
    if booked_as != "nothing":
        other_side = ACCOUNT_OF_KIND.get(booked_as, booked_as)
        account, key = held.provider_account, f"movement:{held.id}"
        post_movement(unit, account, _movement(held), other_side, key)
    end_held(unit.connection, held.id, unit.now, booked_as)
    close_cases_by_key(unit.connection, unit.now, f"{HELD}:{held.id}")
    write_audit(
        unit, operator, "explain", "movement", held.id, reason,
        booked_as=booked_as, receipt=held.receipt, provider_account=held.provider_account,
    )  # fmt: skip


def _movement(held: HeldMovement) -> Movement:
    return Movement(
        receipt=held.receipt,
        kind="other",
        direction=held.direction,
        amount_minor=held.amount_minor,
        happened_at=held.happened_at,
        written=held.written,
    )
