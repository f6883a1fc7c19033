"""Changes of hands: the only code that writes devices.owner_id, together with the change's row."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from core.ownership import Handover, OwnershipChange

# An instant never lies before the device's last one: the order of the rows is that of the changes.
_RECORD_HANDOVERS = text(
    """
    WITH given AS (
        SELECT * FROM unnest(CAST(:devices AS bigint[]), CAST(:customers AS bigint[]),
                             CAST(:instants AS timestamptz[]), CAST(:reasons AS text[]))
            AS given (device, customer, instant, reason)
    ), before AS (
        SELECT d.id, d.owner_id, given.* FROM devices d JOIN given ON d.id = given.device
         WHERE d.owner_id IS DISTINCT FROM given.customer ORDER BY d.id FOR NO KEY UPDATE OF d
    ), written AS (
        INSERT INTO ownership_changes (device_id, from_customer_id, to_customer_id, changed_at,
                                       reason)
        SELECT id, owner_id, customer, greatest(instant, (
                   SELECT max(changed_at) FROM ownership_changes c WHERE c.device_id = before.id)),
               reason
          FROM before
    )
    UPDATE devices SET owner_id = before.customer FROM before WHERE devices.id = before.id
    """
)
_CHANGES = text(
    "SELECT from_customer_id, to_customer_id, changed_at FROM ownership_changes"
    " WHERE device_id = :id ORDER BY id"
)


def record_handovers(connection: Connection, handovers: Collection[Handover]) -> None:
    """Give devices to other owners, or to none; one that has that owner already stays."""
    connection.execute(
        _RECORD_HANDOVERS,
        {
            "devices": [handover.device_id for handover in handovers],
            "customers": [handover.customer_id for handover in handovers],
            "instants": [handover.at for handover in handovers],
            "reasons": [handover.reason for handover in handovers],
        },
    )


def replacement_of(connection: Connection, device_id: int) -> str | None:
    """Return the serial number of the device that took this one's place, or None."""
    return connection.execute(
        text(
            "SELECT n.serial FROM devices o JOIN devices n ON n.id = o.replaced_by_id"
            " WHERE o.id = :id"
        ),
        {"id": device_id},
    ).scalar_one_or_none()


def changes_of(connection: Connection, device_id: int) -> list[OwnershipChange]:
    """Return every change of hands of a device, the oldest first."""
    return [OwnershipChange(*row) for row in connection.execute(_CHANGES, {"id": device_id})]
