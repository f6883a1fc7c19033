"""Register sales of appliances to customers: the plan, its instalments and the entry in the books.

A device that is sold from stock becomes the buyer's. It refuses a device in somebody else's hands,
one that is on a plan already, and a plan that does not come out as agreed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import Row

from core.db.bulk import Values, insert_rows, rows_by_key
from core.db.customers import lock_customers
from core.db.ledger import post_entries
from core.db.registration import (
    customers_by_msisdn,
    devices_by_serial,
    give_devices,
    insert_in_order,
)
from core.db.sales import known_sales
from core.db.tables.catalogue import appliances
from core.db.tables.sales import instalments, sales
from core.device import KnownDevice
from core.errors import Refused
from core.journal import CREDIT, DEBIT, JournalEntry, Posting
from core.plan import PAYG, Instalment, PlanTerms, make_plan
from core.sale import KnownSale
from core.unit import Unit
from core.usecases.devices.stock import check_in_service
from core.usecases.operators.bulk import (
    Progress,
    Registered,
    check_unchanged,
    no_progress,
    validate_each,
    write_in_batches,
)


@dataclass(frozen=True, slots=True)
class SaleEntry:
    """What was agreed. `appliance` is a code; `total_minor` None means the appliance's price.

    By scheme: `count` how many instalments; `amount` how much each; `service` energy by the day, no
    instalments. The figure of the other scheme, where given, must be what the plan comes to.
    `agent_id`: who sold it, if an agent did.
    """

    owner_msisdn: str
    appliance: str
    scheme: str
    sold_on: date
    serial: str | None = None
    total_minor: int | None = None
    down_payment_minor: int = 0
    count: int | None = None
    instalment_minor: int | None = None
    cadence: str = "daily"
    first_due_on: date | None = None
    reference: str | None = None
    agent_id: int | None = None


@dataclass(slots=True)
class _Books:
    """What is known of everything the entries name. `taken` grows as devices are put on plans."""

    appliances: dict[str, Values]
    owners: dict[str, Row[Any]]
    devices: dict[str, KnownDevice]
    by_reference: dict[str, KnownSale] = field(default_factory=dict)
    by_facts: dict[tuple[object, ...], list[KnownSale]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Agreed:
    """A sale that may be written; `from_stock` when its device has had no owner."""

    row: Values
    plan: list[Instalment]
    from_stock: bool


def register_sales(
    unit: Unit, entries: Sequence[SaleEntry], progress: Progress = no_progress
) -> Registered:
    """Register the sales that are new. One with a reference is known by it; one without, by owner,
    appliance, device, day and total. Known is compared as it was sold, whatever it became since.

    Raises RefusedEntries with customer_unknown, appliance_unknown, serial_needed, serial_misplaced,
    unknown_serial, device_of_another, device_on_plan, kind_differs, tariff_needed, service_price,
    plan_*, differs.
    """
    books = _read(unit, entries)
    decided = validate_each(entries, partial(_decide, unit, books))
    new = [one for one in decided if one is not None]
    write_in_batches(new, partial(_write, unit), progress)
    return Registered(len(new), len(entries) - len(new))


def _read(unit: Unit, entries: Sequence[SaleEntry]) -> _Books:
    """Locks customers, then devices, as everywhere."""
    connection = unit.connection
    owners = customers_by_msisdn(connection, {entry.owner_msisdn for entry in entries})
    owner_ids = {owner.id for owner in owners.values()}
    lock_customers(connection, owner_ids)
    books = _Books(
        rows_by_key(connection, appliances, "code", {entry.appliance for entry in entries}),
        owners,
        devices_by_serial(connection, {e.serial for e in entries if e.serial}, lock=True),
    )
    for sale in known_sales(connection, {e.reference for e in entries if e.reference}, owner_ids):
        if sale.reference is None:
            books.by_facts.setdefault(sale.facts, []).append(sale)
        else:
            books.by_reference[sale.reference] = sale
    return books


def _decide(unit: Unit, books: _Books, entry: SaleEntry) -> _Agreed | None:
    """What to write, or None when the books hold this sale already."""
    owner = books.owners.get(entry.owner_msisdn)
    if owner is None:
        raise Refused("customer_unknown", msisdn=entry.owner_msisdn)
    appliance = books.appliances.get(entry.appliance)
    if appliance is None:
        raise Refused("appliance_unknown", appliance=entry.appliance)
    device = _device(books, entry, appliance["kind"])
    row = _row(entry, appliance, owner.id, device)
    known = _known(books, entry, row)
    if known is not None and entry.total_minor is None:
        row["total_minor"] = known.total_minor
    plan = _plan(unit, entry, appliance, row["total_minor"])
    if known is not None:
        _compare(known, entry, row, plan)
        return None
    if device is not None:
        _check_free(books, device, owner.id)
    return _Agreed(row, plan, from_stock=device is not None and device.owner_id is None)


def _device(books: _Books, entry: SaleEntry, kind: str) -> KnownDevice | None:
    if entry.serial is None:
        if kind in PAYG:
            raise Refused("serial_needed", kind=kind)
        return None
    if kind == "other":
        raise Refused("serial_misplaced")
    device = books.devices.get(entry.serial)
    if device is None:
        raise Refused("unknown_serial", serial=entry.serial)
    if device.kind != kind:
        raise Refused("kind_differs", serial=entry.serial, kind=device.kind, wanted=kind)
    return device


def _row(
    entry: SaleEntry, appliance: Values, customer_id: int, device: KnownDevice | None
) -> Values:
    is_service = entry.scheme == "service"
    if is_service and (not appliance["price_per_day_minor"] or device is None):
        raise Refused("service_price", appliance=entry.appliance)
    if is_service and (entry.total_minor or entry.down_payment_minor):
        raise Refused("service_total")
    total = entry.total_minor if entry.total_minor is not None else appliance["price_minor"]
    return {
        "customer_id": customer_id,
        "appliance_id": appliance["id"],
        # What was sold with a device that was swapped since is in the books with the new one.
        "device_id": (device.replaced_by_id or device.id) if device else None,
        "scheme": entry.scheme,
        "cadence": entry.cadence,
        "total_minor": 0 if is_service else total,
        "price_per_day_minor": appliance["price_per_day_minor"] if is_service else None,
        "minimum_payment_minor": appliance["minimum_payment_minor"] if is_service else 0,
        "sold_on": entry.sold_on,
        "reference": entry.reference,
        "agent_id": entry.agent_id,
    }


def _plan(unit: Unit, entry: SaleEntry, appliance: Values, total_minor: int) -> list[Instalment]:
    if entry.scheme == "service":
        return []
    by_count = entry.scheme == "count"
    plan = make_plan(
        PlanTerms(
            total_minor=total_minor,
            down_payment_minor=entry.down_payment_minor,
            cadence=entry.cadence,
            sold_on=entry.sold_on,
            first_due_on=entry.first_due_on,
            count=entry.count if by_count else None,
            instalment_minor=None if by_count else entry.instalment_minor,
            initial_days=appliance["initial_days"],
            days_bought=appliance["kind"] in PAYG,
        ),
        unit.market.cash_unit_minor,
    )
    amounts = [part.amount_minor for part in plan if part.number]
    if by_count and entry.instalment_minor and entry.instalment_minor not in amounts:
        raise Refused("plan_instalment_other", instalment_minor=amounts[0] if amounts else 0)
    if not by_count and entry.count and entry.count != len(amounts):
        raise Refused("plan_count_other", count=len(amounts))
    return plan


def _known(books: _Books, entry: SaleEntry, row: Values) -> KnownSale | None:
    if entry.reference:
        return books.by_reference.get(entry.reference)
    facts = (row["customer_id"], entry.appliance, row["device_id"], row["sold_on"])
    alike = books.by_facts.get(facts, [])
    at_price = [one for one in alike if one.total_minor == row["total_minor"]]
    if not at_price and entry.total_minor is None:
        # The price of the appliance has changed since.
        at_price = alike
    return at_price[0] if at_price else None


def _compare(known: KnownSale, entry: SaleEntry, row: Values, plan: list[Instalment]) -> None:
    """Raises Refused("differs") with the first field in which books and entry disagree."""
    if known.customer_id != row["customer_id"]:
        raise Refused("sale_of_another", reference=known.reference)
    if known.device_id != row["device_id"]:
        raise Refused("sale_of_other_device", reference=known.reference)
    check_unchanged("appliance", known.appliance, entry.appliance)
    check_unchanged("scheme", known.scheme, entry.scheme)
    check_unchanged("sold_on", known.sold_on, entry.sold_on)
    if known.total_minor != row["total_minor"] or _shape(known.plan) != _shape(plan):
        raise Refused("plan_differs", total_minor=known.total_minor, parts=len(known.plan))


def _shape(plan: Sequence[Instalment]) -> list[tuple[object, ...]]:
    """What a plan asks for. The days of a down payment are the appliance's, and change there."""
    return [
        (part.number, part.due_on, part.amount_minor, part.days if part.number else 0)
        for part in plan
    ]


def _check_free(books: _Books, device: KnownDevice, customer_id: int) -> None:
    check_in_service(device)
    if device.owner_id not in (None, customer_id):
        raise Refused("device_of_another", serial=device.serial)
    if device.taken or device.id in books.taken:
        raise Refused("device_on_plan", serial=device.serial)
    if device.owner_id is None and device.kind == "meter" and device.tariff is None:
        raise Refused("tariff_needed")
    books.taken.add(device.id)


def _write(unit: Unit, agreed: Sequence[_Agreed]) -> None:
    connection = unit.connection
    ids = insert_in_order(connection, sales, [one.row for one in agreed])
    insert_rows(
        connection,
        instalments,
        [
            {
                "sale_id": sale_id,
                "number": part.number,
                "due_on": part.due_on,
                "amount_minor": part.amount_minor,
                "days": part.days,
            }
            for sale_id, one in zip(ids, agreed, strict=True)
            for part in one.plan
        ],
    )
    sold = [(sale_id, one.row) for sale_id, one in zip(ids, agreed, strict=True) if one.plan]
    post_entries(connection, unit.now, [_entry(sale_id, row) for sale_id, row in sold])
    give_devices(
        connection,
        [
            (one.row["device_id"], one.row["customer_id"], one.row["sold_on"])
            for one in agreed
            if one.from_stock
        ],
    )


def _entry(sale_id: int, row: Values) -> JournalEntry:
    legs = (
        Posting("receivable:sales", DEBIT, row["total_minor"], row["customer_id"]),
        Posting("income:sales", CREDIT, row["total_minor"], row["customer_id"]),
    )
    return JournalEntry("sale", f"sale:{sale_id}", legs)
