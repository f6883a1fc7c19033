"""`dialwatt import-mpm PATH...`: move in from MicroPowerManager, whole or not at all.

Customers, devices and payment plans become ours; what was paid on the plans stays paid, as opening
amounts. A dry run does all of it and then takes it back. Running it again with the same exports
changes nothing. docs/moving-in.md tells how.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from core.db.sales import codes_by_name
from core.errors import BadInput, Refused
from core.money import Money
from core.settings import Environment, read
from core.tokens.keys import KeyRing
from core.unit import Unit
from core.usecases.customers.register_customers import register_customers
from core.usecases.devices.register_devices import register_devices
from core.usecases.operators.bulk import Progress, RefusedEntries, Registered
from core.usecases.sales.opening_balances import Taken, take_over_paid
from core.usecases.sales.register_sales import register_sales
from core.wording.operator_messages import describe_refusal
from operations.database import open_database
from operations.importing.csv_file import read_entries, read_text
from operations.importing.fields import day
from operations.mpm.entries import Moving, Names, Placed, count_by_reason
from operations.mpm.exports import read_exports
from operations.mpm.history import paid_before
from operations.mpm.options import Complement, Told, complement_file

Write = Callable[[Unit, Sequence[Any], Progress], Any]


class _TakenBack(Exception):
    """The dry run is over: roll back."""


def run(arguments: Namespace, environment: Environment) -> int:
    """Move in, or say all that keeps one from it. Raises BadInput; then nothing is written."""
    exports = read_exports([Path(path) for path in arguments.paths])
    keys = KeyRing.from_settings(read(environment, "DEVICE_KEY_SECRET"))
    try:
        with open_database(environment)() as unit:
            told = _told(unit, arguments)
            moving = Moving(exports, unit.market, _names(unit), told)
            print("\n".join(_report(moving, _move(unit, moving, keys))))
            if arguments.dry_run:
                raise _TakenBack
    except _TakenBack:
        print("This was a dry run: nothing was written. Run it again without --dry-run.")
    return 0


def _told(unit: Unit, arguments: Namespace) -> Told:
    try:
        as_of = day(arguments.as_of) if arguments.as_of else unit.today
    except ValueError as error:
        raise BadInput(f"--as-of: {error}") from None
    complement: Mapping[str, Complement] = {}
    if arguments.complement:
        contents = read_entries(read_text(Path(arguments.complement)), complement_file())
        if contents.problems:
            raise BadInput(*(f"complement, line {n}: {why}" for n, why in contents.problems))
        complement = {one.device.serial: one for one in contents.entries}
    return Told(as_of, arguments.cadence, arguments.tariff, complement)


def _names(unit: Unit) -> Names:
    kinds = unit.connection.execute(text("SELECT code, kind FROM appliances"))
    return Names(
        villages=codes_by_name(unit.connection, "villages"),
        manufacturers=codes_by_name(unit.connection, "manufacturers"),
        appliances=codes_by_name(unit.connection, "appliances"),
        kinds={row.code: row.kind for row in kinds},
    )


def _move(unit: Unit, moving: Moving, keys: KeyRing) -> dict[str, Any]:
    """Everything in this unit. Raises BadInput with all that cannot be, to be rolled back."""

    def devices(unit: Unit, entries: Sequence[Any], progress: Progress) -> Registered:
        return register_devices(unit, entries, keys, progress)

    plans: Placed
    done: dict[str, Any] = {
        "customers": _write(unit, moving, moving.customers(), register_customers),
        "devices": _write(unit, moving, moving.devices(), devices),
        "plans": _write(unit, moving, plans := moving.plans(), register_sales),
    }
    done["paid"] = _write(unit, moving, paid_before(moving, plans), take_over_paid)
    if moving.problems:
        raise BadInput(*count_by_reason(moving.problems), "Nothing was written.")
    return done


def _write(unit: Unit, moving: Moving, placed: Placed, write: Write) -> Any:
    """Write them. Those that are refused are problems, and left out, so that the files that build
    on this one are judged too."""
    try:
        return write(unit, placed.entries, _show)
    except RefusedEntries as refused:
        refusals = dict(refused.refusals)
    for position in sorted(refusals, reverse=True):
        why: Refused = refusals[position]
        words = describe_refusal(why, moving.market.currency)
        moving.problems.append((placed.places.pop(position), words))
        placed.entries.pop(position)
    return _write(unit, moving, placed, write)


def _report(moving: Moving, done: dict[str, Any]) -> Iterator[str]:
    for kind in ("customers", "devices", "plans"):
        registered: Registered = done[kind]
        yield f"{kind:<14}{registered.new:>7} new, {registered.known} already there"
    yield from _report_paid(moving, done["paid"])
    if read_only := len(moving.exports["transactions"]):
        yield f"{'transactions':<14}{read_only:>7} read, as history: they book nothing"


def _report_paid(moving: Moving, taken: Sequence[Taken]) -> Iterator[str]:
    new = [one for one in taken if one.is_new and one.paid_minor]
    paid = Money(sum(one.paid_minor for one in new), moving.market.currency)
    there = sum(not one.is_new for one in taken)
    yield f"{'paid before':<14}{len(new):>7} plans opened with {paid} paid, {there} already"
    for one in taken:
        if one.surplus_minor:
            surplus = Money(one.surplus_minor, moving.market.currency)
            yield f"  {one.reference}: {surplus} was received beyond the plan, and stays out of it"


def _show(written: int) -> None:
    print(f"{written} rows written ...", file=sys.stderr, flush=True)
