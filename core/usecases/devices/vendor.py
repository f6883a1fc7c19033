"""Devices whose codes a vendor's server makes: whether our account there is set up."""

from __future__ import annotations

from sqlalchemy import Connection

from core.db.registration import unserved_manufacturers
from core.device import KnownDevice
from core.errors import Refused


def settings_of(vendor: str, account: str) -> str:
    """How the settings of an account with a vendor begin: `VENDOR_STRON_MAIN_`."""
    return f"VENDOR_{vendor}_{account}_".upper()


def check_served(device: KnownDevice) -> None:
    """Check that the codes of a device can be had. Raises Refused("vendor_not_set_up")."""
    if device.unserved_by is not None:
        vendor, account = device.unserved_by
        raise vendor_not_set_up(device.serial, vendor, account)


def vendor_not_set_up(serial: str, vendor: str, account: str) -> Refused:
    """The refusal of a device whose vendor no worker has the credentials of."""
    settings = settings_of(vendor, account)
    return Refused(
        "vendor_not_set_up", serial=serial, vendor=vendor, account=account, settings=settings
    )


def list_unserved(connection: Connection) -> dict[str, str]:
    """Return why no device of a manufacturer can be sold, by its code, for each such manufacturer:
    which settings of which account with its vendor are missing."""
    return {
        row.code: f"no account {row.account} with {row.vendor}: the workers need"
        f" {settings_of(row.vendor, row.account)}..."
        for row in unserved_manufacturers(connection)
    }
