"""Angaza: a unit is told until when it is paid, and the answer holds its newest code.

The same date again is no new code. An error is an object with a `context` that has the reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import jsonify, request

from simulator.runtime import current_runtime
from simulator.vendors.vend_records import Gift, Vend, vends_of
from simulator.vendors.wire import Refused, Wire, json_body

_UNLOCKED = "UNLOCKED"
_DAY_S = 86_400
_REFUSALS = {
    "unknown_device": (404, "Unit not found"),
    "not_possible": (422, "Unit is disabled"),
    "amount": (422, "The amount of credit is out of range"),
    "account_empty": (402, "Insufficient balance"),
    "credentials": (401, "Unauthorized"),
    "other": (400, "Bad day"),
}


def _refusal(reason: str) -> Any:
    status, words = _REFUSALS[reason]
    return jsonify(type="error", context={"reason": words}), status


angaza = Wire("angaza", "/nexus/v1", _refusal, code_digits=15)


def _check_caller() -> None:
    shown = request.authorization
    name, secret = (shown.username, shown.password) if shown else ("", "")
    if not angaza.is_account(CLIENT_ID=name, CLIENT_SECRET=secret):
        raise Refused("credentials")


@angaza.blueprint.get("/unit_credit/<serial>")
def read_unit(serial: str) -> Any:
    """What is in force; a unit that was never credited has no date."""
    _check_caller()
    angaza.read("check", serial)
    angaza.check_serial(serial)
    return jsonify(_unit(serial, _vends(serial)))


@angaza.blueprint.put("/unit_credit")
def credit_unit() -> Any:
    """Pay a unit until a date, or unlock it: `state.desired.credit_until_dt`."""
    _check_caller()
    body = json_body()
    serial, until = str(body["unit_number"]), str(body["state"]["desired"]["credit_until_dt"])
    newest = next(reversed(_vends(serial)), None)
    if newest and newest.details["until"] == until:
        angaza.vend(serial, newest.gift, newest.handle, newest.details)
    else:
        angaza.vend(serial, _gift(newest, until), uuid4().hex, {"until": until})
    return jsonify(_unit(serial, _vends(serial)))


def _vends(serial: str) -> list[Vend]:
    return vends_of(current_runtime(), "angaza", serial)


def _gift(newest: Vend | None, until: str) -> Gift:
    """What leads from the date in force to that one. A date that has passed locks the unit."""
    if until == _UNLOCKED:
        return Gift("unlock")
    now, end = current_runtime().now(), datetime.fromisoformat(until)
    if end <= now:
        return Gift("lock")
    before = newest.details["until"] if newest else _UNLOCKED
    start = now if before == _UNLOCKED else max(now, datetime.fromisoformat(before))
    return Gift("days", round((end - start).total_seconds() / _DAY_S))


def _unit(serial: str, vends: list[Vend]) -> dict[str, Any]:
    newest = vends[-1] if vends else None
    unit: dict[str, Any] = {
        "unit_number": serial,
        "state": {"desired": {"credit_until_dt": newest.details["until"] if newest else None}},
    }
    if newest:
        unit["_embedded"] = {"latest_keycode": {"keycode": newest.code}}
    return unit
