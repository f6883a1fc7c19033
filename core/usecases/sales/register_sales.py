"""Register the sales of an import file, each to a customer who is known.

A sale that the database holds already is compared with what was agreed at first, whatever its price
and plan became since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from core.appliance import StoredAppliance
from core.customer import KnownCustomer
from core.db.appliances import appliances_by_code
from core.db.registration import customers_by_msisdn, devices_by_serial
from core.db.sales import known_sales
from core.device import KnownDevice
from core.errors import Refused
from core.plan import (
    ByAmount,
    ByCount,
    ByDay,
    Instalment,
    PlanTerms,
    Schedule,
    make_plan,
)
from core.sale import KnownSale
from core.unit import Unit
from core.usecases.operators.bulk import (
    Progress,
    Registered,
    check_unchanged,
    no_progress,
    validate_each,
    write_in_batches,
)
from core.usecases.sales.opening_balances import open_as_paid
from core.usecases.sales.write_sales import SaleDraft, check_free, check_item, write_sales


@dataclass(frozen=True, slots=True)
class SaleEntry:
    """A sale as an import file describes it. `total_minor` None: the price of the appliance.

    `paid_minor`: what was paid of it before the import; None where the file does not say.
    `expected`: the figure of the other scheme, where given; the plan must come out like it.
    """

    owner_msisdn: str
    terms: PlanTerms
    sold_on: date
    serial: str | None = None
    total_minor: int | None = None
    first_due_on: date | None = None
    reference: str | None = None
    expected: ByCount | ByAmount | None = None
    paid_minor: int | None = None


@dataclass(slots=True)
class _Known:
    """What the database holds of everything the entries name. `taken`: devices put on plans."""

    appliances: dict[str, StoredAppliance]
    owners: dict[str, KnownCustomer]
    devices: dict[str, KnownDevice]
    by_reference: dict[str, KnownSale] = field(default_factory=dict)
    by_facts: dict[tuple[object, ...], list[KnownSale]] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)


def register_sales(
    unit: Unit, entries: Sequence[SaleEntry], progress: Progress = no_progress
) -> Registered:
    """Register the sales that are new. Return how many were, and how many were known.

    A sale with a reference is known by it; one without, by owner, appliance, device, day and total.
    Raises RefusedEntries with day_to_come, customer_unknown, appliance_unknown, serial_needed,
    serial_misplaced, unknown_serial, device_retired, device_of_another, device_on_plan,
    kind_differs, product_differs, tariff_needed, service_price, service_total, paid_too_much,
    paid_differs, plan_*, sale_of_another, sale_of_other_device, differs.
    """
    known = _read_known(unit, entries)
    decided = validate_each(entries, partial(_decide, unit, known))
    drafts = [draft for draft in decided if draft is not None]
    write_in_batches(drafts, partial(_write, unit), progress)
    return Registered(len(drafts), len(entries) - len(drafts))


def _write(unit: Unit, drafts: Sequence[SaleDraft]) -> None:
    ids = write_sales(unit, drafts)
    paid = {
        sale_id: draft.paid_minor
        for sale_id, draft in zip(ids, drafts, strict=True)
        if draft.paid_minor
    }
    if paid:
        open_as_paid(unit, paid)


def _read_known(unit: Unit, entries: Sequence[SaleEntry]) -> _Known:
    """Lock customers, then devices, as everywhere."""
    connection = unit.connection
    numbers = {entry.owner_msisdn for entry in entries}
    owners = customers_by_msisdn(connection, numbers, lock=True)
    known = _Known(
        appliances_by_code(connection, {entry.terms.appliance for entry in entries}),
        owners,
        devices_by_serial(connection, {e.serial for e in entries if e.serial}, lock=True),
    )
    references = {entry.reference for entry in entries if entry.reference}
    for sale in known_sales(connection, references, {owner.id for owner in owners.values()}):
        if sale.reference is None:
            known.by_facts.setdefault(sale.facts, []).append(sale)
        else:
            known.by_reference[sale.reference] = sale
    return known


def _decide(unit: Unit, known: _Known, entry: SaleEntry) -> SaleDraft | None:
    """Return what to write, or None for a sale that is known."""
    if entry.sold_on > unit.today:
        raise Refused("day_to_come", field="sold_on", day=entry.sold_on)
    draft = _draft(unit, known, entry)
    sale = _known_sale(known, entry, draft)
    if sale is not None and entry.total_minor is None:
        draft = replace(draft, total_minor=sale.total_minor)
    draft = replace(draft, plan=_plan(unit, entry, draft))
    if draft.paid_minor > draft.total_minor:
        raise Refused("paid_too_much", paid_minor=draft.paid_minor, total_minor=draft.total_minor)
    if sale is not None:
        _compare(sale, draft)
        if entry.paid_minor is not None and entry.paid_minor != sale.opened_minor:
            raise Refused(
                "paid_differs", stored_minor=sale.opened_minor, given_minor=entry.paid_minor
            )
        return None
    if draft.device is not None:
        _take(known, draft.device, draft.customer_id)
    return draft


def _draft(unit: Unit, known: _Known, entry: SaleEntry) -> SaleDraft:
    """Return the sale without its plan, which depends on what is known of it."""
    owner = known.owners.get(entry.owner_msisdn)
    if owner is None:
        raise Refused("customer_unknown", msisdn=entry.owner_msisdn)
    item = known.appliances.get(entry.terms.appliance)
    if item is None:
        raise Refused("appliance_unknown", appliance=entry.terms.appliance)
    price_minor = 0 if isinstance(entry.terms.schedule, ByDay) else item.price_minor
    draft = SaleDraft(
        owner.id,
        item,
        _device(known, entry, item.kind),
        entry.terms,
        price_minor if entry.total_minor is None else entry.total_minor,
        (),
        entry.sold_on,
        entry.reference,
        is_imported=True,
        paid_minor=entry.paid_minor or 0,
    )
    check_item(unit, draft)
    return draft


def _device(known: _Known, entry: SaleEntry, kind: str) -> KnownDevice | None:
    if entry.serial is None:
        return None
    if kind == "other":
        raise Refused("serial_misplaced")
    device = known.devices.get(entry.serial)
    if device is None:
        raise Refused("unknown_serial", serial=entry.serial)
    return device


def _take(known: _Known, device: KnownDevice, customer_id: int) -> None:
    check_free(device, customer_id)
    if device.id in known.taken:
        raise Refused("device_on_plan", serial=device.serial)
    known.taken.add(device.id)


def _plan(unit: Unit, entry: SaleEntry, draft: SaleDraft) -> list[Instalment]:
    if draft.total_minor > entry.terms.down_payment.minor and not _has_figure(entry.terms.schedule):
        raise Refused("plan_scheme")
    plan = make_plan(
        entry.terms,
        draft.item,
        entry.sold_on,
        unit.market.cash_unit_minor,
        total_minor=draft.total_minor,
        first_due_on=entry.first_due_on,
    )
    _check_expected(entry, [instalment.amount_minor for instalment in plan if instalment.number])
    return plan


def _has_figure(schedule: Schedule) -> bool:
    """Whether the file says how many instalments there are, or how much each is."""
    match schedule:
        case ByCount(count):
            return count > 0
        case ByAmount(amount):
            return bool(amount)
        case ByDay():
            return True


def _check_expected(entry: SaleEntry, amounts: Sequence[int]) -> None:
    match entry.expected:
        case ByAmount(amount) if amount.minor not in amounts:
            raise Refused("plan_instalment_other", instalment_minor=amounts[0] if amounts else 0)
        case ByCount(count) if count != len(amounts):
            raise Refused("plan_count_other", count=len(amounts))


def _known_sale(known: _Known, entry: SaleEntry, draft: SaleDraft) -> KnownSale | None:
    if entry.reference:
        return known.by_reference.get(entry.reference)
    facts = (draft.customer_id, draft.item.code, draft.device_id, entry.sold_on)
    alike = known.by_facts.get(facts, [])
    at_price = [sale for sale in alike if sale.total_minor == draft.total_minor]
    if not at_price and entry.total_minor is None:
        # The price of the appliance has changed since.
        at_price = alike
    return at_price[0] if at_price else None


def _compare(sale: KnownSale, draft: SaleDraft) -> None:
    """Raises Refused("differs") with the first field in which database and entry disagree."""
    if sale.customer_id != draft.customer_id:
        raise Refused("sale_of_another", reference=sale.reference)
    if sale.device_id != draft.device_id:
        raise Refused("sale_of_other_device", reference=sale.reference)
    check_unchanged("appliance", sale.appliance, draft.item.code)
    check_unchanged("scheme", sale.scheme, draft.terms.schedule.scheme)
    check_unchanged("sold_on", sale.sold_on, draft.sold_on)
    if sale.total_minor != draft.total_minor or _shape(sale.plan) != _shape(draft.plan):
        raise Refused("plan_differs", total_minor=sale.total_minor, parts=len(sale.plan))


def _shape(plan: Sequence[Instalment]) -> list[tuple[object, ...]]:
    """What a plan asks for. The days of a down payment are the appliance's, and change there."""
    return [
        (
            instalment.number,
            instalment.due_on,
            instalment.amount_minor,
            instalment.days if instalment.number else 0,
        )
        for instalment in plan
    ]
