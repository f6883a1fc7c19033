"""Accounts with the stand-in vendors, as the settings of the tests' workers have them."""

from __future__ import annotations

from core.vend import VendorName
from gateway.vendors.account import Account, accounts_in
from gateway.vendors.vendor_table import SETTINGS
from simulator.vendors.stand_ins import STAND_INS, vendor_addresses

# What each account's settings are, by NAME of VENDOR_<TOKEN>_MAIN_NAME.
_CREDENTIALS: dict[VendorName, dict[str, str]] = {
    "angaza": {"CLIENT_ID": "jua-client", "CLIENT_SECRET": "angaza/s3cret+x"},
    "calin": {"USERNAME": "jua-calin", "PASSWORD": "c4lin-pass-w0rd"},
    "calin_pos": {
        "COMPANY": "jua-energy",
        "USERNAME": "pos-1",
        "PASSWORD": "p0s-pass-w0rd",
        "VENDING_PASSWORD": "v3nding-pass-w0rd",
        "MAINTENANCE_USERNAME": "maintenance-1",
        "MAINTENANCE_PASSWORD": "m4intenance-pass-w0rd",
        "REMOTE_USERNAME": "amr-1",
        "REMOTE_PASSWORD": "r3mote-pass-w0rd",
    },
    "chint": {"USERNAME": "jua-chint", "PASSWORD": "ch1nt-pass-w0rd"},
    "gomelong": {"USERNAME": "jua-gome", "PASSWORD": "g0me-pass-w0rd"},
    "gomelong_sts": {"USERNAME": "jua-sts", "PASSWORD": "s4s-pass-w0rd"},
    "steama": {"USERNAME": "jua-steama", "PASSWORD": "st3ama-pass-w0rd", "CURRENCY": "KES"},
    "stron_old": {
        "COMPANY": "jua-energy",
        "USERNAME": "jua-old",
        "PASSWORD": "0ld-pass-w0rd",
        "PRICE": "25.00",
        "CURRENCY": "KES",
    },
    "koios": {"API_KEY": "koios-key-1234", "API_SECRET": "koios-s3cret-1234"},
    "sparkmeter": {"API_TOKEN": "thundercloud-t0ken"},
    "stron": {"COMPANY": "jua-energy", "USERNAME": "jua-user", "PASSWORD": "str0n-pass-w0rd"},
    "sunking": {"CLIENT_ID": "jua-client", "CLIENT_SECRET": "sunk1ng-s3cret-x"},
}
VENDOR_CREDENTIALS = {
    f"VENDOR_{token.upper()}_MAIN_{name}": value
    for token, settings in _CREDENTIALS.items()
    for name, value in settings.items()
}


def vendor_settings(providers: str) -> dict[str, str]:
    """The settings of a worker that has an account `main` with every stand-in at `providers`."""
    return VENDOR_CREDENTIALS | vendor_addresses(providers)


def account_with(token: VendorName, providers: str, **changed: str) -> Account:
    """The account `main` with a stand-in; `changed` are settings of it, such as `PASSWORD`."""
    prefix = f"VENDOR_{token.upper()}_MAIN_"
    settings = {
        name: value for name, value in vendor_settings(providers).items() if name.startswith(prefix)
    }
    settings |= {prefix + name: value for name, value in changed.items()}
    [account] = [account for account in accounts_in(settings, SETTINGS) if account.token == token]
    return account


assert {*_CREDENTIALS} == {*STAND_INS} == {*SETTINGS}, "each driver has a stand-in and an account"
