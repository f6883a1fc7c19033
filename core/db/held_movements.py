"""Queries for movements on a statement that a person must explain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from core.db.typed_rows import row_or_none
from core.movement import BookedAs, Direction, Movement

_COLUMNS = "id, provider_account, receipt, written, direction, amount_minor, happened_at, booked_as"


@dataclass(frozen=True, slots=True)
class HeldMovement:
    """A movement that waits for a person, or that a person explained (`booked_as`)."""

    id: int
    provider_account: str
    receipt: str
    written: str
    direction: Direction
    amount_minor: int
    happened_at: datetime
    booked_as: BookedAs | None

    @property
    def name(self) -> tuple[str, str, str]:
        """What tells it from the other movements of its account, as `name_of` does."""
        return self.receipt, self.written, self.direction


def name_of(movement: Movement) -> tuple[str, str, str]:
    """Return what tells a movement from the others of its account."""
    return movement.receipt, movement.written, movement.direction


def insert_held(
    connection: Connection, now: datetime, provider_account: str, movement: Movement
) -> int | None:
    """Store a movement for a person; None where it was stored before."""
    return connection.execute(
        text(
            "INSERT INTO held_movements (provider_account, receipt, written, direction,"
            " amount_minor, happened_at, held_at) VALUES (:account, :receipt, :written, :direction,"
            " :amount, :happened_at, :now) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {
            "account": provider_account,
            "receipt": movement.receipt,
            "written": movement.written,
            "direction": movement.direction,
            "amount": movement.amount_minor,
            "happened_at": movement.happened_at,
            "now": now,
        },
    ).scalar_one_or_none()


def find_held(
    connection: Connection, provider_account: str, receipts: Collection[str]
) -> dict[tuple[str, str, str], HeldMovement]:
    """Return the movements with these receipts that a person was asked about, by name."""
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM held_movements"
            " WHERE provider_account = :account AND receipt = ANY(:receipts)"
        ),
        {"account": provider_account, "receipts": list(receipts)},
    )
    held = [HeldMovement(*row) for row in rows]
    return {movement.name: movement for movement in held}


def waiting_movements(connection: Connection) -> list[HeldMovement]:
    """Return the movements that wait for a person, the oldest first."""
    rows = connection.execute(
        text(f"SELECT {_COLUMNS} FROM held_movements WHERE booked_as IS NULL ORDER BY id")
    )
    return [HeldMovement(*row) for row in rows]


def lock_held(connection: Connection, held_id: int) -> HeldMovement | None:
    """Return a movement that a person was asked about, locked."""
    return row_or_none(
        connection,
        HeldMovement,
        f"SELECT {_COLUMNS} FROM held_movements WHERE id = :id FOR NO KEY UPDATE",
        id=held_id,
    )


def end_held(connection: Connection, held_id: int, now: datetime, booked_as: BookedAs) -> None:
    """Store what a person said a movement was."""
    connection.execute(
        text("UPDATE held_movements SET booked_as = :booked_as, ended_at = :now WHERE id = :id"),
        {"id": held_id, "booked_as": booked_as, "now": now},
    )
