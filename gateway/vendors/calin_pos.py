"""Calin's newer server (POS and AMI): codes, and meters that it reaches over the air.

It takes no number of ours and lists nothing, so what may have been done is decided by a person. A
preview says whether it has a meter, and vends nothing. The code of an energy vend can be sent to
the meter besides, which then needs no typing: it takes no code twice. Wire: docs/devices.md.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from core.logs import log_fields
from core.vend import (
    Answer,
    CheckAnswer,
    DeviceFound,
    DeviceNotFound,
    Done,
    Unknown,
    VendorAbilities,
    VendOrder,
)
from gateway.vendors.account import Account, AccountSettings
from gateway.vendors.calin import result_in
from gateway.vendors.codes import done_with
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, answering, checking
from gateway.vendors.meters import is_another_meter, tenths_in
from gateway.vendors.refusals import refusal

_CLEAR = {"clear_credit": "/Maintenance_ClearCredit/", "clear_tamper": "/Maintenance_ClearTamper/"}
# All of them are empty in the preview of a meter that the vendor does not have.
_CUSTOMER = ("customer_name", "customer_number", "customer_addr")

log = logging.getLogger(__name__)


class CalinPos(HttpDriver):
    """An account with Calin's POS server.

    MAINTENANCE_USERNAME: the user that may clear meters, where that is another one.
    REMOTE_USERNAME: the user that reaches meters over the air; without one, no code is sent there.
    """

    settings = AccountSettings(
        ("COMPANY", "USERNAME", "PASSWORD", "VENDING_PASSWORD"),
        {
            "MAINTENANCE_USERNAME": "",
            "MAINTENANCE_PASSWORD": "",
            "REMOTE_USERNAME": "",
            "REMOTE_PASSWORD": "",
        },
        base_url="https://ami.calinhost.com/api",
    )
    abilities = VendorAbilities(
        actions=frozenset({"energy", "clear_credit", "clear_tamper"}), can_check=True
    )

    def __init__(self, account: Account, wait: Callable[[], None] | None = None) -> None:
        super().__init__(account, wait)
        can_deliver = bool(account["REMOTE_USERNAME"])
        self.abilities = replace(type(self).abilities, can_deliver=can_deliver)

    @answering
    def vend(self, order: VendOrder) -> Answer:
        if order.action == "energy":
            asked = self._user() | {
                "password_vend": self._given["VENDING_PASSWORD"],
                "meter_number": order.serial,
                "is_vend_by_unit": True,
                "amount": order.units / 10,  # JSON writes it with one decimal
            }
            reply = self._http.order("POST", "/POS_Purchase/", json=asked)
        else:
            asked = self._user("MAINTENANCE_") | {"meter_number": order.serial}
            reply = self._http.order("POST", _CLEAR[order.action], json=asked)
        return self._read_code(order, reply)

    @checking
    def check(self, serial: str) -> CheckAnswer:
        asked = self._user() | {"meter_number": serial, "is_vend_by_unit": True, "amount": 0}
        found = result_in(self._http.ask("POST", "/POS_Preview/", json=asked))
        if not found or not any(found.get(name) for name in _CUSTOMER):
            return DeviceNotFound()
        return DeviceFound()

    def deliver(self, order: VendOrder, done: Done) -> None:
        if order.action == "energy" and self.abilities.can_deliver:
            for code in done.codes:
                answer = self._send_to_meter(order.serial, code)
                fields = log_fields(vendor=self.token, account=self.account, answer=repr(answer))
                log.info("a code was sent to its meter over the air", extra=fields)

    @answering
    def _send_to_meter(self, serial: str, code: str) -> Answer:
        """Done with the number of the task in which the vendor reaches the meter, when it can."""
        asked = {
            "CompanyName": self._given["COMPANY"],
            "UserName": self._given["REMOTE_USERNAME"],
            "Password": self._given["REMOTE_PASSWORD"],
            "MeterNo": serial,
            "Token": code,
        }
        reply = self._http.ask("POST", "/COMM_RemoteToken", json=asked)
        answer = reply.document()
        if int(answer["ResultCode"]) != 0:
            return refusal(reply.words(answer.get("Reason") or answer["ResultCode"]))
        return Done(reference=reply.words(answer["Result"]["TaskNo"]))

    def _read_code(self, order: VendOrder, reply: Reply) -> Answer:
        """The code is the `result`, or the `token` in it."""
        result = result_in(reply)
        if not isinstance(result, dict):
            return done_with(self.abilities, result)
        if is_another_meter(result.get("meter_number"), order.serial):
            return Unknown("an answer about another meter")
        units = tenths_in(result.get("total_unit")) if order.action == "energy" else None
        return done_with(self.abilities, result.get("token"), units=units)

    def _user(self, role: str = "") -> dict[str, Any]:
        account = self._given
        role = role if account[f"{role}USERNAME"] else ""
        return {
            "company_name": account["COMPANY"],
            "user_name": account[f"{role}USERNAME"],
            "password": account[f"{role}PASSWORD"],
        }
