"""Stron (Stronpower): meters whose codes its server makes; the newer of its two interfaces.

Every request carries the account's credentials. There is no number of ours in a vend and no look-up
of one, so what may have been done is decided by a person. Energy is asked for in kilowatt-hours, by
unit: the vendor's own prices do not count. Wire: docs/devices.md.
"""

from __future__ import annotations

from typing import Any

from core.vend import (
    Answer,
    CheckAnswer,
    DeviceFound,
    DeviceNotFound,
    Refusal,
    Unknown,
    VendorAbilities,
    VendOrder,
)
from gateway.vendors.account import AccountSettings
from gateway.vendors.codes import done_with
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, Settled, answering, checking
from gateway.vendors.meters import is_another_meter, tenths_in
from gateway.vendors.refusals import refusal

_CLEAR = {"clear_credit": "/ClearCredit", "clear_tamper": "/ClearTamper"}


class Stron(HttpDriver):
    """An account with Stron."""

    settings = AccountSettings(
        ("COMPANY", "USERNAME", "PASSWORD"), base_url="http://www.server-newv.stronpower.com/api"
    )
    abilities = VendorAbilities(
        actions=frozenset({"energy", "clear_credit", "clear_tamper"}), can_check=True
    )

    @answering
    def vend(self, order: VendOrder) -> Answer:
        if order.action != "energy":
            return self._clear(order)
        reply = self._http.order(
            "POST",
            "/VendingMeter",
            json=self._signed(
                MeterID=order.serial,
                is_vend_by_unit="true",
                Amount=order.units / 10,  # JSON writes it with one decimal
            ),
        )
        answer = self._one_in(reply.document(), reply)
        if is_another_meter(answer.get("Meter_id"), order.serial):
            return Unknown("an answer about another meter")
        return done_with(
            self.abilities, answer.get("Token"), units=tenths_in(answer.get("Total_unit"))
        )

    @checking
    def check(self, serial: str) -> CheckAnswer:
        known = self._find(serial)
        if known is None:
            return DeviceNotFound()
        return DeviceFound(self._http.words(known.get("Meter_type") or ""))

    def _find(self, serial: str) -> dict[str, Any] | None:
        """What the vendor has about a meter; None where it has none. Raises Settled."""
        reply = self._http.ask("POST", "/QueryMeterInfo", json=self._signed(MeterId=serial))
        found = reply.document()
        if found == []:
            return None
        known = self._one_in(found, reply)
        if serial not in reply.text:
            raise reply.unsettled("an answer about another meter")
        return known

    def _clear(self, order: VendOrder) -> Answer:
        """The answer is text: the code, then what it is for, with commas between."""
        known = self._find(order.serial)
        if known is None:
            return Refusal("unknown_device", "the vendor has no such meter")
        reply = self._http.order(
            "POST",
            _CLEAR[order.action],
            json=self._signed(CustomerId=str(known["Customer_id"]), METER_ID=order.serial),
        )
        reply.settle()
        written = reply.json()
        if isinstance(written, dict):
            self._one_in(written, reply)
        text = written if isinstance(written, str) else reply.text
        return done_with(self.abilities, text.partition(",")[0])

    def _signed(self, **asked: object) -> dict[str, object]:
        account = self._given
        credentials = {
            "CompanyName": account["COMPANY"],
            "UserName": account["USERNAME"],
            "PassWord": account["PASSWORD"],
        }
        return credentials | asked

    def _one_in(self, written: object, reply: Reply) -> dict[str, Any]:
        """The one object that an answer is about. Raises Settled: an empty list is a refusal, and
        so is an object with a ResultCode other than 0, however numbers are written."""
        if written == []:
            raise Settled(Refusal("other", "an empty list, which says no and not why"))
        found = written[0] if isinstance(written, list) else written
        if not isinstance(found, dict):
            raise reply.unsettled("an answer that cannot be read")
        code = found.get("ResultCode")
        if code is not None and str(code) != "0":
            raise Settled(refusal(self._http.words(found.get("Reason") or code)))
        if not reply.is_accepted:
            raise Settled(refusal(self._http.words(found)))
        return found
