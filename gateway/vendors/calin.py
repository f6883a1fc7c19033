"""Calin's older vending server (version 1): one request, answered with a code.

It takes no number of ours and lists nothing, so what may have been done is decided by a person.
Energy is asked for in kilowatt-hours with one decimal, which is all that it takes: our tenths,
exactly. Wire: docs/devices.md.
"""

from __future__ import annotations

from typing import Any

from core.vend import Answer, VendorAbilities, VendOrder
from gateway.vendors.account import AccountSettings
from gateway.vendors.codes import done_with
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, Settled, answering
from gateway.vendors.refusals import refusal


class Calin(HttpDriver):
    """An account with Calin's version 1."""

    settings = AccountSettings(("USERNAME", "PASSWORD"), base_url="http://api.calinhost.com/api")
    abilities = VendorAbilities(actions=frozenset({"energy"}))

    @answering
    def vend(self, order: VendOrder) -> Answer:
        asked = {
            "user_id": self._given["USERNAME"],
            "password": self._given["PASSWORD"],
            "meter_id": order.serial,
            "token_type": "CreditToken",
            "amount": order.units / 10,  # JSON writes it with one decimal
        }
        reply = self._http.order("POST", "/tokennew", json=asked)
        return done_with(self.abilities, result_in(reply))


def result_in(reply: Reply) -> Any:
    """The `result` of an answer of Calin's servers: both versions answer alike.

    Raises Settled: Refusal for a result_code other than 0 (a number, or text such as `00`).
    """
    answer = reply.document()
    if int(answer["result_code"]) != 0:
        raise Settled(refusal(reply.words(answer.get("reason") or answer["result_code"])))
    return answer.get("result")
