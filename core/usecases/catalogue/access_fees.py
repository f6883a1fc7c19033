"""Write the access fees that are due: one charge per meter and period.

Running it twice, or after a week of downtime, gives the same ledger: a meter's anchor date moves in
the same transaction as its charges, and the database allows one charge per meter and due date.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from core.db.audit import close_cases_about, open_case
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
from core.logs import log_fields
from core.tariff import AccessFee, TariffVersion, fees_due, version_on
from core.unit import Unit, do_all_or_each
from core.usecases.operators.audit import write_audit

log = logging.getLogger(__name__)

_FAILED = "access_fees_failed"


def accrue_access_rates(unit: Unit, after_device_id: int, limit: int) -> tuple[int, int | None]:
    """Write the fees of one page of meters; returns how many, and the last id (None at the end).

    A meter whose fees cannot be written becomes a case and is tried again by the next accrual; the
    other meters get their fees.
    """
    meters = lock_meters_after(unit.connection, after_device_id, limit)
    versions = versions_of(unit.connection, meters)
    written = 0

    def post(some: Sequence[Device]) -> None:
        nonlocal written
        written += post_access_fees(unit, some, versions)

    failed = do_all_or_each(unit, meters, post)
    for meter, error in failed:
        _open_case(unit, meter, error)
    done = {meter.id for meter in meters} - {meter.id for meter, _ in failed}
    close_cases_about(unit.connection, unit.now, _FAILED, done)
    return written, meters[-1].id if len(meters) == limit else None


def _open_case(unit: Unit, meter: Device, error: Exception) -> None:
    log.error("a meter's fees cannot be written: %r", error, extra=log_fields(device=meter.id))
    detail = (
        f"{meter.serial}: the access fees due since {meter.access_anchor_on} cannot be written"
        " (the log has the error). They are tried again every day."
    )
    open_case(unit.connection, unit.now, _FAILED, f"{meter.id}:{meter.access_anchor_on}", detail)


def post_access_fees(
    unit: Unit, meters: Collection[Device], versions: dict[int, list[TariffVersion]]
) -> int:
    """Charge what is due on these locked meters until today; returns how many fees.

    A fee that was charged before for that meter and day is not charged again.
    """
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
    return _write(unit, fees)


def _write(unit: Unit, fees: list[tuple[Device, AccessFee]]) -> int:
    charges = [
        {
            "device_id": meter.id,
            "customer_id": meter.owner_id,
            "due_on": fee.due_on,
            "amount_minor": fee.amount_minor,
        }
        for meter, fee in fees
    ]
    written = {
        (row.device_id, row.due_on)
        for row in insert_rows(
            unit.connection,
            access_charges,
            charges,
            returning="device_id, due_on",
            skip_existing=True,
        )
    }
    post_entries(
        unit.connection,
        unit.now,
        [_entry(meter, fee) for meter, fee in fees if (meter.id, fee.due_on) in written],
    )
    return len(written)


def _entry(meter: Device, fee: AccessFee) -> JournalEntry:
    legs = (
        Posting("receivable:access", DEBIT, fee.amount_minor, meter.owner_id),
        Posting("income:access", CREDIT, fee.amount_minor, meter.owner_id),
    )
    return JournalEntry("access_fee", f"access:{meter.id}:{fee.due_on}", legs)


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
    moved = [meter.id for meter in meters]
    put_on_tariff(unit.connection, moved, known[new], unit.now, unit.today)
    write_audit(
        unit, operator, "move_meters", "tariff", known[old], reason, to=new, meters=len(meters)
    )
    return len(meters)
