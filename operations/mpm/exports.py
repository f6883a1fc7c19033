"""Reading MicroPowerManager's exports: which file is which, and its rows under one set of names.

CSV and JSON are read. A file is recognised by its columns, not by its name. Columns that are not
needed are ignored, since releases add some. Verified in the product's source (releases of August
2026): customers, devices, payment plans (`appliance person`) and transactions as CSV and JSON,
outstanding debts as JSON. Assumed: outstanding debts as CSV (that product writes a spreadsheet
only) with the names of the JSON. Spreadsheets are not read: save them as CSV.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInput
from operations.importing.csv_file import read_rows
from operations.importing.text_file import read_text

# For each kind of file the columns by which it is recognised: name in the CSV, our name for it.
# Our names are those of the JSON where it is flat.
COLUMNS: dict[str, dict[str, str]] = {
    "customers": {
        "Name": "name",
        "Surname": "surname",
        "Phone": "phone",
        "City": "city",
        "Device Serial": "devices",
    },
    "plans": {
        "Customer Name": "customer_name",
        "Customer Surname": "customer_surname",
        "Appliance": "appliance_name",
        "Device Serial": "device_serial",
        "Payment Type": "payment_type",
        "Total Cost": "total_cost",
        "Rate Count": "rate_count",
        "Down Payment": "down_payment",
        "First Payment Date": "first_payment_date",
        "Registered Date": "registered_date",
    },
    "transactions": {
        "Status": "status",
        "Device Serial Number": "device_id",
        "Device Type": "device_type",
        "Amount": "amount",
        "Type": "type",
        "Date": "sent_date",
    },
    "devices": {
        "Device Serial": "serial_number",
        "Device Type": "device_type",
        "Customer": "customer",
        "Manufacturer": "manufacturer",
    },
    "debts": {
        "customer": "customer",
        "appliance": "appliance",
        "device_serial": "device_serial",
        "due_date": "due_date",
        "remaining": "remaining",
    },
}
# The JSON of transactions does not say what kind a transaction was.
_MAY_LACK = {"type"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of an export. `place` says where it stands: "customers.csv, line 3"."""

    place: str
    fields: Mapping[str, str]

    def get(self, name: str) -> str:
        """The value of a field; empty where the row has no such field."""
        return self.fields.get(name, "")


Exports = dict[str, list[Row]]


def read_exports(paths: Sequence[Path]) -> Exports:
    """All rows by kind, from files and from the CSV and JSON files in folders.

    Raises BadInput for files that are not known exports, and where there is no file.
    """
    exports: Exports = {kind: [] for kind in COLUMNS}
    problems: list[str] = []
    files = [file for path in paths for file in _files(path)]
    for file in files:
        try:
            kind, rows = _read_file(file)
            exports[kind] += rows
        except BadInput as error:
            problems += error.problems
    if not files:
        problems.append("there is no .csv or .json file there")
    if problems:
        raise BadInput(*problems)
    return exports


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.iterdir() if file.suffix in (".csv", ".json"))


def _read_file(file: Path) -> tuple[str, list[Row]]:
    content = read_text(file)
    is_json = content.lstrip()[:1] in ("{", "[")
    numbered = list(_json(file, content) if is_json else _csv(file, content))
    if not numbered:
        raise BadInput(f"{file.name}: it is empty")
    names = {
        kind: {ours: ours for ours in columns.values()} if is_json else columns
        for kind, columns in COLUMNS.items()
    }
    kind = _kind(file, set(numbered[0][1]), names)
    place = f"{file.name}, {'entry' if is_json else 'line'}"
    return kind, [
        Row(f"{place} {number}", {names[kind].get(n, n): v.strip() for n, v in row.items()})
        for number, row in numbered
    ]


def _kind(file: Path, found: set[str], names: Mapping[str, Mapping[str, str]]) -> str:
    for kind, columns in names.items():
        if {name for name, ours in columns.items() if ours not in _MAY_LACK} <= found:
            return kind
    raise BadInput(
        f"{file.name}: these are not the columns of an export of customers, devices, payment plans"
        " (appliance person), transactions or outstanding debts"
    )


def _csv(file: Path, content: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Raises BadInput with the number of the line that cannot be read."""
    rows = read_rows(content, {name for columns in COLUMNS.values() for name in columns})
    header: list[str] = []
    for row in rows:
        if row.wrong:
            raise BadInput(f"{file.name}, line {row.line}: {row.wrong}")
        if not header:
            header = row.cells
            continue
        cells = row.cells + [""] * (len(header) - len(row.cells))
        yield row.line, {name: cell for name, cell in zip(header, cells, strict=False) if name}


def _json(file: Path, content: str) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of `{"data": [...]}` or of a bare list, numbered from 1."""
    try:
        document = json.loads(content, parse_float=str, parse_int=str)
    except ValueError as error:
        raise BadInput(f"{file.name}: this is not JSON: {error}") from None
    rows = document.get("data") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput(f"{file.name}: there is no list of rows in it")
    for number, row in enumerate(rows, start=1):
        yield number, {name: _text(value) for name, value in _flat(row).items()}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the fields of its `device_info`, under the names of the other exports."""
    info = row.get("device_info")
    if not isinstance(info, dict):
        return row
    return row | {
        "serial_number": info.get("serial_number"),
        "device_type": info.get("type"),
        "manufacturer": info.get("manufacturer"),
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
