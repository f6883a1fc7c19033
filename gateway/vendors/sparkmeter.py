"""SparkMeter's ThunderCloud: a site's own server pushes credit, and is told money, not energy.

A transaction carries our handle (`external_id`): a second one with it is refused, which says that
the first was made. The code of the customer there is the device's serial number, or where
CUSTOMER_CODE is `account` the customer's account reference with us. Wire: docs/devices.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from core.vend import (
    Answer,
    CheckAnswer,
    DeviceFound,
    DeviceNotFound,
    Done,
    Refusal,
    Unknown,
    VendorAbilities,
    VendOrder,
)
from gateway.vendors.account import Account, AccountSettings
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, Settled, answering, checking
from gateway.vendors.pushed_credit import customer_code, written_money
from gateway.vendors.refusals import refusal

# pending: the site's meters are offline, and get it later.
_FAILED = ("not-processed", "error", "reversed")
_SAME_HANDLE = re.compile(r"external.?id", re.IGNORECASE)


class SparkMeter(HttpDriver):
    """An account with one site: its address, ending in `/api/v0`, and the token of an API user."""

    settings = AccountSettings(("API_TOKEN",), optional={"CUSTOMER_CODE": "serial"})
    abilities = VendorAbilities(
        actions=frozenset({"energy"}),
        pushes_credit=True,
        repeat_is_safe=True,
        can_check=True,
        code_digits=(),
    )

    def __init__(self, account: Account, wait: Callable[[], None] | None = None) -> None:
        super().__init__(account, wait)
        by_serial = account["CUSTOMER_CODE"] != "account"
        self.abilities = replace(type(self).abilities, can_check=by_serial)

    @answering
    def vend(self, order: VendOrder) -> Answer:
        amount = written_money(order)
        customer_id = self._customer_id(customer_code(self._given, order))
        if customer_id is None:
            return Refusal("unknown_device", "the site has no such customer")
        form = {
            "customer_id": customer_id,
            "amount": amount,
            "source": "cash",
            "external_id": str(order.handle),
        }
        reply = self._http.order("POST", "/transaction/", data=form, headers=self._headers)
        if _SAME_HANDLE.search(_error_in(reply)):
            return Done()
        reference = self._yes(reply).get("transaction_id")
        if not isinstance(reference, str) or not reference:
            return Unknown("an answer without a transaction")
        if self._has_failed(reference):
            return Refusal("other", "the site did not process it")
        return Done(reference=reference)

    @checking
    def check(self, serial: str) -> CheckAnswer:
        return DeviceNotFound() if self._customer_id(serial) is None else DeviceFound()

    def _customer_id(self, code: str) -> str | None:
        """The site's own id of a customer; None where it has none. Raises Settled."""
        path = f"/customer/{quote(code, safe='')}"
        reply = self._http.ask("GET", path, headers=self._headers)
        if reply.status == 404 and reply.json() is not None:
            return None
        found = self._yes(reply)["customers"]
        return str(found[0]["id"]) if found else None

    def _has_failed(self, reference: str) -> bool:
        """Whether the site says that it will not process a transaction. It was accepted: where the
        site does not say, it is made."""
        try:
            path = f"/transaction/{quote(reference, safe='')}"
            answer = self._yes(self._http.ask("GET", path, headers=self._headers))
        except Settled:
            return False
        transaction = answer.get("transaction")
        return isinstance(transaction, dict) and transaction.get("status") in _FAILED

    def _yes(self, reply: Reply) -> dict[str, Any]:
        """The object of a reply without an `error`. Raises Settled."""
        answer = reply.document()
        if not isinstance(answer, dict):
            raise reply.unsettled("an answer that cannot be read")
        if error := _error_in(reply):
            raise Settled(refusal(self._http.words(error)))
        return answer

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authentication-Token": self._given["API_TOKEN"]}


def _error_in(reply: Reply) -> str:
    """The error of an answer, "" where it says none."""
    answer = reply.json()
    if not isinstance(answer, dict):
        return ""
    error = answer.get("error")
    return str(error) if error else "" if reply.is_accepted else f"HTTP {reply.status}"
