"""Register devices by serial number: in stock, or in the hands of an owner with a tariff.

A device that is known is left alone, or refused when the entry says something else. What an entry
leaves out (owner, tariff, day) is not compared: a device in stock may have found its owner since.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from sqlalchemy import Connection

from core.customer import KnownCustomer
from core.db.bulk import Values, insert_rows, rows_by_key
from core.db.plan_offers import plans_by_code
from core.db.registration import customers_by_msisdn, devices_by_serial, ids_by_code
from core.db.tables.catalogue import manufacturers, tariffs
from core.db.tables.sales import devices
from core.device import KnownDevice
from core.errors import BrokenInvariant, Refused
from core.serial_number import is_meter_number
from core.tokens.family import FAMILIES
from core.tokens.sealing import Seals, bound_to
from core.tokens.sts_keys import StsMeter
from core.unit import Unit
from core.usecases.operators.audit import write_audit
from core.usecases.operators.bulk import (
    Progress,
    RefusedEntries,
    Registered,
    check_unchanged,
    no_progress,
    validate_each,
    write_in_batches,
)


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """`secret_key` is in clear here and sealed before it is stored. `count` is the last counter
    used; None means as from the factory. `manufacturer`, `tariff` and `plan` are codes; `plan`, for
    a device in stock, is the one on which whoever gets it may register it alone."""

    serial: str
    kind: str
    manufacturer: str
    tariff: str | None = None
    owner_msisdn: str | None = None
    assigned_on: date | None = None
    secret_key: bytes | None = field(default=None, repr=False)
    starting_code: int | None = None
    count: int | None = None
    sts: StsMeter | None = None
    plan: str | None = None


@dataclass(frozen=True, slots=True)
class _Books:
    """What is known of everything that the entries name."""

    makers: dict[str, Values]
    tariffs: dict[str, int]
    plans: dict[str, tuple[int, str]]
    owners: dict[str, KnownCustomer]
    devices: Mapping[str, KnownDevice]


def register_devices(
    unit: Unit, entries: Sequence[DeviceEntry], keys: Seals, progress: Progress = no_progress
) -> Registered:
    """Register those whose serial is new; no serial may be given twice.

    Raises RefusedEntries with manufacturer_unknown, kind_not_made, tariff_unknown,
    tariff_misplaced, tariff_needed, plan_unknown, plan_misplaced, plan_of_other_kind,
    customer_unknown, owner_needed, family_not_served,
    secret_key_needed, secret_key_misplaced, starting_code_misplaced, sts_needed, sts_misplaced,
    meter_number, meter_not_vendable, device_of_another, key_differs, differs.
    """
    books = _read(unit.connection, entries)

    def decide(entry: DeviceEntry) -> Values | None:
        _check(books, entry)
        known = books.devices.get(entry.serial)
        if known is None:
            return _row(unit, books, entry, keys)
        _compare(books, known, entry, keys)
        return None

    new = [row for row in validate_each(entries, decide) if row is not None]

    def write(rows: Sequence[Values]) -> None:
        insert_rows(unit.connection, devices, rows)

    write_in_batches(new, write, progress)
    return Registered(len(new), len(entries) - len(new))


def _read(connection: Connection, entries: Sequence[DeviceEntry]) -> _Books:
    return _Books(
        rows_by_key(connection, manufacturers, "code", {entry.manufacturer for entry in entries}),
        ids_by_code(connection, tariffs, {entry.tariff for entry in entries if entry.tariff}),
        plans_by_code(connection, {entry.plan for entry in entries if entry.plan}),
        customers_by_msisdn(
            connection, {entry.owner_msisdn for entry in entries if entry.owner_msisdn}
        ),
        devices_by_serial(connection, [entry.serial for entry in entries]),
    )


def _check(books: _Books, entry: DeviceEntry) -> None:
    maker = books.makers.get(entry.manufacturer)
    if maker is None:
        raise Refused("manufacturer_unknown", manufacturer=entry.manufacturer)
    if entry.kind not in maker["kinds"]:
        raise Refused("kind_not_made", kind=entry.kind, kinds=", ".join(maker["kinds"]))
    _check_owner(books, entry)
    _check_tariff(books, entry)
    _check_plan(books, entry)
    check_secret = _SECRETS.get(maker["token_family"])
    if check_secret is None:
        raise Refused("family_not_served", family=maker["token_family"])
    check_secret(entry)


def _check_owner(books: _Books, entry: DeviceEntry) -> None:
    if entry.owner_msisdn and entry.owner_msisdn not in books.owners:
        raise Refused("customer_unknown", msisdn=entry.owner_msisdn)
    if entry.assigned_on and not entry.owner_msisdn:
        raise Refused("owner_needed")


def _check_tariff(books: _Books, entry: DeviceEntry) -> None:
    if entry.tariff and entry.kind != "meter":
        raise Refused("tariff_misplaced", kind=entry.kind)
    if entry.tariff and entry.tariff not in books.tariffs:
        raise Refused("tariff_unknown", tariff=entry.tariff)
    if entry.kind == "meter" and entry.owner_msisdn and not entry.tariff:
        raise Refused("tariff_needed")


def _check_plan(books: _Books, entry: DeviceEntry) -> None:
    if not entry.plan:
        return
    if entry.kind == "meter" or entry.owner_msisdn:
        raise Refused("plan_misplaced")
    if entry.plan not in books.plans:
        raise Refused("plan_unknown", plan=entry.plan)
    kind = books.plans[entry.plan][1]
    if kind != entry.kind:
        raise Refused("plan_of_other_kind", plan=entry.plan, kind=kind)


def _keyed(entry: DeviceEntry, *, starting_code: bool) -> None:
    if entry.secret_key is None:
        raise Refused("secret_key_needed")
    if entry.starting_code is not None and not starting_code:
        raise Refused("starting_code_misplaced")
    if entry.sts is not None:
        raise Refused("sts_misplaced")


def _sts(entry: DeviceEntry) -> None:
    """The number carries its own check digit (IEC 62055-41: 11 digits, or 13).

    A meter that no token can be sold to would only keep its owner's money waiting.
    """
    if entry.sts is None:
        raise Refused("sts_needed")
    if entry.secret_key is not None or entry.starting_code is not None:
        raise Refused("secret_key_misplaced")
    if not entry.sts.is_vendable:
        raise Refused("meter_not_vendable", kt=entry.sts.kt, base=entry.sts.base)
    if not is_meter_number(entry.serial):
        raise Refused("meter_number", serial=entry.serial)


def _no_secret(entry: DeviceEntry) -> None:
    if entry.secret_key is not None or entry.starting_code is not None:
        raise Refused("secret_key_misplaced")
    if entry.sts is not None:
        raise Refused("sts_misplaced")


_SECRETS: dict[str, Callable[[DeviceEntry], None]] = {
    "openpaygo": partial(_keyed, starting_code=True),
    "nexus_full": partial(_keyed, starting_code=False),
    "nexus_small": partial(_keyed, starting_code=False),
    "sts": _sts,
    "none": _no_secret,
}


def _row(unit: Unit, books: _Books, entry: DeviceEntry, keys: Seals) -> Values:
    maker = books.makers[entry.manufacturer]
    assigned_on = (entry.assigned_on or unit.today) if entry.owner_msisdn else None
    counter = _counter(maker["token_family"], entry)
    return {
        "serial": entry.serial,
        "kind": entry.kind,
        "manufacturer_id": maker["id"],
        "owner_id": books.owners[entry.owner_msisdn].id if entry.owner_msisdn else None,
        "tariff_id": books.tariffs[entry.tariff] if entry.tariff else None,
        "plan_offer_id": books.plans[entry.plan][0] if entry.plan else None,
        "assigned_on": assigned_on,
        "access_anchor_on": assigned_on if entry.tariff else None,
        "sealed_key": entry.secret_key and keys.seal(entry.secret_key, bound_to(entry.serial)),
        "starting_code": entry.starting_code,
        "sts": json.dumps(entry.sts.stored()) if entry.sts else None,
        "initial_counter": counter,
        "token_counter": counter,
    }


def _counter(family: str, entry: DeviceEntry) -> int:
    if entry.count is not None:
        return entry.count
    return FAMILIES[family].initial_counter if family in FAMILIES else 0


def _compare_owner(books: _Books, known: KnownDevice, entry: DeviceEntry) -> None:
    if entry.owner_msisdn and books.owners[entry.owner_msisdn].id != known.owner_id:
        raise Refused("device_of_another", serial=entry.serial)
    if entry.assigned_on:
        check_unchanged("assigned_on", known.assigned_on, entry.assigned_on)


def _compare(books: _Books, known: KnownDevice, entry: DeviceEntry, keys: Seals) -> None:
    """Raises Refused("differs") with the first field in which books and entry disagree."""
    check_unchanged("kind", known.kind, entry.kind)
    check_unchanged("manufacturer", known.manufacturer, entry.manufacturer)
    if entry.tariff:
        check_unchanged("tariff", known.tariff, entry.tariff)
    if entry.plan:
        check_unchanged("plan", known.plan, entry.plan)
    if not known.is_retired:
        _compare_owner(books, known, entry)
    sealed = known.sealed_key
    if sealed and not keys.holds(sealed, bound_to(known.serial), entry.secret_key):
        raise Refused("key_differs")
    check_unchanged("starting_code", known.starting_code, entry.starting_code)
    if entry.count is not None:
        check_unchanged("count", known.initial_counter, entry.count)
    check_unchanged("sts", known.sts, entry.sts and entry.sts.stored())


class _NoKeys:
    """What seals keys where there is nothing to seal them with."""

    def seal(self, plain: bytes, bound_to: str) -> bytes:
        raise Refused("sealing_key_missing")

    def holds(self, sealed: bytes, bound_to: str, plain: bytes | None) -> bool:
        raise BrokenInvariant("a new device has no key to compare with")


def enter_device(
    unit: Unit, entry: DeviceEntry, operator: str, reason: str, keys: Seals | None = None
) -> int:
    """The new device's id.

    Raises Refused like `register_devices`, and device_known, sealing_key_missing (it has a key, and
    there are no `keys` to seal it).
    """
    if devices_by_serial(unit.connection, [entry.serial]):
        raise Refused("device_known", serial=entry.serial)
    makers = rows_by_key(unit.connection, manufacturers, "code", {entry.manufacturer})
    sts = makers.get(entry.manufacturer, {}).get("sts")
    given = replace(entry, sts=StsMeter(**sts)) if sts and entry.sts is None else entry
    try:
        register_devices(unit, [given], keys or _NoKeys())
    except RefusedEntries as refused:
        raise refused.refusals[0][1] from None
    device_id = devices_by_serial(unit.connection, [entry.serial])[entry.serial].id
    write_audit(unit, operator, "enter", "device", device_id, reason, serial=entry.serial)
    return device_id
