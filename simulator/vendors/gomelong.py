"""Gome Long, the older server: a form in, JSON out. A ReturnCode of 0 is a failure."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from simulator.vendors.energy import tenths_of
from simulator.vendors.vend_records import Gift
from simulator.vendors.wire import Refused, Wire

REASONS = {
    "unknown_device": "Meter not found",
    "not_possible": "Meter is locked",
    "credentials": "The user or the password is wrong",
    "account_empty": "No money in the account: please top up",
    "amount": "Amount is invalid",
    "other": "Failure",
}


def _refusal(reason: str) -> Any:
    return jsonify(ReturnCode=0, ReturnMessage=REASONS[reason], Data=None)


gomelong = Wire("gomelong", "/api", _refusal)


@gomelong.blueprint.post("/EKPower")
def vend() -> Any:
    """A token for `amt` kilowatt-hours."""
    form = request.form
    if not gomelong.is_account(USERNAME=form.get("U"), PASSWORD=form.get("K")):
        raise Refused("credentials")
    vended = gomelong.vend(form["meter"], Gift("energy", tenths_of(form["amt"])))
    assert vended is not None
    return jsonify(ReturnCode=1, ReturnMessage="Success", Data={"Token": vended.code})
