"""Sun King: OAuth2 client credentials, one address for codes, and one for what a device is."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from simulator.access_tokens import InvalidAccessToken, check_access_token, issue_access_token
from simulator.runtime import current_runtime
from simulator.vendors.vend_records import Gift
from simulator.vendors.wire import LoginEnded, Refused, Wire, json_body

_REFUSALS = {
    "unknown_device": (404, "Device not found"),
    "not_possible": (422, "Device is already unlocked"),
    "amount": (422, "payload must be above 0"),
    "account_empty": (402, "Insufficient balance"),
    "credentials": (403, "Forbidden"),
    "other": (400, "Bad day"),
}


def _refusal(reason: str) -> Any:
    status, message = _REFUSALS[reason]
    return jsonify(message=message), status


def _login_ended() -> Any:
    return jsonify(message="Unauthorized"), 401


sunking = Wire("sunking", "/api", _refusal, _login_ended, 15, {"AUTH_URL": "/oauth/token"})


@sunking.blueprint.post("/oauth/token")
def log_in() -> Any:
    """An access token for an hour."""
    sunking.read("login")
    form = request.form
    shown = {"CLIENT_ID": form.get("client_id"), "CLIENT_SECRET": form.get("client_secret")}
    if form.get("scope") != "roles" or not sunking.is_account(**shown):
        return jsonify(error="invalid_client"), 401
    runtime = current_runtime()
    token = issue_access_token(runtime.settings, runtime.now().timestamp())
    return jsonify({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})


def _check_login() -> None:
    runtime, header = current_runtime(), request.headers.get("Authorization", "")
    try:
        check_access_token(runtime.settings, header, runtime.now().timestamp())
    except InvalidAccessToken:
        raise LoginEnded from None


@sunking.blueprint.post("/token")
def vend() -> Any:
    """A code for days, or for good."""
    _check_login()
    body = json_body()
    if body.get("command") == "unlock":
        gift = Gift("unlock")
    elif type(body.get("payload")) is int and body.get("time_unit") == "day":
        gift = Gift("days", body["payload"])
    else:
        raise Refused("amount")
    vended = sunking.vend(str(body.get("device")), gift)
    assert vended is not None
    return jsonify(device=vended.serial, token=vended.code, command=body["command"])


@sunking.blueprint.get("/device_details/<serial>")
def device_details(serial: str) -> Any:
    """What a device is; 404 where there is none."""
    _check_login()
    sunking.read("check", serial)
    sunking.check_serial(serial)
    return jsonify(serial=serial, product="Home 60", status="active")
