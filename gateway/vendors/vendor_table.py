"""The table of all drivers, and the accounts that this worker has credentials for."""

from __future__ import annotations

from collections.abc import Mapping

from redis import Redis

from core.environment import Environment
from core.vend import VendorName
from gateway.rate_limit import RateLimit
from gateway.vendors.account import Account, AccountSettings, accounts_in
from gateway.vendors.angaza import Angaza
from gateway.vendors.calin import Calin
from gateway.vendors.calin_pos import CalinPos
from gateway.vendors.chint import Chint
from gateway.vendors.driver import HttpDriver
from gateway.vendors.gomelong import GomeLong
from gateway.vendors.gomelong_sts import GomeLongSts
from gateway.vendors.koios import Koios
from gateway.vendors.sparkmeter import SparkMeter
from gateway.vendors.steama import Steama
from gateway.vendors.stron import Stron
from gateway.vendors.stron_old import StronOld
from gateway.vendors.sunking import SunKing
from gateway.vendors.vendor import Vendor

DRIVERS: Mapping[VendorName, type[HttpDriver]] = {
    "angaza": Angaza,
    "calin": Calin,
    "calin_pos": CalinPos,
    "chint": Chint,
    "gomelong": GomeLong,
    "gomelong_sts": GomeLongSts,
    "koios": Koios,
    "sparkmeter": SparkMeter,
    "steama": Steama,
    "stron": Stron,
    "stron_old": StronOld,
    "sunking": SunKing,
}
SETTINGS: Mapping[VendorName, AccountSettings] = {
    token: driver.settings for token, driver in DRIVERS.items()
}

# An account with a vendor: the vendor's name in the catalogue, and the account's.
AccountKey = tuple[VendorName, str]


def open_vendors(environment: Environment, redis: Redis) -> dict[AccountKey, Vendor]:
    """Return every account with a vendor that the settings describe. Only workers have them.

    `redis` counts the requests to vendors that limit them, for all workers together. Raises
    BadInput.
    """
    return {
        (account.token, account.name): _open(account, redis)
        for account in accounts_in(environment, SETTINGS)
    }


def _open(account: Account, redis: Redis) -> Vendor:
    driver = DRIVERS[account.token]
    if driver.every_s is None:
        return driver(account)
    return driver(account, RateLimit(redis, f"{account.token}:{account.name}", driver.every_s).wait)
