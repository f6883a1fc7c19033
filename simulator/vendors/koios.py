"""Koios: payments by customer code, found again by `external_id`, and yesterday's data by page.

A second payment with one `external_id` is refused. Errors come in a list, or as `detail`.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from core.money import major, parse_minor
from simulator.runtime import current_runtime
from simulator.vendors.vend_records import Gift, Vend, vend_with_handle, vends_of
from simulator.vendors.wire import Refused, Wire, energy_for, json_body

_CURRENCY = "KES"
_PAGE = 2
_REFUSALS = {
    "unknown_device": (404, "Customer not found"),
    "not_possible": (422, "The customer is inactive"),
    "amount": (422, "Amount must be positive"),
    "account_empty": (422, "Insufficient balance of the organization"),
    "other": (400, "Bad day"),
    "same_handle": (409, "external_id was used before"),
}


def _refusal(reason: str) -> Any:
    if reason == "credentials":
        return jsonify(detail="Not authenticated"), 401
    status, title = _REFUSALS[reason]
    return jsonify(data=None, errors=[{"title": title, "details": ""}]), status


koios = Wire("koios", "/api/v1", _refusal, code_digits=0, addresses={"DATA_URL": "/v2"})


def _check_caller() -> None:
    key, secret = request.headers.get("X-API-KEY"), request.headers.get("X-API-SECRET")
    if not koios.is_account(API_KEY=key, API_SECRET=secret):
        raise Refused("credentials")


@koios.blueprint.post("/payments")
def pay() -> Any:
    """Credit a customer's meter with money."""
    _check_caller()
    body = json_body()
    money = parse_minor(str(body["amount"]), _CURRENCY)
    gift = Gift("energy", energy_for(money), money)
    vended = koios.vend(body["customer_code"], gift, body["external_id"])
    if vended is None:
        raise Refused("same_handle")
    return jsonify(data=_payment(vended), errors=None), 201


@koios.blueprint.get("/payments")
def find_payment() -> Any:
    """The payment with an `external_id`, or none."""
    _check_caller()
    handle = request.args["external_id"]
    vended = vend_with_handle(current_runtime(), "koios", handle)
    koios.read("look_up", vended.serial if vended else "")
    return jsonify(data=_payment(vended) if vended else None, errors=None)


@koios.blueprint.get("/customers")
def find_customer() -> Any:
    """The customers with a code: one, or none."""
    _check_caller()
    code = request.args["code"]
    koios.read("check", code)
    try:
        koios.check_serial(code)
    except Refused:
        return jsonify(data=[], errors=None)
    return jsonify(data=[{"id": f"C{code}", "code": code, "meters": [{"serial": code}]}])


@koios.blueprint.post("/v2/organizations/<organization>/data/historical")
def historical(organization: str) -> Any:
    """The transactions of a time, oldest first, a page at a time."""
    _check_caller()
    koios.read("list")
    body = json_body()
    dates, start = body["filters"]["date_range"], int(body.get("cursor") or 0)
    within = [
        vend
        for vend in vends_of(current_runtime(), "koios")
        if dates["from"] <= vend.at.isoformat(timespec="seconds") < dates["to"]
    ]
    page = within[start : start + _PAGE]
    more = str(start + _PAGE) if len(within) > start + _PAGE else None
    return jsonify(results=[_row(vend) for vend in page], cursor=more, count=len(page))


def _payment(vend: Vend) -> dict[str, Any]:
    return {
        "id": f"P{vend.id}",
        "external_id": vend.handle,
        "amount": major(vend.gift.money, _CURRENCY),
        "status": "processed",
    }


def _row(vend: Vend) -> dict[str, Any]:
    return {
        "type": "transaction",
        "transaction_id": f"P{vend.id}",
        "external_id": vend.handle,
        "amount": major(vend.gift.money, _CURRENCY),
        "created": vend.at.isoformat(),
        "state": "processed",
        "to": {"customer": {"id": f"C{vend.serial}", "code": vend.serial}},
    }
