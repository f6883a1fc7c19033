"""Write the access-rate fees that have fallen due: one charge per meter and period.

Running it twice, or after a week of downtime, gives the same books: a meter's anchor moves in the
same transaction as its charges, and the database allows one charge per meter and due date.
"""

from __future__ import annotations

from collections.abc import Collection

from core.db.bulk import insert_rows
from core.db.catalogue import versions_of
from core.db.devices import Device, lock_meters_after, move_access_anchors
from core.db.ledger import CREDIT, DEBIT, Entry, Posting, post_entries
from core.db.rows.goods import access_charges
from core.tariff import AccessFee, TariffVersion, fees_due
from core.unit import Unit


def accrue_access_rates(unit: Unit, after_device_id: int, limit: int) -> tuple[int, int | None]:
    """Accrue one page of meters; returns the fees written and the last id (None at the end)."""
    meters = lock_meters_after(unit.connection, after_device_id, limit)
    written = post_access_fees(unit, meters, versions_of(unit.connection, meters))
    return written, meters[-1].id if len(meters) == limit else None


def post_access_fees(
    unit: Unit, meters: Collection[Device], versions: dict[int, list[TariffVersion]]
) -> int:
    """Charge what has fallen due on these locked meters until today; returns how many fees."""
    today = unit.today
    fees: list[tuple[Device, AccessFee]] = []
    anchors = {}
    for meter in meters:
        if meter.owner_id is None or meter.tariff_id is None or meter.access_anchor_on is None:
            continue
        due, anchor = fees_due(versions[meter.tariff_id], meter.access_anchor_on, today)
        fees += [(meter, fee) for fee in due]
        if anchor != meter.access_anchor_on:
            anchors[meter.id] = anchor
    if anchors:
        move_access_anchors(unit.connection, anchors)
    if fees:
        _write(unit, fees)
    return len(fees)


def _write(unit: Unit, fees: list[tuple[Device, AccessFee]]) -> None:
    insert_rows(
        unit.connection,
        access_charges,
        [
            {
                "device_id": meter.id,
                "customer_id": meter.owner_id,
                "due_on": fee.due_on,
                "amount_minor": fee.amount_minor,
            }
            for meter, fee in fees
        ],
    )
    post_entries(
        unit.connection,
        unit.now,
        [
            Entry(
                "access_fee",
                f"access:{meter.id}:{fee.due_on}",
                (
                    Posting("receivable:access", DEBIT, fee.amount_minor, meter.owner_id),
                    Posting("income:access", CREDIT, fee.amount_minor, meter.owner_id),
                ),
            )
            for meter, fee in fees
        ],
    )
