"""Reading and writing customers and devices many at a time, by number, serial and code."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from core.customer import KnownCustomer
from core.db.bulk import insert_rows
from core.db.customers import COLUMNS as CUSTOMER_COLUMNS
from core.db.devices import access_anchor
from core.db.ownership import record_handovers
from core.db.tables.customers import customer_msisdns, customers
from core.device import KnownDevice
from core.ownership import Handover
from core.sale import RUNNING_SQL
from core.vend import VENDORS


def insert_in_order(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]]
) -> list[int]:
    """Insert rows. Return their new ids, in the order of the rows."""
    if not rows:
        return []
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.execute(statement, rows).scalars())


def insert_customers(connection: Connection, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert customers with their number (`msisdn`). Return their ids, in the order of the rows."""
    people = [{name: value for name, value in row.items() if name != "msisdn"} for row in rows]
    ids = insert_in_order(connection, customers, people)
    insert_rows(
        connection,
        customer_msisdns,
        [
            {"msisdn": row["msisdn"], "customer_id": customer_id}
            for row, customer_id in zip(rows, ids, strict=True)
        ],
    )
    return ids


def customers_by_msisdn(
    connection: Connection, msisdns: Collection[str], *, lock: bool = False
) -> dict[str, KnownCustomer]:
    """Return the customers who hold those numbers, by number; locked by id where asked for."""
    rows = connection.execute(
        text(
            f"SELECT m.msisdn, {CUSTOMER_COLUMNS}, v.code AS village FROM customer_msisdns m"
            " JOIN customers c ON c.id = m.customer_id LEFT JOIN villages v ON v.id = c.village_id"
            " WHERE m.msisdn = ANY(:msisdns) ORDER BY c.id"
            + (" FOR NO KEY UPDATE OF c" if lock else "")
        ),
        {"msisdns": list(msisdns)},
    )
    return {row[0]: KnownCustomer(*row[1:]) for row in rows}


def ids_by_code(connection: Connection, table: Table, codes: Collection[str]) -> dict[str, int]:
    """Return the ids of catalogue rows by code."""
    rows = connection.execute(
        text(f"SELECT code, id FROM {table.name} WHERE code = ANY(:codes)"),
        {"codes": list(codes)},
    )
    return {row.code: row.id for row in rows}


# The vendor and the account that serve the devices of manufacturer `m`, where that account is not
# set up; otherwise null.
_UNSERVED_BY = (
    "CASE WHEN m.token_family = ANY(:vendors) AND NOT EXISTS (SELECT FROM vendor_accounts v"
    " WHERE v.vendor = m.token_family AND v.account = m.account)"
    " THEN ARRAY[m.token_family, m.account] END"
)


def devices_by_serial(
    connection: Connection, serials: Collection[str], *, lock: bool = False
) -> dict[str, KnownDevice]:
    """Return the registered ones of those devices, by serial; locked by id where asked for."""
    rows = connection.execute(
        text(
            "SELECT d.id, d.serial, d.kind, m.code, t.code, d.owner_id, d.assigned_on,"
            " d.initial_counter, d.sts, p.code,"
            " d.product_id, d.divider, d.digits, d.model,"
            " EXISTS (SELECT FROM sales s"
            f" WHERE s.device_id = d.id AND s.state IN {RUNNING_SQL}), d.retired_on IS NOT NULL,"
            f" d.replaced_by_id, {_UNSERVED_BY}"
            " FROM devices d JOIN manufacturers m ON m.id = d.manufacturer_id"
            " LEFT JOIN tariffs t ON t.id = d.tariff_id"
            " LEFT JOIN plan_offers p ON p.id = d.plan_offer_id WHERE d.serial = ANY(:serials)"
            " ORDER BY d.id" + (" FOR NO KEY UPDATE OF d" if lock else "")
        ),
        {"serials": list(serials), "vendors": list(VENDORS)},
    )
    return {row.serial: KnownDevice(*row) for row in rows}


def device_secrets(
    connection: Connection, serials: Collection[str]
) -> dict[str, tuple[bytes | None, int | None, str | None]]:
    """Return (sealed key, starting code, test code) of those devices, by serial. The web process
    may not."""
    rows = connection.execute(
        text(
            "SELECT serial, sealed_key, starting_code, test_code FROM devices"
            " WHERE serial = ANY(:serials)"
        ),
        {"serials": list(serials)},
    )
    return {row.serial: (row.sealed_key, row.starting_code, row.test_code) for row in rows}


def villages_served(connection: Connection, only: Sequence[str]) -> list[tuple[str, str]]:
    """Return (code, name) of those villages, or of all for an empty `only`, by name."""
    rows = connection.execute(
        text(
            "SELECT code, name FROM villages WHERE cardinality(CAST(:only AS text[])) = 0"
            " OR code = ANY(:only) ORDER BY name"
        ),
        {"only": list(only)},
    )
    return [(row.code, row.name) for row in rows]


def manufacturers_of_kind(connection: Connection, kind: str) -> list[tuple[str, str]]:
    """Return (code, name) of the manufacturers of that kind of device whose codes can be had, by
    name."""
    rows = connection.execute(
        text(
            "SELECT m.code, m.name FROM manufacturers m WHERE :kind = ANY(m.kinds)"
            f" AND {_UNSERVED_BY} IS NULL ORDER BY m.name"
        ),
        {"kind": kind, "vendors": list(VENDORS)},
    )
    return [(row.code, row.name) for row in rows]


@dataclass(frozen=True, slots=True)
class UnservedManufacturer:
    """A manufacturer whose codes a vendor makes with whom we have no account set up. `devices`: how
    many of its devices are not retired."""

    code: str
    name: str
    vendor: str
    account: str
    devices: int


def unserved_manufacturers(connection: Connection) -> list[UnservedManufacturer]:
    """Return the manufacturers whose vendor's account no worker has the credentials of."""
    rows = connection.execute(
        text(
            "SELECT m.code, m.name, m.token_family, m.account, (SELECT count(*) FROM devices d"
            " WHERE d.manufacturer_id = m.id AND d.retired_on IS NULL) FROM manufacturers m"
            f" WHERE {_UNSERVED_BY} IS NOT NULL ORDER BY m.name"
        ),
        {"vendors": list(VENDORS)},
    )
    return [UnservedManufacturer(*row) for row in rows]


def manufacturers_of_new_meters(connection: Connection) -> set[str]:
    """The codes of the manufacturers whose new meters are all alike: the number says everything."""
    rows = connection.execute(
        text("SELECT code FROM manufacturers WHERE sts IS NOT NULL AND 'meter' = ANY(kinds)")
    )
    return set(rows.scalars())


def insert_new_device(
    connection: Connection, serial: str, kind: str, manufacturer: str
) -> int | None:
    """Enter a new device with its manufacturer's standard data; None where it exists already."""
    return connection.execute(
        text(
            "INSERT INTO devices (serial, kind, manufacturer_id, sts)"
            " SELECT :serial, :kind, id, sts FROM manufacturers WHERE code = :manufacturer"
            " ON CONFLICT (serial) DO NOTHING RETURNING id"
        ),
        {"serial": serial, "kind": kind, "manufacturer": manufacturer},
    ).scalar_one_or_none()


def give_devices(
    connection: Connection, gifts: Sequence[tuple[Handover, date]], fees_from: date
) -> None:
    """Devices, locked, become other owners' on that day; access-rate periods start on
    `fees_from`."""
    record_handovers(connection, [handover for handover, _ in gifts])
    connection.execute(
        text(
            "UPDATE devices d SET assigned_on = given.day,"
            f" access_anchor_on = {access_anchor('CAST(:fees_from AS date)')}"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:days AS date[])) AS given (id, day)"
            " WHERE d.id = given.id"
        ),
        {
            "ids": [gift.device_id for gift, _ in gifts],
            "days": [day for _, day in gifts],
            "fees_from": fees_from,
        },
    )


def set_tariff(connection: Connection, device_id: int, tariff: str) -> None:
    """Put a tariff on a meter, by code."""
    connection.execute(
        text(
            "UPDATE devices SET tariff_id = (SELECT id FROM tariffs WHERE code = :code)"
            " WHERE id = :id"
        ),
        {"id": device_id, "code": tariff},
    )
