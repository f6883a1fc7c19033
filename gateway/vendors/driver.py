"""What the drivers of vendors with an HTTP server have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from core.vend import Answer, VendorAbilities, VendOrder, VendorName
from gateway.vendors.account import Account, AccountSettings
from gateway.vendors.http_client import VendorHttp
from gateway.vendors.vendor import Vendor


class HttpDriver(Vendor):
    """A driver: one account with a vendor, over HTTP. May be shared by threads.

    `settings`: those of an account. `every_s`: the least time between two requests, where the
    vendor limits how many there may be; `wait` keeps to it.
    """

    token: VendorName
    account: str
    abilities: VendorAbilities
    settings: ClassVar[AccountSettings]
    every_s: ClassVar[float | None] = None

    def __init__(self, account: Account, wait: Callable[[], None] | None = None) -> None:
        self.token = account.token
        self.account = account.name
        self._given = account
        self._http = VendorHttp(account.base_url, account.values.values(), wait)

    def vend(self, order: VendOrder) -> Answer:
        """Every driver says how."""
        raise NotImplementedError

    def close(self) -> None:
        """There is nothing to close: no connection outlives its request."""
        return

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.token}:{self.account})"
