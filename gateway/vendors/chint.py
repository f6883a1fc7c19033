"""Chint: meters whose codes its server makes; a SOAP service that is told money.

The order number (TID) is ours, so a person finds an order in the vendor's portal; what the vendor
does with one that comes again is not known, so nothing is asked for twice. Before a vend, its own
tariff is asked: money that would give another energy than ours is refused. A meter that gets a new
key has up to two more codes, typed before the one with the energy. Wire: docs/devices.md.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from xml.sax.saxutils import escape

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from core.clock import system_clock
from core.money import major
from core.vend import (
    Answer,
    CheckAnswer,
    DeviceFound,
    Refusal,
    VendorAbilities,
    VendOrder,
)
from gateway.vendors.account import AccountSettings
from gateway.vendors.codes import done_with
from gateway.vendors.driver import HttpDriver
from gateway.vendors.http_client import Reply, Settled, answering, checking
from gateway.vendors.meters import tenths_in
from gateway.vendors.pushed_credit import written_money
from gateway.vendors.refusals import refusal

_NAMESPACE = "http://jianpanbiaoEnglish/PrepaidWebService"
_ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>'
    f'<PrepaidSoapHeader xmlns="{_NAMESPACE}"><UserName>{{username}}</UserName>'
    "<PassWord>{password}</PassWord></PrepaidSoapHeader></soap:Header><soap:Body>"
    f'<{{operation}} xmlns="{_NAMESPACE}">{{fields}}</{{operation}}>'
    "</soap:Body></soap:Envelope>"
)
# A signature counts for the part of the day, so many seconds long, in which it was made.
_SIGNED_FOR_S = 40
_TID_DIGITS = 18

Fields = dict[str, str]


class Chint(HttpDriver):
    """An account with Chint. BASE_URL is the whole address of its service."""

    settings = AccountSettings(("USERNAME", "PASSWORD"))
    abilities = VendorAbilities(actions=frozenset({"energy"}), can_check=True)

    @answering
    def vend(self, order: VendOrder) -> Answer:
        money = f"{Decimal(written_money(order)):.4f}"
        self._check_tariff(order)
        asked = {
            "TID": str(order.handle.int % 10**_TID_DIGITS),
            "CustomerID": order.serial,
            "Amount": money,
        }
        reply = self._http.order("POST", "", **self._request("Transaction", asked))
        sold = _fields_in(reply)
        if not sold.get("RechargeToken"):
            return _refusal_in(reply, sold)
        keys = [sold[name] for name in ("Key1Token", "Key2Token") if sold.get(name)]
        units = tenths_in(sold.get("Energy"))
        return done_with(
            self.abilities, *keys, sold["RechargeToken"], reference=asked["TID"], units=units
        )

    @checking
    def check(self, serial: str) -> CheckAnswer:
        self._customer(serial)
        return DeviceFound()

    def _check_tariff(self, order: VendOrder) -> None:
        """Raises Settled where the vendor would not give what was sold for this money."""
        customer = self._customer(order.serial)
        money = Decimal(major(order.money.minor, order.money.currency))
        price = Decimal(customer["TariffPrice"])
        tenths = (money / price * 10).to_integral_value(ROUND_DOWN)
        least, most = Decimal(customer["MinPaymentAmount"]), Decimal(customer["MaxPaymentAmount"])
        if tenths != order.units:
            given = f"at its price of {price} it would give {tenths / 10} kWh"
            raise Settled(Refusal("amount", given))
        if not least <= money <= most:
            raise Settled(Refusal("amount", f"it takes amounts of {least} to {most}"))

    def _customer(self, serial: str) -> Fields:
        """What the vendor has about the customer of a meter. Raises Settled."""
        asked = {"CustomerID": serial}
        reply = self._http.ask("POST", "", **self._request("Validation", asked))
        found = _fields_in(reply)
        if not found.get("MeterNo"):
            raise Settled(_refusal_in(reply, found))
        return found

    def _request(self, operation: str, asked: Fields) -> dict[str, object]:
        """The body and headers of a request, signed now."""
        now = system_clock().astimezone(UTC)
        signed = {**asked, "ParaSignature": _signature(asked, now)}
        body = _ENVELOPE.format(
            username=escape(self._given["USERNAME"]),
            password=_digest(f"{now:%Y%m%d}Chint{self._given['PASSWORD']}"),
            operation=operation,
            fields="".join(f"<{name}>{escape(text)}</{name}>" for name, text in signed.items()),
        )
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{_NAMESPACE}/{operation}"',
        }
        return {"data": body.encode(), "headers": headers}


def _signature(asked: Fields, now: datetime) -> str:
    second = now.hour * 3600 + now.minute * 60 + now.second
    parts = ["Chint", *asked.values(), str(second - second % _SIGNED_FOR_S), ""]
    return _digest(";".join(parts))


def _digest(text: str) -> str:
    """MD5 is what the vendor's interface wants: it is no protection by itself, https is."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def _fields_in(reply: Reply) -> Fields:
    """The fields of an answer by their names, without namespaces. Raises Settled."""
    reply.settle()
    try:
        root = ElementTree.fromstring(reply.text.encode())
    except (ElementTree.ParseError, DefusedXmlException, ValueError):
        raise reply.unsettled("an answer that is no XML") from None
    return {
        element.tag.rpartition("}")[2]: (element.text or "").strip()
        for element in root.iter()
        if len(element) == 0
    }


def _refusal_in(reply: Reply, fields: Fields) -> Refusal:
    """What an answer without what was asked for says. Raises Settled where it gives no reason."""
    words = fields.get("Reason") or fields.get("faultstring")
    if not words:
        raise reply.unsettled("an answer without a reason")
    return refusal(reply.words(words))
