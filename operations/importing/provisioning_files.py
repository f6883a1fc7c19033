"""Files of OpenPAYGO devices as their manufacturers and other token servers give them.

CSV: the columns that the OpenPAYGO specification names for provisioning, in any order, as servers
of its authors export and take them. JSON: one device, or a list of devices, with the field names of
the open device API (serial_number, secret_key, starting_code, token_count, value_divider,
restricted_digit_set, model). Such a file does not say what the product is: the command does.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.device import KeypadDigits
from core.errors import BadInput
from core.invisible import plain_marks
from core.tokens.openpaygo import MAX_COUNT
from core.tokens.typed import secret_key, typed_code
from core.usecases.devices.register_devices import DeviceEntry
from operations.importing.csv_file import FileKind
from operations.importing.fields import Fields, serial, text, whole_number

_SERIAL = "serial number"
_COLUMNS = (_SERIAL, "key")
# The version is that of the manufacturer's own list: nothing here depends on it.
_OPTIONAL = (
    "starting code",
    "count",
    "time divider",
    "restricted digit mode",
    "hardware model",
    "version",
    "test code",
)
_API_NAMES = {
    "serial_number": _SERIAL,
    "secret_key": "key",
    "starting_code": "starting code",
    "token_count": "count",
    "value_divider": "time divider",
    "restricted_digit_set": "restricted digit mode",
    "model": "hardware model",
    "test_code": "test code",
}
_YES, _NO = ("true", "1", "yes", "y"), ("false", "0", "no", "n")


@dataclass(frozen=True, slots=True)
class Made:
    """What the file does not say of its devices: their kind, and the codes of their manufacturer
    and, where it is known, of their product in the catalogue."""

    kind: str
    manufacturer: str
    product: str | None = None


def is_provisioning_file(content: str) -> bool:
    """Whether it is such a file: JSON, or its header names a serial number as manufacturers do."""
    begin = content.lstrip()[:1]
    header = plain_marks(" ".join(content.split("\n", 2)[:2])).casefold()
    return begin in ("[", "{") or _SERIAL in header


def provisioning_file(made: Made) -> FileKind[DeviceEntry]:
    """Devices of one manufacturer, all of them in stock."""

    def read(fields: Fields) -> DeviceEntry:
        return DeviceEntry(
            serial=fields.required(_SERIAL, serial),
            kind=made.kind,
            manufacturer=made.manufacturer,
            secret_key=fields.required("key", secret_key),
            starting_code=fields.optional("starting code", whole_number(0, 999_999_999), None),
            count=fields.optional("count", whole_number(0, MAX_COUNT), None),
            product=made.product,
            divider=fields.optional("time divider", whole_number(1, 255), None),
            digits=fields.optional("restricted digit mode", _digits, None),
            model=fields.optional("hardware model", text, None),
            test_code=fields.optional("test code", typed_code, None),
        )

    return FileKind(_COLUMNS, read, lambda entry: entry.serial, optional=_OPTIONAL)


def as_csv(content: str) -> str:
    """Return the devices of a JSON file as CSV, a line for each; other content as it is.

    Raises BadInput where the JSON is no device and no list of devices.
    """
    if content.lstrip()[:1] not in ("[", "{"):
        return content
    try:
        given = json.loads(content)
    except ValueError as error:
        raise BadInput(f"the file is not JSON: {error}") from None
    devices = given if isinstance(given, list) else [given]
    if not devices or not all(isinstance(device, dict) for device in devices):
        raise BadInput("the JSON must be a device, or a list of devices with their fields")
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(_API_NAMES.values())
    writer.writerows(_row(device) for device in devices)
    return lines.getvalue()


def _row(device: Mapping[str, Any]) -> list[str]:
    return ["" if (value := device.get(name)) is None else str(value) for name in _API_NAMES]


def _digits(typed: str) -> KeypadDigits:
    """Read whether only the keys 1 to 4 are there."""
    word = typed.strip().casefold()
    if word not in (*_YES, *_NO):
        raise ValueError(f"{typed!r} is neither yes nor no")
    return "restricted" if word in _YES else "standard"
