"""Devices whose codes a vendor's server makes: whether our account there is set up."""

from __future__ import annotations

from sqlalchemy import Connection

from core.db.registration import unserved_manufacturers
from core.device import KnownDevice
from core.errors import Refused
from core.vend import WITHOUT_DRIVER


def describe_missing(vendor: str, account: str) -> str:
    """Say what an account with a vendor lacks that is not set up: how its settings begin, or that
    no setting can help."""
    if vendor in WITHOUT_DRIVER:
        return f"there is no driver for {vendor}"
    settings = f"VENDOR_{vendor}_{account}_".upper()
    return f"no account {account} with {vendor}: the workers need {settings}..."


def check_served(device: KnownDevice) -> None:
    """Check that the codes of a device can be had. Raises Refused("vendor_not_set_up")."""
    if device.unserved_by is not None:
        vendor, account = device.unserved_by
        raise vendor_not_set_up(device.serial, vendor, account)


def vendor_not_set_up(serial: str, vendor: str, account: str) -> Refused:
    """The refusal of a device whose vendor no worker has the credentials of."""
    return Refused("vendor_not_set_up", serial=serial, missing=describe_missing(vendor, account))


def list_unserved(connection: Connection) -> dict[str, str]:
    """Return why no device of a manufacturer can be sold, by its code, for each such manufacturer:
    see describe_missing."""
    return {
        row.code: describe_missing(row.vendor, row.account)
        for row in unserved_manufacturers(connection)
    }
