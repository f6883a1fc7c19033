"""Gome Long, the newer server: everything is in the address, the password too.

Success is a Code of 200 or of 0: here 0 for the meters whose number ends with 0, so that both are
met. Tokens come in groups of four.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from core.vend import VendAction
from simulator.vendors.energy import tenths_of
from simulator.vendors.gomelong import REASONS
from simulator.vendors.vend_records import Gift, Vend
from simulator.vendors.wire import Refused, Wire


def _refusal(reason: str) -> Any:
    return jsonify(Code=400, Message=REASONS[reason], Data=None)


gomelong_sts = Wire("gomelong_sts", "", _refusal)


def _meter() -> str:
    asked = request.args
    if not gomelong_sts.is_account(USERNAME=asked.get("UserId"), PASSWORD=asked.get("Password")):
        raise Refused("credentials")
    if asked["MeterType"] != "1" or len(asked["MeterCode"]) > 13:
        raise Refused("unknown_device")
    return asked["MeterCode"]


@gomelong_sts.blueprint.get("/api/Power/GetVendingToken")
def vend() -> Any:
    """A token for so many kilowatt-hours (VendingType 1)."""
    serial = _meter()
    if request.args["VendingType"] != "1":
        raise Refused("amount")
    quantity = request.args["AmountOrQuantity"]
    vended = gomelong_sts.vend(serial, Gift("energy", tenths_of(quantity)))
    return _success(vended, VendingQuantity=float(quantity), Tarrif="Domestic", ServiceCharge=0)


@gomelong_sts.blueprint.get("/api/Power/GetClearCreditToken")
def clear_credit() -> Any:
    """A token that takes the credit away."""
    return _clear("clear_credit")


@gomelong_sts.blueprint.get("/api/Power/GetClearTamperSignToken")
def clear_tamper() -> Any:
    """A token that ends the state of tamper."""
    return _clear("clear_tamper")


@gomelong_sts.blueprint.get("/api/Power/GetContractInfo")
def contract_info() -> Any:
    """Who has the meter, whose number comes with zeros before it."""
    serial = _meter()
    gomelong_sts.read("check", serial)
    gomelong_sts.check_serial(serial)
    data = {"MeterCode": f"{serial:0>13}", "StreetAddress": "A street", "CityTown": "Kibwezi"}
    return jsonify(Code=200, Message="search successful", Data=data)


def _clear(action: VendAction) -> Any:
    return _success(gomelong_sts.vend(_meter(), Gift(action)))


def _success(vended: Vend | None, **data: object) -> Any:
    assert vended is not None
    code = 0 if vended.serial.endswith("0") else 200
    sold = {"MeterCode": f"{vended.serial:0>13}", "Token": vended.code} | data
    return jsonify(Code=code, Message="success", Data=sold)
