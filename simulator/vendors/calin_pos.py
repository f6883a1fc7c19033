"""Calin's POS and AMI server. The credentials are in the body, and refusals are HTTP 200.

Requests to meters over the air (`COMM_...`) spell the same fields in another way. A token that
reached its meter is typed there.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from core.tokens.family import DeviceSecret
from core.vend import VendAction
from simulator.devices.store import enter_device_token
from simulator.runtime import current_runtime
from simulator.vendors.calin import REASONS, refusal
from simulator.vendors.energy import tenths_of
from simulator.vendors.vend_records import Gift
from simulator.vendors.wire import Refused, Wire, json_body


def _refusal(reason: str) -> Any:
    if "/COMM_" in request.path:
        return jsonify(ResultCode="99", Reason=REASONS[reason], Result=None)
    return refusal(reason)


calin_pos = Wire("calin_pos", "/api", _refusal)


def _asked(role: str = "") -> dict[str, Any]:
    body = json_body()
    shown = {f"{role}USERNAME": body.get("user_name"), f"{role}PASSWORD": body.get("password")}
    if not calin_pos.is_account(COMPANY=body.get("company_name"), **shown):
        raise Refused("credentials")
    return body


@calin_pos.blueprint.post("/POS_Purchase/")
def purchase() -> Any:
    """A token for so many kilowatt-hours, in an object that tells of the sale."""
    body = _asked()
    if not calin_pos.is_account(VENDING_PASSWORD=body.get("password_vend")):
        raise Refused("credentials")
    if body["is_vend_by_unit"] is not True:
        raise Refused("amount")
    vended = calin_pos.vend(body["meter_number"], Gift("energy", tenths_of(body["amount"])))
    assert vended is not None
    return jsonify(
        result_code=0,
        reason="OK",
        result=_sale(vended.serial) | {"token": vended.code, "total_unit": body["amount"]},
    )


@calin_pos.blueprint.post("/POS_Preview/")
def preview() -> Any:
    """What a purchase would be. Of a meter that is not there the customer is empty."""
    serial = str(_asked()["meter_number"])
    calin_pos.read("check", serial)
    try:
        calin_pos.check_serial(serial)
        sale = _sale(serial)
    except Refused:
        sale = dict.fromkeys(_sale(serial), "")
    return jsonify(result_code=0, reason="OK", result=sale)


def _sale(serial: str) -> dict[str, Any]:
    customer = {"customer_number": f"C{serial}", "customer_name": "A customer"}
    return customer | {"customer_addr": "Kibwezi", "meter_number": serial, "unit": "kWh"}


@calin_pos.blueprint.post("/Maintenance_ClearCredit/")
def clear_credit() -> Any:
    """A token, as the result itself."""
    return _clear("clear_credit")


@calin_pos.blueprint.post("/Maintenance_ClearTamper/")
def clear_tamper() -> Any:
    """A token, as the result itself."""
    return _clear("clear_tamper")


def _clear(action: VendAction) -> Any:
    vended = calin_pos.vend(_asked("MAINTENANCE_")["meter_number"], Gift(action))
    assert vended is not None
    return jsonify(result_code=0, reason="OK", result=vended.code)


@calin_pos.blueprint.post("/COMM_RemoteToken")
def remote_token() -> Any:
    """Reach the meter and type the token there; answers with the number of the task."""
    body = json_body()
    shown = {"REMOTE_USERNAME": body.get("UserName"), "REMOTE_PASSWORD": body.get("Password")}
    if not calin_pos.is_account(COMPANY=body.get("CompanyName"), **shown):
        raise Refused("credentials")
    serial = str(body["MeterNo"])
    calin_pos.read("deliver", serial)
    calin_pos.check_serial(serial)
    meter = ("meter", DeviceSecret(serial, calin_pos.name), 0)
    enter_device_token(current_runtime(), lambda _: meter, serial, str(body["Token"]))
    return jsonify(ResultCode="00", Reason="OK", Result={"TaskNo": f"T{serial}"})
