"""Chint: a SOAP service. Who calls is told by signatures of the day and of the minute.

A meter whose number ends with 7 gets a new key: two more tokens, to be typed first. Here they are
tokens that clear a tamper, which a virtual meter takes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from xml.sax.saxutils import escape

from defusedxml import ElementTree
from flask import Response, request

from core.money import parse_minor
from simulator.runtime import current_runtime
from simulator.vendors.codes import VendedCode, write_code
from simulator.vendors.vend_records import Gift
from simulator.vendors.wire import PRICE_MINOR, Refused, Wire, energy_for

_NAMESPACE = "http://jianpanbiaoEnglish/PrepaidWebService"
_REASONS = {
    "unknown_device": "The customer does not exist",
    "not_possible": "The meter is disabled",
    "credentials": "User name or password error",
    "account_empty": "Insufficient balance of the vendor",
    "amount": "The amount is too small",
    "other": "System error",
}


def _refusal(reason: str) -> Response:
    return _answer({"Result": "1", "Reason": _REASONS[reason]})


chint = Wire("chint", "/PrepaidWebService.asmx", _refusal)


@chint.blueprint.post("")
def serve() -> Response:
    """Every operation has the same address."""
    asked = _fields(request.get_data())
    operation = request.headers["SOAPAction"].strip('"').rpartition("/")[2]
    signed = {"Validation": ("CustomerID",), "Transaction": ("TID", "CustomerID", "Amount")}
    _check_signatures(asked, [asked[name] for name in signed[operation]])
    if operation == "Validation":
        return _validate(asked["CustomerID"])
    return _sell(asked["CustomerID"], asked["Amount"])


def _validate(serial: str) -> Response:
    chint.read("check", serial)
    chint.check_serial(serial)
    tariff = {"TariffPrice": str(Decimal(PRICE_MINOR) / 100), "MinPaymentAmount": "1"}
    customer = {"CustomerName": "A customer", "MeterNo": serial, "MaxPaymentAmount": "100000"}
    return _answer({"Result": "0", "Reason": ""} | customer | tariff)


def _sell(serial: str, amount: str) -> Response:
    if amount != f"{Decimal(amount):.4f}":
        raise Refused("amount")
    money = parse_minor(f"{Decimal(amount):.2f}", "KES")
    vended = chint.vend(serial, Gift("energy", energy_for(money), money))
    assert vended is not None
    sold = {"RechargeToken": vended.code, "Energy": str(Decimal(vended.gift.units) / 10)}
    return _answer({"Result": "0", "Reason": ""} | sold | _new_key(serial, vended.id))


def _new_key(serial: str, number: int) -> dict[str, str]:
    """Empty where the meter keeps its key."""
    codes = (VendedCode("clear_tamper", 5000 + 2 * number % 4000 + part, 0) for part in (0, 1))
    written = [write_code(serial, code) if serial.endswith("7") else "" for code in codes]
    return dict(zip(("Key1Token", "Key2Token"), written, strict=True))


def _check_signatures(asked: Mapping[str, str], signed: list[str]) -> None:
    now = current_runtime().now().astimezone(UTC)
    second = now.hour * 3600 + now.minute * 60 + now.second
    parts = ["Chint", *signed, str(second // 40 * 40), ""]
    if asked["ParaSignature"] != _digest(";".join(parts)):
        raise Refused("credentials")
    for account in current_runtime().settings.vendor_accounts(chint.name):
        password = _digest(f"{now:%Y%m%d}Chint{account['PASSWORD']}")
        if (asked["UserName"], asked["PassWord"]) == (account["USERNAME"], password):
            return
    raise Refused("credentials")


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def _fields(body: bytes) -> dict[str, str]:
    root = ElementTree.fromstring(body)
    return {element.tag.rpartition("}")[2]: element.text or "" for element in root.iter()}


def _answer(fields: Mapping[str, str]) -> Response:
    operation = request.headers["SOAPAction"].strip('"').rpartition("/")[2]
    written = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields.items())
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{written}'
        f"</{operation}Result></{operation}Response></soap:Body></soap:Envelope>"
    )
    return Response(body, content_type="text/xml; charset=utf-8")
