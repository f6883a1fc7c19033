"""What the operator says beside MicroPowerManager's exports, which do not tell everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from core.plan import CADENCE_DAYS
from core.serial_number import parse_serial
from core.tokens.openpaygo import MAX_COUNT
from core.tokens.typed import secret_key, sts_meter
from core.usecases.devices.register_devices import DeviceEntry
from operations.importing.csv_file import FileKind
from operations.importing.fields import Fields, code, one_of, whole


@dataclass(frozen=True, slots=True)
class Complement:
    """What the exports do not tell of one device; the key is in clear here."""

    device: DeviceEntry
    cadence: str | None


def complement_file() -> FileKind[Complement]:
    """serial, and what is known of it: tariff, cadence of its plan, key, starting code, counter."""

    def read(fields: Fields) -> Complement:
        device = DeviceEntry(
            serial=fields.need("serial", parse_serial),
            kind="",
            manufacturer="",
            tariff=fields.may("tariff", code, None),
            secret_key=fields.may("secret_key", secret_key, None),
            starting_code=fields.may("starting_code", whole(0, 999_999_999), None),
            count=fields.may("count", whole(0, MAX_COUNT), None),
            sts=fields.may("sts", sts_meter, None),
        )
        return Complement(device, fields.may("cadence", one_of(*CADENCE_DAYS), None))

    others = ("tariff", "cadence", "secret_key", "starting_code", "count", "sts")
    return FileKind(("serial",), read, lambda one: one.device.serial, may=others)


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator says beside the exports. `as_of`: the day they were made."""

    as_of: date
    cadence: str
    tariff: str | None
    complement: Mapping[str, Complement]
