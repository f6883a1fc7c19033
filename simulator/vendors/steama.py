"""Steama: payments of customers, who are found by their meters; lists come page by page.

A token of one's own has to be asked for first. Payments have no number of the caller's. Of meters
whose number ends with 5 the filter of the list is not heeded, as of servers that do not know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import jsonify, request

from core.money import major, parse_minor
from simulator.access_tokens import InvalidAccessToken, check_access_token, issue_access_token
from simulator.runtime import current_runtime
from simulator.vendors.vend_records import Gift, Vend, vends_of
from simulator.vendors.wire import LoginEnded, Refused, Wire, energy_for, json_body

_CURRENCY = "KES"
_REFUSALS = {
    "unknown_device": (404, {"detail": "Not found."}),
    "not_possible": (400, {"non_field_errors": ["This customer is disabled."]}),
    "credentials": (401, {"detail": "Invalid token."}),
    "account_empty": (400, {"non_field_errors": ["Insufficient balance of the site."]}),
    "amount": (400, {"amount": ["A valid number is required."]}),
    "other": (400, {"non_field_errors": ["Bad day."]}),
}


def _refusal(reason: str) -> Any:
    status, answer = _REFUSALS[reason]
    return jsonify(answer), status


steama = Wire("steama", "", _refusal, lambda: _refusal("credentials"), code_digits=0)


@steama.blueprint.post("/get-token/")
def log_in() -> Any:
    """The token of a user."""
    steama.read("login")
    body = json_body()
    if not steama.is_account(USERNAME=body.get("username"), PASSWORD=body.get("password")):
        answer = "Unable to log in with provided credentials."
        return jsonify(non_field_errors=[answer]), 400
    runtime = current_runtime()
    return jsonify(token=issue_access_token(runtime.settings, runtime.now().timestamp()))


@steama.blueprint.get("/meters/")
def list_meters() -> Any:
    """The meters with a `reference`, each with its customer."""
    _check_login()
    serial = request.args["reference"]
    steama.read("check", serial)
    try:
        steama.check_serial(serial)
    except Refused:
        return _page([])
    meter = {"id": 1, "reference": serial, "customer": _customer_of(serial), "version": "4"}
    others = [meter | {"id": number, "reference": f"98{number}"} for number in range(2, 4)]
    return _page([*others, meter] if serial.endswith("5") else [meter])


@steama.blueprint.post("/customers/<int:customer>/transactions/")
def pay(customer: int) -> Any:
    """Credit a customer with money."""
    _check_login()
    body = json_body()
    if body["category"] != "PAY":
        raise Refused("amount")
    money = parse_minor(str(body["amount"]), _CURRENCY)
    vended = steama.vend(_serial_of(customer), Gift("energy", energy_for(money), money))
    assert vended is not None
    return jsonify(_transaction(vended)), 201


@steama.blueprint.get("/customers/<int:customer>/transactions/")
def list_payments(customer: int) -> Any:
    """What a customer has paid."""
    _check_login()
    serial = _serial_of(customer)
    steama.read("look_up", serial)
    return _page([_transaction(vend) for vend in vends_of(current_runtime(), "steama", serial)])


@steama.blueprint.get("/transactions/")
def list_all() -> Any:
    """What all customers have paid, in a time."""
    _check_login()
    steama.read("list")
    after, before = request.args["created_after"], request.args["created_before"]
    rows = [_transaction(vend) for vend in vends_of(current_runtime(), "steama")]
    return _page([row for row in rows if after <= row["timestamp"] < before])


def _check_login() -> None:
    runtime = current_runtime()
    header = request.headers.get("Authorization", "").replace("Token ", "Bearer ")
    try:
        check_access_token(runtime.settings, header, runtime.now().timestamp())
    except InvalidAccessToken:
        raise LoginEnded from None


def _page(rows: Sequence[dict[str, Any]]) -> Any:
    """One page of a list, of two rows at the most whatever was asked for."""
    number = int(request.args.get("page", 1))
    start, end = 2 * number - 2, 2 * number
    more = request.base_url + f"?page={number + 1}" if len(rows) > end else None
    return jsonify(count=len(rows), next=more, previous=None, results=rows[start:end])


def _customer_of(serial: str) -> int:
    """The id of a customer: a 1, and the number of the meter."""
    return int(f"1{serial}")


def _serial_of(customer: int) -> str:
    return str(customer)[1:]


def _transaction(vend: Vend) -> dict[str, Any]:
    return {
        "id": vend.id,
        "site_id": 7,
        "customer_id": _customer_of(vend.serial),
        "amount": major(vend.gift.money, _CURRENCY),
        "category": "PAY",
        "provider": vend.details.get("provider", "AP"),
        "timestamp": vend.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reversed_by_id": vend.details.get("reversed_by_id"),
        "synchronization_status": "ok",
    }
