"""Gome Long's newer server ("STS Vend System"): every request is an address that has the password.

So no address is logged, nor an error that names one. It takes no number of ours and lists no vends:
what may have been done is decided by a person. Energy is asked for in kilowatt-hours. Servers
differ in the `Code` of success (200 or 0), so a token alone says that it was vended. Wire:
docs/devices.md.
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
from gateway.vendors.meters import is_another_meter, kwh, tenths_in
from gateway.vendors.refusals import refusal

_METER_DIGITS_MAX = 13
_ELECTRICITY = {"MeterType": "1"}
_BY_UNIT = {"VendingType": "1"}
_CLEAR = {"clear_credit": "GetClearCreditToken", "clear_tamper": "GetClearTamperSignToken"}
_SUCCESS = (0, 200)


class GomeLongSts(HttpDriver):
    """An account with Gome Long's newer server."""

    settings = AccountSettings(("USERNAME", "PASSWORD"))
    abilities = VendorAbilities(
        actions=frozenset({"energy", "clear_credit", "clear_tamper"}), can_check=True
    )

    @answering
    def vend(self, order: VendOrder) -> Answer:
        if len(order.serial) > _METER_DIGITS_MAX:
            return Refusal("unknown_device", "longer than this vendor's meter numbers")
        asked = self._asked(order.serial)
        if order.action == "energy":
            asked |= {"AmountOrQuantity": kwh(order.units)} | _BY_UNIT
        operation = _CLEAR.get(order.action, "GetVendingToken")
        data = _data_in(self._http.order("GET", f"/api/Power/{operation}", params=asked))
        if is_another_meter(data.get("MeterCode"), order.serial):
            return Unknown("an answer about another meter")
        units = tenths_in(data.get("VendingQuantity")) if order.action == "energy" else None
        return done_with(self.abilities, data.get("Token"), units=units)

    @checking
    def check(self, serial: str) -> CheckAnswer:
        if len(serial) > _METER_DIGITS_MAX:
            return DeviceNotFound("longer than this vendor's meter numbers")
        reply = self._http.ask("GET", "/api/Power/GetContractInfo", params=self._asked(serial))
        return DeviceFound() if _data_in(reply)["MeterCode"] else DeviceNotFound()

    def _asked(self, serial: str) -> dict[str, str]:
        account = self._given
        return {
            "UserId": account["USERNAME"],
            "Password": account["PASSWORD"],
            "MeterCode": serial,
        } | _ELECTRICITY


def _data_in(reply: Reply) -> dict[str, Any]:
    """The `Data` of an answer; {} where a success has none. Raises Settled: Refusal."""
    answer = reply.document()
    data = answer.get("Data") or {}
    if data.get("Token") or int(answer["Code"]) in _SUCCESS:
        return dict(data)
    raise Settled(refusal(reply.words(answer.get("Message") or answer["Code"])))
