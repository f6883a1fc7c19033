"""Stron: the older interface. A login first; a vend is asked for in money.

Answers are text, as JSON writes it. To an ended login it answers with an empty body.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from flask import Response, jsonify

from simulator.runtime import current_runtime
from simulator.vendors.vend_records import Gift
from simulator.vendors.wire import LoginEnded, Refused, Wire, json_body

_REASONS = {
    "unknown_device": "The meter is not registered",
    "not_possible": "The meter is disabled",
    "credentials": "Wrong password",
    "account_empty": "Insufficient balance of the company",
    "amount": "The amount is too small",
}


def _refusal(reason: str) -> Any:
    if reason == "other":
        return jsonify("false")
    return jsonify(Message=_REASONS[reason])


def _login_ended() -> Response:
    return Response("", content_type="application/json")


stron_old = Wire("stron_old", "/api", _refusal, _login_ended)


@stron_old.blueprint.post("/login/")
def log_in() -> Any:
    """The login, as text; the text `false` for a user that it does not know."""
    body = json_body()
    account = [str(body.get(name)) for name in ("Companyname", "Username", "Password")]
    stron_old.read("login")
    if _login_of(account) not in _logins():
        return jsonify("false")
    return jsonify(_login_of(account))


@stron_old.blueprint.post("/vending/")
def vend() -> Any:
    """The token first, then what it gives and what was paid; the price is the caller's."""
    body = json_body()
    if body.get("ApiToken") not in _logins():
        raise LoginEnded
    tenths = Decimal(str(body["Amount"])) / Decimal(body["Price"]) * 10
    if tenths != int(tenths) or body["Rate"] != "1" or body["AmountTmp"] != "KES":
        raise Refused("amount")
    vended = stron_old.vend(body["MeterId"], Gift("energy", int(tenths)))
    assert vended is not None
    return jsonify(f"{vended.code},{tenths / 10},{body['Amount']},{body['Price']}")


def _logins() -> list[str]:
    """Those that count now: one for each account."""
    accounts = current_runtime().settings.vendor_accounts(stron_old.name)
    names = ("COMPANY", "USERNAME", "PASSWORD")
    return [_login_of([account.get(name, "") for name in names]) for account in accounts]


def _login_of(account: list[str]) -> str:
    return hashlib.sha256("/".join(account).encode()).hexdigest()
