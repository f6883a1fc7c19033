"""Gome Long's older server: one request, a form, answered with a code.

It takes no number of ours and lists nothing, so what may have been done is decided by a person.
Energy is asked for in kilowatt-hours. A ReturnCode of 0 is a failure there. Wire: docs/devices.md.
"""

from __future__ import annotations

from core.vend import Answer, VendorAbilities, VendOrder
from gateway.vendors.account import AccountSettings
from gateway.vendors.codes import done_with
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import answering
from gateway.vendors.meters import kwh
from gateway.vendors.refusals import refusal


class GomeLong(HttpDriver):
    """An account with Gome Long's older server."""

    settings = AccountSettings(("USERNAME", "PASSWORD"))
    abilities = VendorAbilities(actions=frozenset({"energy"}))

    @answering
    def vend(self, order: VendOrder) -> Answer:
        form = {
            "U": self._given["USERNAME"],
            "K": self._given["PASSWORD"],
            "meter": order.serial,
            "amt": kwh(order.units),
        }
        reply = self._http.order("POST", "/EKPower", data=form)
        answer = reply.document()
        if int(answer["ReturnCode"]) == 0:
            return refusal(reply.words(answer.get("ReturnMessage") or "ReturnCode 0"))
        return done_with(self.abilities, answer["Data"]["Token"])
