"""Stron: the newer interface. Every request carries the credentials; answers are lists of one.

It says no with an empty list, or with an object that has a ResultCode and a Reason.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Response, jsonify

from core.vend import VendAction
from simulator.vendors.vend_records import Gift
from simulator.vendors.wire import PRICE_MINOR, Refused, Wire, json_body

_REASONS = {
    "unknown_device": "The meter does not exist",
    "not_possible": "The meter is disabled",
    "credentials": "Username or password is wrong",
    "account_empty": "Insufficient balance of the company",
    "amount": "The amount is too small",
}


def _refusal(reason: str) -> Any:
    if reason == "other":
        return jsonify([])
    return jsonify(ResultCode=1, Result="", Reason=_REASONS[reason])


stron = Wire("stron", "/api", _refusal)


def _asked() -> dict[str, Any]:
    body = json_body()
    shown = {"COMPANY": "CompanyName", "USERNAME": "UserName", "PASSWORD": "PassWord"}
    if not stron.is_account(**{setting: body.get(name) for setting, name in shown.items()}):
        raise Refused("credentials")
    return body


@stron.blueprint.post("/VendingMeter")
def vend() -> Any:
    """The token, with what it gives and costs. `Amount` is kWh where `is_vend_by_unit`."""
    body = _asked()
    if body["is_vend_by_unit"] != "true" or type(body["Amount"]) not in (int, float):
        raise Refused("amount")
    kwh = Decimal(str(body["Amount"]))
    vended = stron.vend(body["MeterID"], Gift("energy", int(kwh * 10)))
    assert vended is not None
    sold = {"Meter_id": vended.serial, "Token": vended.code, "Total_unit": float(kwh)}
    return jsonify([sold | {"Total_paid": float(kwh * PRICE_MINOR / 100), "Unit": "kWh"}])


@stron.blueprint.post("/QueryMeterInfo")
def query_meter_info() -> Any:
    """What is known of a meter; an empty list where there is none."""
    serial = str(_asked()["MeterId"])
    stron.read("check", serial)
    try:
        stron.check_serial(serial)
    except Refused:
        return jsonify([])
    return jsonify(
        [{"Meter_id": serial, "Meter_type": "Single phase", "Customer_id": f"C{serial}"}]
    )


@stron.blueprint.post("/ClearCredit")
def clear_credit() -> Any:
    """Text: the token, then what it is for."""
    return _clear("clear_credit", "Clear credit")


@stron.blueprint.post("/ClearTamper")
def clear_tamper() -> Any:
    """Text: the token, then what it is for."""
    return _clear("clear_tamper", "Clear tamper")


def _clear(action: VendAction, what_for: str) -> Response:
    body = _asked()
    serial = body["METER_ID"]
    if body["CustomerId"] != f"C{serial}":
        raise Refused("unknown_device")
    vended = stron.vend(serial, Gift(action))
    assert vended is not None
    return jsonify(f"{vended.code},{what_for},{serial}")
