"""What the operator adds to MicroPowerManager's exports, which do not hold everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from core.errors import BadInput
from core.plan import CADENCES, Cadence
from core.tokens.openpaygo import MAX_COUNT
from core.tokens.typed import secret_key, sts_meter
from core.usecases.devices.register_devices import DeviceEntry
from operations.importing.csv_file import FileKind, read_entries
from operations.importing.fields import Fields, code, one_of, serial, whole_number
from operations.importing.text_file import read_text


@dataclass(frozen=True, slots=True)
class Complement:
    """What the operator adds about one device. `device` holds its key unencrypted."""

    device: DeviceEntry
    cadence: Cadence | None


def complement_file() -> FileKind[Complement]:
    """The complement: a serial number in every line, all other columns optional."""

    def read(fields: Fields) -> Complement:
        device = DeviceEntry(
            serial=fields.required("serial", serial),
            kind="",
            manufacturer="",
            tariff=fields.optional("tariff", code, None),
            product=fields.optional("product", code, None),
            secret_key=fields.optional("secret_key", secret_key, None),
            starting_code=fields.optional("starting_code", whole_number(0, 999_999_999), None),
            count=fields.optional("count", whole_number(0, MAX_COUNT), None),
            sts=fields.optional("sts", sts_meter, None),
        )
        return Complement(device, fields.optional("cadence", one_of(*CADENCES), None))

    optional = ("tariff", "product", "cadence", "secret_key", "starting_code", "count", "sts")
    return FileKind(
        ("serial",), read, lambda complement: complement.device.serial, optional=optional
    )


def read_complement(file: Path) -> dict[str, Complement]:
    """Read a complement file into a dictionary by serial number. Raises BadInput for bad lines."""
    contents = read_entries(read_text(file), complement_file())
    if contents.problems:
        lines = (f"complement, line {number}: {reason}" for number, reason in contents.problems)
        raise BadInput(*lines)
    return {complement.device.serial: complement for complement in contents.entries}


@dataclass(frozen=True, slots=True)
class MoveOptions:
    """What the operator says for the whole move.

    `as_of` is the day of the exports. `cadence` and `tariff` are for devices whose complement has
    none. `complements` are by serial number.
    """

    as_of: date
    cadence: Cadence
    tariff: str | None
    complements: Mapping[str, Complement]
