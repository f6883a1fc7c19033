"""The accounts with vendors, as the workers that have their credentials say."""

from __future__ import annotations

from collections.abc import Mapping

from core.db.vendor_accounts import store_accounts
from core.unit import Unit
from core.vend import VendorAbilities


def store_vendor_accounts(unit: Unit, accounts: Mapping[tuple[str, str], VendorAbilities]) -> None:
    """Store which accounts (vendor, name) are set up and what each can do; all others are not."""
    store_accounts(unit.connection, unit.now, accounts)
