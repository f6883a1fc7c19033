"""ThunderCloud: a site's server, with ids of its own for customers.

A second transaction with one `external_id` is refused. Every answer has an `error`, null or not.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from core.money import parse_minor
from simulator.runtime import current_runtime
from simulator.vendors.vend_records import Gift, vends_of
from simulator.vendors.wire import Refused, Wire, energy_for

_REFUSALS = {
    "unknown_device": (404, "no such customer"),
    "not_possible": (400, "customer is inactive"),
    "amount": (400, "amount must be positive"),
    "account_empty": (400, "insufficient balance"),
    "credentials": (401, "unauthorized"),
    "other": (400, "bad day"),
    "same_handle": (409, "external_id conflict"),
}


def _refusal(reason: str) -> Any:
    status, error = _REFUSALS[reason]
    return jsonify(error=error, status="failure"), status


sparkmeter = Wire("sparkmeter", "/api/v0", _refusal, code_digits=0)


def _check_caller() -> None:
    if not sparkmeter.is_account(API_TOKEN=request.headers.get("Authentication-Token")):
        raise Refused("credentials")


@sparkmeter.blueprint.get("/customer/<code>")
def find_customer(code: str) -> Any:
    """The customer with a code, in a list of one."""
    _check_caller()
    sparkmeter.read("check", code)
    sparkmeter.check_serial(code)
    customer = {"id": f"id-of-{code}", "code": code, "meters": [{"serial": code}]}
    return jsonify(error=None, status="success", customers=[customer])


@sparkmeter.blueprint.post("/transaction/")
def credit() -> Any:
    """Credit a customer with money."""
    _check_caller()
    form = request.form
    money = parse_minor(form["amount"], "KES")
    serial = form["customer_id"].removeprefix("id-of-")
    vended = sparkmeter.vend(serial, Gift("energy", energy_for(money), money), form["external_id"])
    if vended is None:
        raise Refused("same_handle")
    return jsonify(error=None, status="success", transaction_id=f"T{vended.id}"), 201


@sparkmeter.blueprint.get("/transaction/<transaction_id>")
def transaction(transaction_id: str) -> Any:
    """How a transaction stands."""
    _check_caller()
    known = {f"T{vend.id}": vend for vend in vends_of(current_runtime(), "sparkmeter")}
    vended = known.get(transaction_id)
    sparkmeter.read("look_up", vended.serial if vended else "")
    if vended is None:
        raise Refused("unknown_device")
    about = {"id": transaction_id, "status": "processed", "external_id": vended.handle}
    return jsonify(error=None, status="success", transaction=about)
