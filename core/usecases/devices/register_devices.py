"""Register devices by serial number: in stock, or with an owner and a tariff.

A known device stays as it is, or is refused where the entry differs. What an entry leaves out
(owner, tariff, day) is not compared: a device from stock may have an owner by now. Of a device
whose product was not known the entry may say it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from sqlalchemy import Connection

from core.appliance import StoredAppliance
from core.customer import KnownCustomer
from core.db.appliances import appliances_by_code
from core.db.bulk import Values, insert_rows, rows_by_key
from core.db.ownership import record_handovers
from core.db.plan_offers import plans_by_code
from core.db.products import Promise, promises_of
from core.db.registration import (
    customers_by_msisdn,
    device_secrets,
    devices_by_serial,
    ids_by_code,
)
from core.db.tables.catalogue import manufacturers, tariffs
from core.db.tables.sales import devices
from core.device import KeypadDigits, KnownDevice
from core.errors import Refused
from core.ownership import Handover
from core.reference import is_reserved
from core.serial_number import is_meter_number
from core.tokens.errors import TokenImpossible
from core.tokens.family import FAMILIES, NO_TOKENS, DeviceSecret, actions_of, check_possible
from core.tokens.openpaygo import kit_of
from core.tokens.sealing import Seals, bound_to
from core.tokens.sts_keys import StsMeter
from core.unit import Unit
from core.usecases.devices.product import check_kind, check_promised, complete_products
from core.usecases.operators.audit import ITSELF
from core.usecases.operators.bulk import (
    Progress,
    Registered,
    check_unchanged,
    no_progress,
    validate_each,
    write_in_batches,
)
from core.vend import VENDORS


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """A device to register. `manufacturer`, `tariff` and `plan` are codes.

    `secret_key` is unencrypted here and sealed before it is stored. `count` is the last counter
    used, None as from the factory. On the `plan` any customer may register a device in stock
    without an agent. `access_from`: the day from which a meter's access fees run, None for today.
    `product` is the code of the appliance that the device is. `divider`, `digits`, `model` and
    `test_code` (digits) are what the manufacturer of an OpenPAYGO device says of it.
    """

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
    access_from: date | None = None
    product: str | None = None
    divider: int | None = None
    digits: KeypadDigits | None = None
    model: str | None = None
    test_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database holds of everything that the entries name."""

    manufacturers: dict[str, Values]
    tariffs: dict[str, int]
    plans: dict[str, tuple[int, str, int]]
    products: dict[str, StoredAppliance]
    owners: dict[str, KnownCustomer]
    devices: Mapping[str, KnownDevice]
    secrets: Mapping[str, tuple[bytes | None, int | None, str | None]]
    promises: Mapping[int, Sequence[Promise]]


def register_devices(
    unit: Unit,
    entries: Sequence[DeviceEntry],
    keys: Seals,
    progress: Progress = no_progress,
    operator: str = ITSELF,
) -> Registered:
    """Register the devices whose serial is new; no serial may be given twice.

    A known device that has no product gets the one that is given, with an audit row.

    Raises RefusedEntries with manufacturer_unknown, kind_not_made, tariff_unknown,
    tariff_misplaced, tariff_needed, access_from_misplaced, access_from_early, product_unknown,
    product_of_other_kind, product_of_other_plan, product_of_other_sale,
    manufacturer_data_misplaced, test_code_form, plan_unknown, plan_misplaced,
    plan_of_other_kind, customer_unknown, owner_needed, day_to_come,
    secret_key_needed, secret_key_misplaced, starting_code_misplaced, sts_needed, sts_misplaced,
    serial_reserved, meter_number, meter_not_vendable, no_codes, device_of_another, key_differs,
    differs.
    """
    known = _read_known(unit.connection, entries)

    def decide(entry: DeviceEntry) -> Values | None:
        _check(known, entry, unit.today)
        device = known.devices.get(entry.serial)
        if device is None:
            return _row(unit, known, entry, keys)
        _compare(known, device, entry, keys)
        return None

    new = [row for row in validate_each(entries, decide) if row is not None]
    write_in_batches(new, partial(_enter, unit), progress)
    completed = [
        (known.devices[entry.serial], known.products[entry.product])
        for entry in entries
        if entry.product and _lacks_product(known.devices.get(entry.serial))
    ]
    complete_products(unit, completed, operator)
    return Registered(len(new), len(entries) - len(new), len(completed))


def _enter(unit: Unit, rows: Sequence[Values]) -> None:
    """Insert devices, then hand those with an owner over: theirs since that day began."""
    owned = {row["serial"]: (row["owner_id"], row["assigned_on"]) for row in rows}
    in_stock = [row | {"owner_id": None} for row in rows]
    entered = insert_rows(unit.connection, devices, in_stock, "id, serial")
    handovers = [
        Handover(device.id, owner_id, unit.market.first_instant(on), "import")
        for device in entered
        for owner_id, on in [owned[device.serial]]
        if owner_id is not None
    ]
    record_handovers(unit.connection, handovers)


def _read_known(connection: Connection, entries: Sequence[DeviceEntry]) -> _Known:
    known = devices_by_serial(connection, [entry.serial for entry in entries])
    incomplete = [e.serial for e in entries if e.product and _lacks_product(known.get(e.serial))]
    if incomplete:
        known |= devices_by_serial(connection, incomplete, lock=True)
    return _Known(
        rows_by_key(connection, manufacturers, "code", {entry.manufacturer for entry in entries}),
        ids_by_code(connection, tariffs, {entry.tariff for entry in entries if entry.tariff}),
        plans_by_code(connection, {entry.plan for entry in entries if entry.plan}),
        appliances_by_code(connection, {entry.product for entry in entries if entry.product}),
        customers_by_msisdn(
            connection, {entry.owner_msisdn for entry in entries if entry.owner_msisdn}
        ),
        known,
        # Only who imports a list again compares them; the console enters new devices alone.
        device_secrets(connection, list(known)) if known else {},
        promises_of(connection, [known[serial].id for serial in incomplete]) if incomplete else {},
    )


def _lacks_product(device: KnownDevice | None) -> bool:
    return device is not None and device.product_id is None


def _check(known: _Known, entry: DeviceEntry, today: date) -> None:
    manufacturer = known.manufacturers.get(entry.manufacturer)
    if manufacturer is None:
        raise Refused("manufacturer_unknown", manufacturer=entry.manufacturer)
    if entry.kind not in manufacturer["kinds"]:
        raise Refused("kind_not_made", kind=entry.kind, kinds=", ".join(manufacturer["kinds"]))
    if is_reserved(entry.serial):
        raise Refused("serial_reserved", serial=entry.serial)
    _check_owner(known, entry, today)
    _check_tariff(known, entry)
    _check_product(known, entry)
    _check_plan(known, entry)
    _check_manufacturer_data(manufacturer["token_family"], entry)
    _SECRETS[manufacturer["token_family"]](entry)


def _check_owner(known: _Known, entry: DeviceEntry, today: date) -> None:
    if entry.owner_msisdn and entry.owner_msisdn not in known.owners:
        raise Refused("customer_unknown", msisdn=entry.owner_msisdn)
    if entry.assigned_on and not entry.owner_msisdn:
        raise Refused("owner_needed")
    if entry.assigned_on and entry.assigned_on > today:
        raise Refused("day_to_come", field="assigned_on", day=entry.assigned_on)


def _check_tariff(known: _Known, entry: DeviceEntry) -> None:
    if entry.tariff and entry.kind != "meter":
        raise Refused("tariff_misplaced", kind=entry.kind)
    if entry.tariff and entry.tariff not in known.tariffs:
        raise Refused("tariff_unknown", tariff=entry.tariff)
    if entry.kind == "meter" and entry.owner_msisdn and not entry.tariff:
        raise Refused("tariff_needed")
    if not entry.access_from:
        return
    if not entry.tariff or not entry.owner_msisdn:
        raise Refused("access_from_misplaced")
    if entry.assigned_on and entry.access_from < entry.assigned_on:
        raise Refused("access_from_early")


def _check_product(known: _Known, entry: DeviceEntry) -> None:
    if not entry.product:
        return
    product = known.products.get(entry.product)
    if product is None:
        raise Refused("product_unknown", product=entry.product)
    check_kind(entry.kind, product)


def _check_manufacturer_data(family: str, entry: DeviceEntry) -> None:
    """Check that what only OpenPAYGO devices have is said of one of them."""
    for name in ("divider", "digits", "test_code"):
        if getattr(entry, name) is not None and family != "openpaygo":
            raise Refused("manufacturer_data_misplaced", field=name)
    if entry.test_code is None:
        return
    kit = kit_of(entry.digits, entry.divider)
    if len(entry.test_code) != kit.length or not set(entry.test_code) <= set(kit.keys):
        raise Refused("test_code_form", length=kit.length, keys=f"{kit.keys[0]} to {kit.keys[-1]}")


def _check_plan(known: _Known, entry: DeviceEntry) -> None:
    if not entry.plan:
        return
    if entry.kind == "meter" or entry.owner_msisdn:
        raise Refused("plan_misplaced")
    if entry.plan not in known.plans:
        raise Refused("plan_unknown", plan=entry.plan)
    _, kind, product_id = known.plans[entry.plan]
    if kind != entry.kind:
        raise Refused("plan_of_other_kind", plan=entry.plan, kind=kind)
    if entry.product and known.products[entry.product].id != product_id:
        raise Refused("product_of_other_plan", serial=entry.serial, plan=entry.plan)


def _keyed(entry: DeviceEntry, *, starting_code: bool) -> None:
    if entry.secret_key is None:
        raise Refused("secret_key_needed")
    if entry.starting_code is not None and not starting_code:
        raise Refused("starting_code_misplaced")
    if entry.sts is not None:
        raise Refused("sts_misplaced")


def _sts(entry: DeviceEntry) -> None:
    """Check an STS meter, whose number has a check digit (IEC 62055-41: 11 digits, or 13).

    A meter that takes no energy tokens is refused: payments for it would only wait.
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
    **dict.fromkeys(VENDORS, _no_secret),
}


def _row(unit: Unit, known: _Known, entry: DeviceEntry, keys: Seals) -> Values:
    manufacturer = known.manufacturers[entry.manufacturer]
    assigned_on = (entry.assigned_on or unit.today) if entry.owner_msisdn else None
    counter = _counter(manufacturer["token_family"], entry)
    _check_codes(unit, manufacturer["token_family"], counter, entry)
    return {
        "serial": entry.serial,
        "kind": entry.kind,
        "manufacturer_id": manufacturer["id"],
        "owner_id": known.owners[entry.owner_msisdn].id if entry.owner_msisdn else None,
        "tariff_id": known.tariffs[entry.tariff] if entry.tariff else None,
        "plan_offer_id": known.plans[entry.plan][0] if entry.plan else None,
        "assigned_on": assigned_on,
        "access_anchor_on": (entry.access_from or unit.today)
        if entry.tariff and assigned_on
        else None,
        "product_id": known.products[entry.product].id if entry.product else None,
        "divider": entry.divider,
        "digits": entry.digits,
        "model": entry.model,
        "sealed_key": entry.secret_key and keys.seal(entry.secret_key, bound_to(entry.serial)),
        "starting_code": entry.starting_code,
        "test_code": entry.test_code,
        "sts": json.dumps(entry.sts.stored()) if entry.sts else None,
        "initial_counter": counter,
        "token_counter": counter,
    }


def _check_codes(unit: Unit, family: str, counter: int, entry: DeviceEntry) -> None:
    """Check that the first codes of a new device can be made, where they are made here. Devices of
    a vendor may be there before our account with it is: until then nothing is sold for them."""
    if family == NO_TOKENS or family in VENDORS:
        return
    kit = kit_of(entry.digits, entry.divider)
    code = entry.starting_code
    secret = DeviceSecret(entry.serial, family, entry.secret_key, code, entry.sts, kit=kit)
    try:
        for action in actions_of(entry.kind):
            check_possible(secret, counter, action, unit.now)
    except TokenImpossible as never:
        raise Refused("no_codes", serial=entry.serial, why=str(never)) from None


def _counter(family: str, entry: DeviceEntry) -> int:
    if entry.count is not None:
        return entry.count
    return FAMILIES[family].initial_counter if family in FAMILIES else 0


def _compare_owner(known: _Known, device: KnownDevice, entry: DeviceEntry) -> None:
    if entry.owner_msisdn and known.owners[entry.owner_msisdn].id != device.owner_id:
        raise Refused("device_of_another", serial=entry.serial)
    if entry.assigned_on:
        check_unchanged("assigned_on", device.assigned_on, entry.assigned_on)


def _compare_product(known: _Known, device: KnownDevice, item: StoredAppliance) -> None:
    if device.product_id is None:
        check_promised(device, item, known.promises.get(device.id, ()))
    elif device.product_id != item.id:
        raise Refused("differs", field="product", stored="another", given=item.code)


def _compare(known: _Known, device: KnownDevice, entry: DeviceEntry, keys: Seals) -> None:
    """Raises Refused("differs") with the first field in which device and entry disagree."""
    check_unchanged("kind", device.kind, entry.kind)
    check_unchanged("manufacturer", device.manufacturer, entry.manufacturer)
    if entry.tariff:
        check_unchanged("tariff", device.tariff, entry.tariff)
    if entry.plan:
        check_unchanged("plan", device.plan, entry.plan)
    if entry.product:
        _compare_product(known, device, known.products[entry.product])
    for name in ("divider", "digits", "model"):
        if (given := getattr(entry, name)) is not None:
            check_unchanged(name, getattr(device, name), given)
    if not device.is_retired:
        _compare_owner(known, device, entry)
    sealed, starting_code, test_code = known.secrets[device.serial]
    if sealed and not keys.holds(sealed, bound_to(device.serial), entry.secret_key):
        raise Refused("key_differs")
    check_unchanged("starting_code", starting_code, entry.starting_code)
    if entry.test_code is not None and entry.test_code != test_code:
        raise Refused("test_code_differs")
    if entry.count is not None:
        check_unchanged("count", device.initial_counter, entry.count)
    check_unchanged("sts", device.sts, entry.sts and entry.sts.stored())
