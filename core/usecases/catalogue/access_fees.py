"""Write the access fees that are due: one charge per meter and period.

Running it twice, or after a week of downtime, gives the same ledger: a meter's anchor date moves in
the same transaction as its charges, and the database allows one charge per meter and due date.
"""

from __future__ import annotations

from collections.abc import Collection

from core.db.bulk import insert_rows
from core.db.devices import lock_meters_after, move_access_anchors
from core.db.ledger import post_entries
from core.db.registration import ids_by_code
from core.db.tables.catalogue import tariffs
from core.db.tables.sales import access_charges
from core.db.tariffs import lock_meters_of_tariff, put_on_tariff, tariff_versions, versions_of
from core.device import Device
from core.errors import Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.tariff import AccessFee, TariffVersion, fees_due, version_on
from core.unit import Unit
from core.usecases.operators.audit import write_audit


def accrue_access_rates(unit: Unit, after_device_id: int, limit: int) -> tuple[int, int | None]:
    """Write the fees of one page of meters; returns how many, and the last id (None at the end)."""
    meters = lock_meters_after(unit.connection, after_device_id, limit)
    written = post_access_fees(unit, meters, versions_of(unit.connection, meters))
    return written, meters[-1].id if len(meters) == limit else None


def post_access_fees(
    unit: Unit, meters: Collection[Device], versions: dict[int, list[TariffVersion]]
) -> int:
    """Charge what is due on these locked meters until today; returns how many fees."""
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
            JournalEntry(
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


def move_tariff(unit: Unit, old: str, new: str, operator: str, reason: str) -> int:
    """Move all meters of one tariff to another, both by code; returns how many meters.

    Raises Refused: tariff_unknown, tariff_same, tariff_not_begun, reason_missing.
    """
    known = ids_by_code(unit.connection, tariffs, [old, new])
    for code in (old, new):
        if code not in known:
            raise Refused("tariff_unknown", tariff=code)
    if old == new:
        raise Refused("tariff_same")
    versions = tariff_versions(unit.connection, [known[new]]).get(known[new], [])
    if version_on(versions, unit.today) is None:
        raise Refused("tariff_not_begun", tariff=new)
    meters = lock_meters_of_tariff(unit.connection, known[old])
    post_access_fees(unit, meters, versions_of(unit.connection, meters))
    put_on_tariff(unit.connection, [meter.id for meter in meters], known[new], unit.today)
    write_audit(
        unit, operator, "move_meters", "tariff", known[old], reason, to=new, meters=len(meters)
    )
    return len(meters)
