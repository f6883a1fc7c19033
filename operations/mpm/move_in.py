"""Moving in from MicroPowerManager: write the customers, devices and plans of its exports.

Everything is written in one transaction, or nothing. What was paid on the plans becomes an opening
amount of the sale. docs/moving-in.md describes the move for operators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import text

from core.db.registration import customers_by_msisdn
from core.db.sales import codes_by_name
from core.errors import BadInput
from core.money import Money
from core.tokens.keys import KeyRing
from core.unit import Unit
from core.usecases.customers.register_customers import NewCustomer, register_customers
from core.usecases.devices.register_devices import register_devices
from core.usecases.operators.bulk import Progress, RefusedEntries, Registered
from core.usecases.sales.opening_balances import ImportedHistory, import_payment_history
from core.usecases.sales.register_sales import register_sales
from core.wording.operator_messages import describe_refusal
from operations.mpm.entries import CatalogueCodes, Conversion, PlacedEntries, count_by_reason
from operations.mpm.exports import Exports
from operations.mpm.history import payments_before
from operations.mpm.options import MoveOptions
from operations.operator import operator_name
from operations.progress import progress_bar

Write = Callable[[Unit, Sequence[Any], Progress], Any]


def move_in(unit: Unit, exports: Exports, options: MoveOptions, keys: KeyRing) -> Iterator[str]:
    """Write everything in this unit and return the lines of a report.

    Raises BadInput with everything that cannot be moved; the caller then rolls back.
    """
    conversion = Conversion(exports, unit.market, _catalogue_codes(unit), options)
    register: dict[str, Write] = {
        "customers": _register_customers,
        "devices": partial(_register_devices, keys),
        "plans": register_sales,
    }
    entries = {kind: conversion.entries(kind) for kind in register}
    registered: dict[str, Registered] = {
        kind: _write(unit, conversion, entries[kind], partial(_with_bar, kind, write))
        for kind, write in register.items()
    }
    history = payments_before(conversion, entries["plans"])
    opened = _write(
        unit, conversion, history, partial(_with_bar, "paid before", import_payment_history)
    )
    if conversion.problems:
        raise BadInput(*count_by_reason(conversion.problems), "Nothing was written.")
    return _report(conversion, registered, opened)


def _catalogue_codes(unit: Unit) -> CatalogueCodes:
    kinds = unit.connection.execute(text("SELECT code, kind FROM appliances"))
    return CatalogueCodes(
        villages=codes_by_name(unit.connection, "villages"),
        manufacturers=codes_by_name(unit.connection, "manufacturers"),
        appliances=codes_by_name(unit.connection, "appliances"),
        kinds={row.code: row.kind for row in kinds},
    )


def _register_customers(
    unit: Unit, entries: Sequence[NewCustomer], progress: Progress
) -> Registered:
    """Register customers, and lock them all: devices and plans come after customers."""
    registered = register_customers(unit, entries, progress)
    customers_by_msisdn(unit.connection, {entry.msisdn for entry in entries}, lock=True)
    return registered


def _register_devices(
    keys: KeyRing, unit: Unit, entries: Sequence[Any], progress: Progress
) -> Registered:
    return register_devices(unit, entries, keys, progress, operator_name())


def _with_bar(label: str, write: Write, unit: Unit, entries: Sequence[Any]) -> Any:
    with progress_bar(label, len(entries)) as show_done:
        return write(unit, entries, show_done)


def _write(
    unit: Unit,
    conversion: Conversion,
    placed: PlacedEntries,
    write: Callable[[Unit, Sequence[Any]], Any],
) -> Any:
    """Write the entries. Refused ones become problems and are left out, so that the entries that
    depend on the others are checked too."""
    try:
        return write(unit, placed.entries)
    except RefusedEntries as error:
        refusals = dict(error.refusals)
    for position in sorted(refusals, reverse=True):
        reason = describe_refusal(refusals[position], conversion.market.currency)
        conversion.problems.append((placed.places.pop(position), reason))
        placed.entries.pop(position)
    return _write(unit, conversion, placed, write)


def _report(
    conversion: Conversion, registered: dict[str, Registered], opened: Sequence[ImportedHistory]
) -> Iterator[str]:
    for kind, count in registered.items():
        yield f"{kind:<14}{count.new:>7} new, {count.known} already there"
    yield from _report_opened(conversion, opened)
    if transactions := len(conversion.exports["transactions"]):
        yield f"{'transactions':<14}{transactions:>7} read, as history: they book nothing"


def _report_opened(conversion: Conversion, opened: Sequence[ImportedHistory]) -> Iterator[str]:
    currency = conversion.market.currency
    new = [sale for sale in opened if sale.is_new and sale.paid_minor]
    paid = Money(sum(sale.paid_minor for sale in new), currency)
    known = sum(not sale.is_new for sale in opened)
    yield f"{'paid before':<14}{len(new):>7} plans opened with {paid} paid, {known} already"
    for sale in opened:
        if sale.surplus_minor:
            surplus = Money(sale.surplus_minor, currency)
            yield f"  {sale.reference}: {surplus} was received beyond the plan, and stays out of it"
