"""The position of a customer, read in one round trip: devices, prices and debts.

This is what a quote needs. No lock is taken, so applying the payment decides again; no device key
is read. It is the statement of most screens: each table is read by its key, and what is open of a
plan comes as one text of numbers, because that is what costs least to write and to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection

from core.customer import Customer, CustomerPosition
from core.db import customers, devices
from core.db.obligations import (
    OPEN_CHARGE,
    OPEN_CLAWBACK,
    OPEN_PART,
    OPEN_RECOVERY,
    PART_DUE_ON,
)
from core.db.waterfalls import as_waterfall
from core.device import Device
from core.sale import RUNNING_SQL
from core.tariff import TariffVersion
from core.waterfall import NOT_DUE, Obligation


def _day_number(day: str) -> str:
    """Return SQL for a day as `date.toordinal` counts it."""
    return f"{day} - DATE '0001-01-01' + 1"


# Whose position is asked for, and the device that was named; `caller` has the number.
_BY_SERIAL = (
    "SELECT NULL::bigint AS caller, id AS device, owner_id AS owner FROM devices WHERE serial = %s"
)
_BY_CUSTOMER = "SELECT NULL::bigint AS caller, NULL::bigint AS device, %s::bigint AS owner"
_BY_CALLER = """
    SELECT m.customer_id AS caller, NULL::bigint AS device, m.customer_id AS owner
      FROM customer_msisdns m WHERE m.msisdn = %s
"""
_BY_CALLER_AND_SERIAL = """
    SELECT (SELECT customer_id FROM customer_msisdns WHERE msisdn = %s) AS caller,
           id AS device, owner_id AS owner
      FROM devices WHERE serial = %s
"""

# The devices that the owner's money can touch: theirs, those on their plans, and the one asked for.
_POSITION = f"""
    WITH asked AS MATERIALIZED ({{asked}})
    SELECT a.caller,
        (SELECT row_to_json(found) FROM (
            SELECT {customers.COLUMNS} FROM customers c WHERE c.id = a.owner) AS found),
        (SELECT json_agg(served) FROM (
            SELECT {devices.COLUMNS} {devices.FROM} WHERE d.id = ANY(ARRAY(
                SELECT a.device UNION ALL SELECT id FROM devices WHERE owner_id = a.owner
                UNION ALL SELECT device_id FROM sales
                           WHERE customer_id = a.owner AND state IN {RUNNING_SQL}))
             ORDER BY d.id) AS served),
        (SELECT json_agg(v ORDER BY valid_from) FROM tariff_versions v
          WHERE tariff_id = ANY(ARRAY(SELECT tariff_id FROM devices
                                       WHERE owner_id = a.owner OR id = a.device))),
        (SELECT json_agg(json_build_array(s.id, {_day_number("s.sold_on")}, s.device_id, p.name,
                                          s.written_off_minor, s.recovered_minor))
           FROM sales s JOIN appliances p ON p.id = s.appliance_id
          WHERE s.customer_id = a.owner AND (s.state IN {RUNNING_SQL} OR {OPEN_RECOVERY})),
        (SELECT string_agg(concat_ws(',', {_day_number(PART_DUE_ON)}, i.sale_id, i.number, i.id,
                                     i.amount_minor, i.paid_minor, i.days, i.days_given), ',')
           FROM sales s JOIN instalments i ON i.sale_id = s.id
          WHERE s.customer_id = a.owner AND {OPEN_PART}),
        (SELECT json_agg(json_build_array({_day_number("due_on")}, x.id,
                                          amount_minor - waived_minor, paid_minor, d.id, d.serial))
           FROM access_charges x JOIN devices d ON d.id = x.device_id
          WHERE customer_id = a.owner AND {OPEN_CHARGE}),
        (SELECT json_agg(json_build_array({_day_number("k.due_on")}, k.id,
                                          k.amount_minor - k.written_off_minor, k.paid_minor,
                                          p.receipt))
           FROM clawbacks k JOIN payments p ON p.id = k.payment_id
          WHERE k.customer_id = a.owner AND {OPEN_CLAWBACK}),
        (SELECT json_agg(w ORDER BY valid_from) FROM waterfalls w)
      FROM asked a
"""
_OF_SERIAL, _OF_CUSTOMER, _OF_CALLER, _OF_SERIAL_FOR_CALLER = (
    _POSITION.format(asked=asked)
    for asked in (_BY_SERIAL, _BY_CUSTOMER, _BY_CALLER, _BY_CALLER_AND_SERIAL)
)


def position_by_serial(connection: Connection, serial: str) -> CustomerPosition | None:
    """Return the position of the owner of the device with that serial number, or None."""
    rows = connection.exec_driver_sql(_OF_SERIAL, (serial,)).all()
    return _position(rows[0]) if rows else None


def position_of_customer(connection: Connection, customer_id: int) -> CustomerPosition:
    """Return the position of the customer with that id."""
    return _position(connection.exec_driver_sql(_OF_CUSTOMER, (customer_id,)).all()[0])


def position_of_caller(connection: Connection, msisdn: str) -> CustomerPosition | None:
    """Return the position of the customer who has that number, or None."""
    rows = connection.exec_driver_sql(_OF_CALLER, (msisdn,)).all()
    return _position(rows[0]) if rows else None


def position_for_caller(
    connection: Connection, msisdn: str, serial: str
) -> CustomerPosition | None:
    """Return what `position_by_serial` does, and which customer has the number that asks."""
    rows = connection.exec_driver_sql(_OF_SERIAL_FOR_CALLER, (msisdn, serial)).all()
    return _position(rows[0]) if rows else None


def _position(row: Any) -> CustomerPosition:
    caller_id, owner, served, versions, sales, parts, charges, clawbacks, waterfalls = row
    devices_by_id = {fields["id"]: _device(fields) for fields in served or ()}
    owed = [
        *_parts(parts, sales or (), devices_by_id),
        *_charges(charges or ()),
        *_clawbacks(clawbacks or ()),
        *_recoveries(sales or (), devices_by_id, owner),
    ]
    if charges or clawbacks or len(sales or ()) > 1:
        sold_on = {sale_id: on for sale_id, on, *_ in sales or ()}
        owed.sort(key=lambda debt: _order(debt, sold_on))
    return CustomerPosition(
        owner=Customer(**owner) if owner else None,
        devices=list(devices_by_id.values()),
        versions=_versions(versions or ()),
        owed=owed,
        sale_names={sale_id: name for sale_id, _, _, name, *_ in sales or ()},
        serials={
            **{device_id: serial for *_, device_id, serial in charges or ()},
            **{device.id: device.serial for device in devices_by_id.values()},
        },
        receipts={clawback_id: receipt for _, clawback_id, _, _, receipt in clawbacks or ()},
        waterfalls=[
            as_waterfall(date.fromisoformat(w["valid_from"]), w["steps"], w["lifeline_percent"])
            for w in waterfalls or ()
        ],
        caller_id=caller_id,
    )


# What belongs to no sale comes after what does.
_NO_SALE = float("inf")


def _order(debt: Obligation, sold_on: dict[int, int]) -> tuple[int, int, float, int, int]:
    """By due day, then oldest sale, the parts of a sale in order."""
    due_on, sale_id = debt.due_on.toordinal(), debt.sale_id
    if sale_id is None:
        since = sold_on[debt.id or 0] if debt.kind == "recovery" else due_on
        return due_on, since, _NO_SALE, 0, debt.id or 0
    return due_on, sold_on[sale_id], sale_id, debt.number, debt.id or 0


def _parts(
    written: str | None, sales: Iterable[Any], devices_by_id: dict[int, Device]
) -> list[Obligation]:
    """The down payments and instalments that are open, from numbers in one text; those of one sale
    in order."""
    if not written:
        return []
    payg_device = {
        sale_id: device_id if device_id and devices_by_id[device_id].is_payg else None
        for sale_id, _, device_id, *_ in sales
    }
    numbers = iter(list(map(int, written.split(","))))
    return [
        Obligation(
            "instalment" if number else "down_payment",
            part_id,
            date.fromordinal(due_on),
            amount,
            paid,
            sale_id,
            number,
            payg_device[sale_id],
            days,
            given,
        )
        for due_on, sale_id, number, part_id, amount, paid, days, given in sorted(
            zip(*[numbers] * 8, strict=True)
        )
    ]


def _charges(rows: Iterable[Any]) -> Iterator[Obligation]:
    for due_on, id_, amount, paid, device_id, _ in rows:
        yield Obligation(
            "access_rate", id_, date.fromordinal(due_on), amount, paid, device_id=device_id
        )


def _clawbacks(rows: Iterable[Any]) -> Iterator[Obligation]:
    for due_on, id_, amount, paid, _ in rows:
        yield Obligation("clawback", id_, date.fromordinal(due_on), amount, paid)


def _recoveries(
    sales: Iterable[Any], devices_by_id: dict[int, Device], owner: dict[str, Any] | None
) -> Iterator[Obligation]:
    """What may still be paid for sales that were written off."""
    for sale_id, _, device_id, _, written_off, recovered in sales:
        if recovered >= written_off:
            continue
        device = devices_by_id.get(device_id)
        is_theirs = device is not None and owner is not None and device.owner_id == owner["id"]
        freed_id = device_id if device is not None and is_theirs and device.is_payg else None
        yield Obligation("recovery", sale_id, NOT_DUE, written_off, recovered, device_id=freed_id)


def _device(fields: dict[str, Any]) -> Device:
    """The device in these fields, which stay as they are: the row may be read again."""
    anchor = fields["access_anchor_on"]
    return Device(**fields | {"access_anchor_on": date.fromisoformat(anchor) if anchor else None})


def _versions(rows: Iterable[dict[str, Any]]) -> dict[int, list[TariffVersion]]:
    versions: dict[int, list[TariffVersion]] = {}
    for row in rows:
        version = TariffVersion(
            date.fromisoformat(row["valid_from"]),
            row["price_per_kwh_thousandths"],
            row["access_rate_minor"],
            row["access_every_days"],
            row["minimum_purchase_minor"],
        )
        versions.setdefault(row["tariff_id"], []).append(version)
    return versions
