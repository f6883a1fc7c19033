"""Everything about one person, table by table, as JSON that a stranger to our schema can read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from core.db.personal import RECORDS
from core.db.personal.find import values_of
from core.db.tables import metadata
from core.money import major
from core.person import Person

# Rows at a time: a person's history is read in one go, and bounded in memory by the cursor.
_ROWS_A_TRIP = 500
# What an id stands for, in words.
_NAMED = {
    "device_id": "(SELECT serial FROM devices WHERE devices.id = t.device_id)",
    "product_id": "(SELECT name FROM appliances WHERE appliances.id = t.product_id)",
    "appliance_id": "(SELECT name FROM appliances WHERE appliances.id = t.appliance_id)",
    "village_id": "(SELECT name FROM villages WHERE villages.id = t.village_id)",
    "tariff_id": "(SELECT name FROM tariffs WHERE tariffs.id = t.tariff_id)",
    "manufacturer_id": "(SELECT name FROM manufacturers m WHERE m.id = t.manufacturer_id)",
    "payment_id": "(SELECT receipt FROM payments WHERE payments.id = t.payment_id)",
}


def export_rows(connection: Connection, person: Person, currency: str) -> dict[str, Any]:
    """Return {table: {holds, why, kept, rows}} for every table that has rows of this person.

    Secrets (hashes of PINs, keys of devices) are left out. Amounts are in major units.
    """
    values = values_of(person)
    found = {
        table: [_readable(row, currency) for row in _rows(connection, table, values)]
        for table, record in RECORDS.items()
        if record.about
    }
    return {
        table.replace("_", " "): {
            "what it is": RECORDS[table].holds,
            "why it is kept": RECORDS[table].why,
            "rows": rows,
        }
        for table, rows in found.items()
        if rows
    }


def _rows(connection: Connection, table: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    record = RECORDS[table]
    columns = [column.name for column in metadata.tables[table].columns]
    names = [name for name in columns if name not in record.secret]
    listed = [
        f"{_NAMED[name]} AS {name.removesuffix('_id')}" if name in _NAMED else f"t.{name}"
        for name in names
    ]
    order = "id" if "id" in columns else columns[0]
    rows = connection.execute(
        text(f"SELECT {', '.join(listed)} FROM {table} t WHERE {record.about} ORDER BY t.{order}"),
        values,
        execution_options={"yield_per": _ROWS_A_TRIP},
    )
    for row in rows.mappings():
        yield dict(row)


def _readable(row: dict[str, Any], currency: str) -> dict[str, Any]:
    return {_title(name): _value(name, value, currency) for name, value in row.items()}


def _title(name: str) -> str:
    return name.removesuffix("_minor").removesuffix("_at").replace("_", " ")


def _value(name: str, value: Any, currency: str) -> Any:
    if name.endswith("_minor") and isinstance(value, int):
        return major(value, currency)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
