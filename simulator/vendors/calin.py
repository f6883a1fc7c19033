"""Calin, version 1. The credentials are in the body, and refusals are HTTP 200."""

from __future__ import annotations

from typing import Any

from flask import jsonify

from simulator.vendors.energy import tenths_of
from simulator.vendors.vend_records import Gift
from simulator.vendors.wire import Refused, Wire, json_body

_ENERGY = "CreditToken"
REASONS = {
    "unknown_device": "Meter does not exist",
    "not_possible": "Meter is disabled",
    "credentials": "User name or password error",
    "account_empty": "Insufficient balance",
    "amount": "Amount is too large",
    "other": "System error",
}


def refusal(reason: str) -> Any:
    """Both versions refuse like this: the number is always the same."""
    return jsonify(result_code=1, reason=REASONS[reason], result="")


calin = Wire("calin", "/api", refusal)


@calin.blueprint.post("/tokennew")
def token_new() -> Any:
    """A token for so many kilowatt-hours, with one decimal at the most."""
    body = json_body()
    if not calin.is_account(USERNAME=body.get("user_id"), PASSWORD=body.get("password")):
        raise Refused("credentials")
    if body["token_type"] != _ENERGY:
        raise Refused("not_possible")
    vended = calin.vend(body["meter_id"], Gift("energy", tenths_of(body["amount"])))
    assert vended is not None
    return jsonify(result_code=0, reason="OK", result=vended.code)
